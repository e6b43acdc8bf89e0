"""What people say about a win-back, and the editor of its rules."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.enums import WinBackCause
from campaigns.models import Offer, WinBack
from campaigns.queries.win_back import KIND
from campaigns.rules.win_back import AGAIN_DAYS, BUILT_IN, SCRIPT, read_win_back
from core.forms import VersionForm, choose_from
from core.pages.choices import LongSelect
from staff.models import User
from staff.services.policies import PolicyKind, Text

NOTE = 500
AREA = {"rows": 3}


class WinBackForm(forms.Form):
    """Who works on it, what is offered, and what was found out so far."""

    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=None, widget=LongSelect
    )
    offer = forms.ModelChoiceField(
        label=_("Offer"), queryset=Offer.objects.none(), required=False, empty_label=_("None yet")
    )
    note = forms.CharField(label=_("Note"), max_length=NOTE, required=False, widget=forms.Textarea(AREA))

    def __init__(
        self, data: Any = None, *, row: WinBack, owners: QuerySet[User], offers: QuerySet[Offer], **kwargs: Any
    ) -> None:
        initial = {"owner": row.owner.staff_no, "offer": row.offer_id, "note": row.note}
        super().__init__(data, initial=initial, **kwargs)
        choose_from(self, owner=owners, offer=offers)


class CloseForm(forms.Form):
    """Why the money left; nothing is closed without it."""

    cause = forms.ChoiceField(label=_("Why the money left"), choices=[("", _("Choose a cause")), *WinBackCause.choices])
    note = forms.CharField(label=_("Note"), max_length=NOTE, required=False, widget=forms.Textarea(AREA))


LABELS: Mapping[str, Text] = {
    "again_days": _("Days a customer is not proposed again after an attempt"),
    "script_zh": _("What to say, in Chinese"),
    "script_en": _("What to say, in English"),
}


class WinBackRulesForm(VersionForm):
    """A version of the rules of winning back."""

    again_days = forms.IntegerField(label=LABELS["again_days"], min_value=AGAIN_DAYS[0], max_value=AGAIN_DAYS[1])
    script_zh = forms.CharField(label=LABELS["script_zh"], max_length=SCRIPT, widget=forms.Textarea({"rows": 4}))
    script_en = forms.CharField(label=LABELS["script_en"], max_length=SCRIPT, widget=forms.Textarea({"rows": 4}))
    field_order = tuple(LABELS)

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial = {name: values.get(name) for name in LABELS}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        return {name: self.cleaned_data[name] for name in LABELS}


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    return {name: (label, str(values.get(name, ""))) for name, label in LABELS.items()}


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


WIN_BACK = PolicyKind(
    KIND,
    _("Winning customers back"),
    _("When a customer is proposed again, and what to say."),
    BUILT_IN,
    read_win_back,
    form=WinBackRulesForm,
    parts=_parts,
    summary=_summary,
)
