"""What a report shows, who gets it when, and why a file of it is taken."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.exporting import ExportForm
from core.forms import DAY, choose_from
from insights.enums import ReportDimension, ReportPeriod, ReportSchedule, UnitKind
from insights.models import Report
from insights.queries.definitions import label_of
from insights.queries.reports import units_in_sight
from insights.rules.measures import MEASURES
from insights.rules.reports import MOST_UNITS, Definition
from staff.access import HEADS, has_role, scope_of
from staff.enums import Reach
from staff.models import User
from tiers.queries import bands_for_display, tier_name

CHARTS: Final = [
    ("", _("No chart")),
    ("line", _("Line chart")),
    ("bar", _("Bar chart")),
    ("stacked", _("Stacked bars")),
]
ORDERS: Final = [("", _("As listed")), ("high", _("Highest first")), ("low", _("Lowest first"))]
WEEKDAYS: Final = [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday")]
ROWS: Final = [choice for choice in ReportDimension.choices if choice[0] != ReportDimension.MEASURE]


def kinds_for(user: User) -> list[tuple[str, str]]:
    """The kinds of units somebody can have figures of."""
    if not has_role(user, *HEADS):
        kinds = [UnitKind.PERSON, UnitKind.TEAM]
    else:
        kinds = [kind for kind in UnitKind if kind != UnitKind.BANK or scope_of(user).reach == Reach.BANK]
    return [(kind.value, str(kind.label)) for kind in kinds]


class ReportForm(forms.Form):
    """A report: measures by rows and columns, of which units and days. `definition` is what was chosen."""

    name = forms.CharField(label=_("Name of the report"), max_length=80)
    measures = forms.MultipleChoiceField(label=_("Measures"), widget=forms.CheckboxSelectMultiple)
    rows = forms.ChoiceField(label=_("Down the rows"), choices=ReportDimension.choices)
    columns = forms.ChoiceField(label=_("Across the columns"), choices=ReportDimension.choices)
    unit_kind = forms.ChoiceField(label=_("Figures of"))
    units = forms.TypedMultipleChoiceField(
        label=_("Only these"),
        coerce=int,
        required=False,
        widget=forms.SelectMultiple({"size": 6}),
        help_text=_("None chosen: all in your sight. With Ctrl several can be chosen."),
    )
    tiers = forms.TypedMultipleChoiceField(
        label=_("Only these tiers"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    period = forms.ChoiceField(label=_("Period"), choices=ReportPeriod.choices)
    first = forms.DateField(label=_("From"), required=False, widget=DAY)
    last = forms.DateField(label=_("To"), required=False, widget=DAY)
    order = forms.ChoiceField(label=_("Order of the rows"), choices=ORDERS, required=False)
    chart = forms.ChoiceField(label=_("Chart"), choices=CHARTS, required=False)

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        kind = (data.get("unit_kind") if data is not None else None) or self.initial.get("unit_kind", "")
        bands = bands_for_display(today())
        choose_from(
            self,
            measures=[(code, label_of(code)) for code in MEASURES if code != "satisfaction_squares"],
            unit_kind=kinds_for(user),
            units=list(units_in_sight(user, kind).items())[:MOST_UNITS],
            tiers=[(band.rank, tier_name(band.rank, bands)) for band in bands],
        )

    @property
    def definition(self) -> Definition:
        """What was chosen, once the form is valid."""
        asked = self.cleaned_data
        return Definition(
            measures=tuple(asked["measures"]),
            rows=asked["rows"],
            columns=asked["columns"],
            unit_kind=asked["unit_kind"],
            units=tuple(asked["units"]),
            tiers=tuple(asked["tiers"]),
            period=asked["period"],
            first=asked["first"],
            last=asked["last"],
            chart=asked["chart"],
            order=asked["order"],
        )


class PreviewForm(ReportForm):
    """The same for a look before it has a name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["name"]


class ScheduleForm(forms.Form):
    """When a report is made by itself, and who gets it."""

    schedule = forms.ChoiceField(label=_("How often"), choices=ReportSchedule.choices, required=False)
    weekday = forms.TypedChoiceField(
        label=_("Weekday"),
        choices=list(enumerate(WEEKDAYS, start=1)),
        coerce=int,
        help_text=_("Every week: on this day, or on the next workday when it is a day off."),
    )
    workday = forms.IntegerField(
        label=_("Workday of the month"),
        min_value=1,
        max_value=20,
        help_text=_("Every month: 1 is the first workday."),
    )
    file_format = ExportForm.base_fields["file_format"]
    recipients = forms.CharField(
        label=_("Who gets it"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_(
            "Staff numbers of colleagues of your units, with spaces between. Each gets a file with what they may see "
            "themselves; who moves to another unit or leaves gets none."
        ),
    )

    @classmethod
    def of(cls, report: Report, data: Any = None) -> "ScheduleForm":
        """The form as a report stands."""
        numbers = report.recipients.order_by("user__staff_no").values_list("user__staff_no", flat=True)
        initial = {
            "schedule": report.schedule,
            "weekday": min(report.day, len(WEEKDAYS)),
            "workday": report.day,
            "file_format": report.file_format,
            "recipients": " ".join(numbers),
        }
        return cls(data, initial=initial)

    def clean_recipients(self) -> list[str]:
        """Each number once."""
        return list(dict.fromkeys(self.cleaned_data["recipients"].replace(",", " ").replace("，", " ").split()))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("schedule") and "recipients" in values and not values["recipients"]:
            self.add_error("recipients", _("Say who gets it."))
        return values

    @property
    def day(self) -> int:
        """The weekday or workday that counts."""
        asked = self.cleaned_data
        return int(asked["weekday"] if asked["schedule"] == ReportSchedule.WEEKLY else asked["workday"])
