"""Forms about teams."""

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from core.forms import choose_from
from core.pages.choices import LoadedChoiceField
from staff.models import Branch, Team, User
from staff.queries.teams import people_of, team_names_of, units_for

MOST_TIERS = 9


def tier_choices() -> list[tuple[int, str]]:
    """Ranks by their names of today, which are the tiers' to say; those without a name do not exist."""
    named = [(rank, render_to_string("staff/tier_name.txt", {"rank": rank}).strip()) for rank in range(1, MOST_TIERS)]
    return [(rank, name) for rank, name in named if name]


class _TeamFields(forms.Form):
    """What every form of a team has."""

    name = forms.CharField(label=_("Name of the team"), max_length=60)
    tiers = forms.TypedMultipleChoiceField(
        label=_("Tiers it looks after"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means all."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, tiers=tier_choices())


class TeamForm(_TeamFields):
    """A new team; who is in it is said on its page."""

    branch = LoadedChoiceField(
        label=_("Unit"), queryset=Branch.objects.none(), to_field_name="code", empty_label=_("Choose")
    )
    field_order = ("name", "branch", "tiers")

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        kwargs["initial"] = {"branch": viewer.branch.code, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        choose_from(self, branch=units_for(viewer))


class _Member(forms.ModelMultipleChoiceField):
    """People with the team they are in now."""

    teams: dict[int, str] = {}
    own = ""

    def label_from_instance(self, obj: User) -> str:
        team = self.teams.get(obj.pk, "")
        role = obj.get_role_display()
        return f"{obj.name} · {role}" if team in ("", self.own) else f"{obj.name} · {role} · {team}"


class TeamChangeForm(_TeamFields):
    """Name, lead, tiers and members of a team, and whether it is still in use."""

    lead = LoadedChoiceField(
        label=_("Lead"), queryset=User.objects.none(), to_field_name="staff_no", required=False, empty_label=_("Nobody")
    )
    members = _Member(
        label=_("Members"),
        queryset=User.objects.none(),
        to_field_name="staff_no",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Changes hold from today. Who is in another team, named beside them, changes over."),
    )
    is_active = forms.BooleanField(
        label=_("In use"), required=False, help_text=_("A team out of use has no members; its past figures stay.")
    )
    field_order = ("name", "lead", "tiers", "members", "is_active")

    def __init__(self, data: Any = None, *, team: Team, **kwargs: Any) -> None:
        now = team.members.filter(until=None).values_list("user__staff_no", flat=True)
        initial = {
            "name": team.name,
            "lead": team.lead.staff_no if team.lead else "",
            "tiers": team.tiers,
            "members": list(now),
            "is_active": team.is_active,
        }
        super().__init__(data, initial=initial, **kwargs)
        people = people_of(team.branch)
        field: Any = self.fields["members"]
        field.teams, field.own = team_names_of(team.branch), team.name
        choose_from(self, lead=people, members=people)
