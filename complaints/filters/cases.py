"""The filters of complaints: for the inbox, the board, the statistics and files alike."""

from collections.abc import Set
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.enums import CaseState, Finding, Grade, Source
from complaints.models import Complaint
from complaints.queries import inbox as queries
from complaints.queries.choices import known
from core.clock import today
from core.forms import DAY
from core.pages import ListFilter
from core.pages.choices import LoadedChoiceFilter
from staff.models import Branch, User
from staff.queries import people_offered
from tiers.queries import bands_for_display, tier_name

NOBODY = "none"
STAGES = [
    ("open", _("To be decided")),
    ("live", _("Not ended")),
    *CaseState.choices,
    ("ended", _("Ended")),
    ("all", _("All")),
]
BANDS = [
    ("overdue", _("Overdue")),
    ("today", _("Today")),
    ("soon", _("Within 3 days")),
    ("week", _("In 4 to 7 days")),
    ("later", _("Later")),
]
TIMINGS = [
    ("on_time", _("Answered in time")),
    ("late", _("Past the statutory deadline")),
    ("running", _("Clock runs")),
    ("none", _("Ended without an answer")),
]
NONE_WORDS = {"product": pgettext_lazy("product", "None"), "cause": _("Not found yet")}


# What is seldom asked for.
RARE = frozenset(
    {"law", "unit", "area", "product", "cause", "source", "tier", "finding", "timing"}
    | {"received_from", "received_to", "closed_from", "closed_to"}
)


def _units(request: Any) -> QuerySet[Branch]:
    return queries.units_seen(request.user) if request else Branch.objects.none()


def _people(request: Any) -> QuerySet[User]:
    return queries.handlers_seen(request.user) if request else User.objects.none()


class CaseFilter(ListFilter):
    """Cases still to be decided unless another state is asked for. Days are both ends included.

    `unit` is the unit complained of, `area` it and those below it, `desk` the unit that decides. `kept` names the
    filters a page has (none = all), `usual` the state it shows without being asked; `rare` stand behind "More filters".
    """

    kept: ClassVar[frozenset[str]] = frozenset()
    usual: ClassVar[str] = "open"
    rare: ClassVar[frozenset[str]] = RARE

    number = django_filters.CharFilter(label=_("Number"), method="numbered", max_length=40)
    state = django_filters.ChoiceFilter(label=_("State"), choices=STAGES, method="as_given", empty_label=None)
    due = django_filters.ChoiceFilter(label=_("Next deadline"), choices=BANDS, method="due_when", empty_label=_("All"))
    law = django_filters.ChoiceFilter(
        label=_("Statutory deadline"), choices=BANDS, method="due_when", empty_label=_("All")
    )
    grade = django_filters.ChoiceFilter(label=_("How serious"), choices=Grade.choices, empty_label=_("All"))
    handler = LoadedChoiceFilter(
        label=_("Handler"),
        queryset=_people,
        to_field_name="staff_no",
        empty_label=_("All"),
        null_label=_("Nobody yet"),
        null_value=NOBODY,
    )
    desk = LoadedChoiceFilter(label=_("Desk"), queryset=_units, to_field_name="code", empty_label=_("All"))
    unit = LoadedChoiceFilter(
        label=_("Unit complained of"),
        field_name="branch",
        queryset=_units,
        to_field_name="code",
        empty_label=_("All"),
    )
    area = LoadedChoiceFilter(
        label=_("Unit with those below"),
        field_name="branch",
        method="in_area",
        queryset=_units,
        to_field_name="code",
        empty_label=_("All"),
    )
    category = django_filters.ChoiceFilter(label=_("Category"), empty_label=_("All"))
    product = django_filters.ChoiceFilter(
        label=_("Product"), empty_label=_("All"), null_label=_("None"), method="coded"
    )
    cause = django_filters.ChoiceFilter(label=_("Root cause"), empty_label=_("All"), method="coded")
    source = django_filters.ChoiceFilter(label=_("Way in"), choices=Source.choices, empty_label=_("All"))
    tier = django_filters.ChoiceFilter(label=_("Tier"), empty_label=_("All"))
    finding = django_filters.ChoiceFilter(
        label=pgettext_lazy("complaint", "Finding"),
        choices=Finding.choices,
        empty_label=_("All"),
        null_label=_("Not decided yet"),
        null_value=NOBODY,
        method="found",
    )
    timing = django_filters.ChoiceFilter(label=_("Law kept"), choices=TIMINGS, method="timed", empty_label=_("All"))
    received_from = django_filters.DateFilter(
        label=_("Received from"), field_name="received_on", lookup_expr="gte", widget=DAY
    )
    received_to = django_filters.DateFilter(
        label=_("Received until"), field_name="received_on", lookup_expr="lte", widget=DAY
    )
    closed_from = django_filters.DateFilter(
        label=_("Ended from"), field_name="closed_on", lookup_expr="gte", widget=DAY
    )
    closed_to = django_filters.DateFilter(label=_("Ended until"), field_name="closed_on", lookup_expr="lte", widget=DAY)

    class Meta:
        model = Complaint
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.filters) - self.kept if self.kept else ():
            del self.filters[name]
        fields: Any = self.form.fields
        _fold(self.form, self.data, self.rare & fields.keys())
        if "state" in fields:
            fields["state"].initial = self.usual
        _offer_codes(fields)
        if self.request is not None:
            _offer_rows(fields, self.data, self.request.user)

    def filter_queryset(self, queryset: QuerySet[Complaint]) -> QuerySet[Complaint]:
        rows: Any = super().filter_queryset(queryset)
        found: QuerySet[Complaint] = rows.filter(queries.stage_is(self.form.cleaned_data.get("state") or self.usual))
        return found

    def as_given(self, rows: QuerySet[Complaint], name: str, value: object) -> QuerySet[Complaint]:
        return rows

    def numbered(self, rows: QuerySet[Complaint], name: str, number: str) -> QuerySet[Complaint]:
        return rows.filter(Q(number__iexact=number.strip()) | Q(source_no=number.strip()))

    def due_when(self, rows: QuerySet[Complaint], name: str, band: str) -> QuerySet[Complaint]:
        return rows.filter(queries.band_is(band, today(), "due_on" if name == "law" else "next_due_on"))

    def in_area(self, rows: QuerySet[Complaint], name: str, top: Branch | None) -> QuerySet[Complaint]:
        if top is None:
            return rows
        # Ids, so that PostgreSQL knows how many rows to expect.
        below = list(Branch.objects.below(top).values_list("pk", flat=True))
        return rows.filter(branch_id__in=below)

    def coded(self, rows: QuerySet[Complaint], name: str, code: str) -> QuerySet[Complaint]:
        return rows.filter(**{name: "" if code == NOBODY else code})

    def found(self, rows: QuerySet[Complaint], name: str, finding: str) -> QuerySet[Complaint]:
        return queries.with_finding(rows).filter(finding=None if finding == NOBODY else finding)

    def timed(self, rows: QuerySet[Complaint], name: str, timing: str) -> QuerySet[Complaint]:
        return rows.filter(queries.timing_is(timing, today()))


def _fold(form: Any, chosen: Any, rare: Set[str]) -> None:
    """Which fields stand behind "More filters", and whether one of them is in use, so that they stand open."""
    form.rare, form.is_rare_used = rare, any((chosen or {}).get(name) for name in rare)


def _offer_codes(fields: Any) -> None:
    """The words of what cases are sorted by, those no longer offered as well."""
    groups = {"category": known("categories"), "product": known("products"), "cause": known("causes")}
    for name, words in {**groups, "tier": tier_choices()}.items():
        if name in fields:
            none = [(NOBODY, label)] if (label := NONE_WORDS.get(name)) else []
            fields[name].choices = [("", _t("All")), *none, *words]


def _offer_rows(fields: Any, chosen: Any, viewer: User) -> None:
    """Units, and the people of the chosen desk; whoever looks is among them."""
    units = list(queries.units_seen(viewer))
    parents = {unit.parent_id for unit in units}
    above = [unit for unit in units if unit.pk in parents]
    for name, offered in {"unit": units, "desk": units, "area": above}.items():
        if name in fields:
            fields[name].offer(offered)
    if not above and "area" in fields:
        fields["area"].widget = forms.HiddenInput()
    if "handler" in fields:
        wanted = [chosen.get(name) or "" for name in ("desk", "handler")]
        people = list(people_offered(queries.handlers_seen(viewer), viewer, *wanted))
        mine = [] if viewer.pk in {person.pk for person in people} else [viewer]
        fields["handler"].offer([*mine, *people])


def tier_choices() -> list[tuple[int, str]]:
    """Ranks and names of the tiers of today, highest first; 0 is no customer."""
    bands = bands_for_display(today())
    named = [(band.rank, tier_name(band.rank, bands)) for band in sorted(bands, key=lambda band: -band.rank)]
    return [*named, (0, _t("None"))]
