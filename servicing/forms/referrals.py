"""What people type about a referral; nothing here saves."""

from typing import Any
from uuid import uuid4

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.forms import choose_from
from servicing.queries.choices import offered
from servicing.rules.referrals import MIN_REASON
from staff.models import User


class PersonField(forms.ModelChoiceField):
    """A colleague by staff number, with unit and role."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(User.objects.none(), to_field_name="staff_no", **kwargs)

    def label_from_instance(self, person: User) -> str:
        return f"{person.name} · {person.get_role_display()} · {person.branch.name}"


class ReferralForm(forms.Form):
    """Whom the customer goes to, what about, and what the colleague should know. Nobody named: the head finds one."""

    topic = forms.ChoiceField(label=_("Topic"), choices=lambda: offered("topics"))
    to_user = PersonField(label=_("Send to"), required=False, empty_label=_("The head of the branch finds somebody"))
    note = forms.CharField(
        label=_("What should they know?"),
        max_length=500,
        required=False,
        help_text=_("They read it before they decide."),
    )
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, people: QuerySet[User], at_counter: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, to_user=people)
        if at_counter:
            self.fields["topic"].widget = forms.RadioSelect(choices=offered("topics"))


class DeclineForm(forms.Form):
    """Why it is not taken."""

    reason = forms.CharField(label=_("Why not?"), min_length=MIN_REASON, max_length=300)


class CloseForm(forms.Form):
    """What came of it."""

    succeeded = forms.ChoiceField(
        label=_("Result"), choices=(("yes", _("Succeeded")), ("no", _("Without result"))), widget=forms.RadioSelect
    )
    result = forms.CharField(
        label=_("What came of it?"),
        min_length=MIN_REASON,
        max_length=300,
        help_text=_("Who sent the customer reads this; write no amounts."),
    )


class AssignForm(forms.Form):
    """Who takes a referral that names nobody."""

    to_user = PersonField(label=_("Give to"), empty_label=_("Choose a person"))

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, to_user=people)
