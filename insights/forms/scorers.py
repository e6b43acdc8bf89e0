"""Who scores in somebody's place; nothing here saves."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import choose_from
from staff.models import CheckPlan, User
from staff.queries.supervision import replaceable, substitutes_for


class ScorerField(forms.ModelChoiceField):
    """One person with what they are and where."""

    def label_from_instance(self, obj: User) -> str:
        """Name, role and unit."""
        return f"{obj.name} · {obj.get_role_display()} · {obj.branch.name}"


class ReplaceForm(forms.Form):
    """A scorer who cannot score any more, and who does from now on."""

    leaver = ScorerField(
        label=_("Scorer to replace"),
        queryset=User.objects.none(),
        to_field_name="staff_no",
        help_text=_("Those who have left, have moved, or are away today."),
    )
    substitute = ScorerField(label=_("Scores instead"), queryset=User.objects.none(), to_field_name="staff_no")

    def __init__(self, data: Any = None, *, plan: CheckPlan, day: date) -> None:
        super().__init__(data)
        choose_from(self, leaver=replaceable(plan, day).select_related("branch"), substitute=substitutes_for(plan))
