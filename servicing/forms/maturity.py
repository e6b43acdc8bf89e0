"""What people type at the maturity desk, and the editor of its rules."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from core.forms import choose_from
from core.money import ZERO
from servicing.enums import MaturityAim, MoneyWent
from servicing.forms.versions import Figure, figures_kind
from servicing.models import Interaction, Maturity
from servicing.queries.maturity import owners_for, talks_for
from servicing.rules.maturity import BUILT_IN, KIND, LIMITS, read_terms
from servicing.services.maturity_plans import Plan, version_of
from staff.models import User

NOTE = forms.Textarea({"rows": 3})
FIGURES = {
    "horizon_days": (_("Days ahead in which a deposit gets its row"), ""),
    "measure_days": (
        _("Days after the maturity at which it is measured"),
        _("“Left” means: no longer here at that day's close."),
    ),
    "rolled_from": (_("Rolled over from this share on, %"), ""),
    "left_up_to": (_("Left up to this share, %"), _("Between the two it counts as partly stayed.")),
    "late_days": (_("Days back that late feeds are measured again"), ""),
}

MATURITY = figures_kind(
    KIND,
    _("Maturity desk"),
    _("How far ahead deposits are planned, when what stayed is measured, and what counts as rolled over."),
    BUILT_IN,
    read_terms,
    [Figure(name, label, *LIMITS[name], help=text) for name, (label, text) in FIGURES.items()],
)


class _People(forms.ModelChoiceField):
    def label_from_instance(self, obj: User) -> str:  # type: ignore[override]  # rows of people only
        return f"{obj.name} · {obj.staff_no}"


class _Talks(forms.ModelChoiceField):
    def label_from_instance(self, obj: Interaction) -> str:  # type: ignore[override]  # rows of contacts only
        return f"{localtime(obj.happened_at):%Y-%m-%d %H:%M} · {obj.author.name}"


class PlanForm(forms.Form):
    """The plan for a deposit; where the money went is asked about what leaves."""

    owner = _People(label=_("Sees to it"), queryset=None, required=False, empty_label=_("The customer's manager"))
    aim = forms.ChoiceField(label=_("Plan"), choices=MaturityAim)
    aim_amount = forms.DecimalField(
        label=_("Amount to stay, yuan"),
        max_digits=18,
        decimal_places=2,
        min_value=Decimal("0.01"),
        required=False,
        help_text=_("Only when part stays and part leaves."),
    )
    talk = _Talks(
        label=_("Talk"),
        queryset=None,
        required=False,
        empty_label=_("None yet"),
        help_text=_("A contact logged from here is linked by itself."),
    )
    went = forms.ChoiceField(
        label=_("Where the money goes, as the customer said"),
        choices=[("", _("Not said")), *MoneyWent.choices],
        required=False,
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False, widget=NOTE)
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=40)

    def __init__(self, data: Any = None, *, maturity: Maturity, viewer: User, **kwargs: Any) -> None:
        named = {name: getattr(maturity, name) for name in ("owner", "aim", "aim_amount", "talk", "went", "note")}
        super().__init__(data, initial={**named, "seen": version_of(maturity)}, **kwargs)
        kept = User.objects.filter(pk=maturity.owner_id) if maturity.owner_id else User.objects.none()
        talks = talks_for(maturity.customer, viewer, maturity.matures_on, also=maturity.talk_id)
        choose_from(self, owner=owners_for(maturity.customer) | kept, talk=talks)

    def clean(self) -> dict[str, Any]:
        """A part that stays has its amount."""
        values = super().clean() or {}
        is_partly = values.get("aim") == MaturityAim.PARTLY
        if is_partly and "aim_amount" not in self.errors and not values.get("aim_amount"):
            self.add_error("aim_amount", _("Write how much shall stay."))
        return values

    def plan(self) -> Plan:
        """What was typed, of a valid form."""
        values = self.cleaned_data
        return Plan(
            owner=values["owner"],
            aim=values["aim"],
            aim_amount=values["aim_amount"] or ZERO,
            note=values["note"],
            went=values["went"],
            talk=values["talk"],
        )
