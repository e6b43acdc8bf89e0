"""What a head says to pass the calls of one person on to another."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.forms import choose_from
from core.pages.choices import LongSelect
from staff.models import User


class PassOnForm(forms.Form):
    """Whose open calls go to whom."""

    giver = forms.ModelChoiceField(
        label=_("Open calls of"),
        queryset=User.objects.none(),
        to_field_name="staff_no",
        empty_label=None,
        widget=LongSelect,
    )
    receiver = forms.ModelChoiceField(
        label=_("Pass on to"),
        queryset=User.objects.none(),
        to_field_name="staff_no",
        empty_label=_("Choose a person"),
        widget=LongSelect,
    )

    def __init__(self, *args: Any, givers: QuerySet[User], receivers: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, giver=givers, receiver=receivers)

    def clean(self) -> dict[str, Any]:
        """Two people."""
        values = super().clean() or {}
        if values.get("giver") and values.get("giver") == values.get("receiver"):
            self.add_error("receiver", _("Choose somebody else."))
        return values
