"""What people type about feedback, and the editor of its rules; nothing here saves."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY, VersionForm, choose_from
from servicing.enums import FeedbackKind, FeedbackSource
from servicing.queries.feedback import KIND, tags_offered
from servicing.rules.feedback import BUILT_IN, DAYS, UNDO_DAYS, read_feedback
from servicing.rules.voice import as_lines, from_lines
from staff.models import User
from staff.services.policies import PolicyKind, Text

WORDS = 1000
# A kiosk and a survey write their own.
WRITTEN_DOWN = [choice for choice in FeedbackSource.choices if choice[0] not in {"kiosk", "survey"}]


class SortForm(forms.Form):
    """How feedback is sorted."""

    kind = forms.ChoiceField(label=_("Kind"), choices=FeedbackKind)
    product_tag = forms.ChoiceField(label=_("Product"), required=False)
    process_tag = forms.ChoiceField(label=_("Process"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, group in (("product_tag", "products"), ("process_tag", "processes")):
            offered = tags_offered(group)
            kept = str(self.initial.get(name) or "")
            if kept and kept not in dict(offered):
                offered = [*offered, (kept, kept)]
            choose_from(self, **{name: [("", _t("None")), *offered]})


class FeedbackForm(SortForm):
    """Feedback as a colleague writes it down."""

    source = forms.ChoiceField(label=_("Where it was said"), choices=WRITTEN_DOWN, initial=FeedbackSource.COUNTER)
    text = forms.CharField(
        label=_("What was said"), max_length=WORDS, widget=forms.Textarea({"rows": 4, "autofocus": True})
    )
    customer_no = forms.CharField(
        label=_("Customer number"),
        max_length=32,
        required=False,
        help_text=_("Empty = said anonymously; then nobody can be told the answer."),
    )
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    field_order = ["text", "kind", "source", "product_tag", "process_tag", "customer_no", "once"]


class AnswerForm(forms.Form):
    """The bank's answer."""

    answer = forms.CharField(
        label=_("Answer"),
        max_length=WORDS,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("What was looked into and what follows; the customer is told this."),
    )


class TellForm(forms.Form):
    """When the customer heard the answer."""

    told_on = forms.DateField(label=_("Customer told on"), widget=DAY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["told_on"].initial = today()


class WhyForm(forms.Form):
    """The reason for closing without telling, or for opening again."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea({"rows": 2}))


class OwnerForm(forms.Form):
    """Who is to answer."""

    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=_("Choose a person")
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, owner=people)


class UndoForm(forms.Form):
    """Nothing to say: the closing was a mistake."""


class FeedbackRulesForm(VersionForm):
    """A version of the rules of feedback: days by kind, and the tags as lines."""

    undo_days = forms.IntegerField(
        label=_("Days in which closing can be taken back"), min_value=UNDO_DAYS[0], max_value=UNDO_DAYS[1]
    )
    products = forms.CharField(
        label=_("Product tags"),
        widget=forms.Textarea({"rows": 8}),
        help_text=_("One a line: code | Chinese | English. Codes in small letters."),
    )
    processes = forms.CharField(
        label=_("Process tags"),
        widget=forms.Textarea({"rows": 8}),
        help_text=_("One a line: code | Chinese | English. Codes in small letters."),
    )

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial: dict[str, Any] = {f"days_{name}": values["days"].get(name) for name in FeedbackKind}
        initial |= {"undo_days": values["undo_days"]}
        initial |= {name: as_lines(values[name]) for name in ("products", "processes")}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        for name in FeedbackKind:
            self.fields[f"days_{name}"] = forms.IntegerField(
                label=_days_label(name), min_value=DAYS[0], max_value=DAYS[1]
            )
        self.order_fields([*(f"days_{name}" for name in FeedbackKind), "undo_days", "products", "processes"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                read_feedback(self.typed_values())
            except ValueError as error:
                field, _dash, what = str(error).partition("_")
                self.add_error(field if field in self.fields else None, LINE_FAULTS.get(what, LINE_FAULTS["code"]))
        return cleaned

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        values = self.cleaned_data
        return {
            "days": {str(name): values[f"days_{name}"] for name in FeedbackKind},
            "undo_days": values["undo_days"],
            "products": from_lines(values["products"]),
            "processes": from_lines(values["processes"]),
        }


LINE_FAULTS: Mapping[str, Text] = {
    "count": _("Write 1 to 30 lines."),
    "code": _("Each line begins with a code in small letters, digits and underscores."),
    "name": _("Each line needs a Chinese and an English name of at most 120 characters."),
    "twice": _("A code may stand in one line only."),
}


def _days_label(name: str) -> Text:
    return _t("Working days to answer: %(kind)s") % {"kind": FeedbackKind(name).label}


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    found = {f"days.{name}": (_days_label(name), str(values["days"].get(name, ""))) for name in FeedbackKind}
    found["undo_days"] = (FeedbackRulesForm.base_fields["undo_days"].label or "", str(values["undo_days"]))
    for group in ("products", "processes"):
        label = FeedbackRulesForm.base_fields[group].label or ""
        found[group] = (label, "; ".join(f"{line['name_zh']} / {line['name_en']}" for line in values[group]))
    return found


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


FEEDBACK = PolicyKind(
    KIND,
    _("Feedback"),
    _("Within how many working days each kind of feedback is answered, and by which tags it is sorted."),
    BUILT_IN,
    read_feedback,
    form=FeedbackRulesForm,
    parts=_parts,
    summary=_summary,
)
