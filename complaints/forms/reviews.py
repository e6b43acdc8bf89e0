"""What people type about reviews; nothing here saves."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.enums import ReviewOutcome
from complaints.queries.reviews import reviewers_for
from core.clock import today
from core.forms import DAY, choose_from
from staff.models import User


class AskForm(forms.Form):
    """That the complainant wants the decision looked at again."""

    asked_on = forms.DateField(label=_("Asked on"), widget=DAY)
    reason = forms.CharField(
        label=_("Why, in the complainant's words"), max_length=2000, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asked_on"].initial = today()


class ReviewerForm(forms.Form):
    """Who looks at it again."""

    reviewer = forms.ModelChoiceField(
        label=_("Reviewer"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=_("Choose")
    )

    def __init__(self, *args: Any, review: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, reviewer=reviewers_for(review))


class DecideForm(forms.Form):
    """What the upper level decides."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=ReviewOutcome, widget=forms.RadioSelect)
    words = forms.CharField(label=_("Words to the complainant"), max_length=4000, widget=forms.Textarea({"rows": 4}))
    proof = forms.CharField(
        label=_("Proof of delivery"),
        max_length=200,
        help_text=_("Signature, number of the registered letter, number of the recording."),
    )


def review_form(step: str, *, review: Any = None, data: Any = None) -> forms.Form:
    """The form of a step of a review."""
    if step == "ask":
        return AskForm(data, prefix=step)
    if step == "assign":
        initial = {"reviewer": review.reviewer.staff_no if review.reviewer else ""}
        return ReviewerForm(data, prefix=step, review=review, initial=initial)
    if step == "decide":
        return DecideForm(data, prefix=step)
    return forms.Form(data, prefix=step)
