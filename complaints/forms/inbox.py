"""What is asked when several cases are given to somebody."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.forms import choose_from
from staff.models import User


class SeveralForm(forms.Form):
    """Who works on the cases from now on."""

    handler = forms.ModelChoiceField(
        label=_("Handler"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=_("Choose")
    )

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, handler=people)
