"""What the lists offer to choose from: units, managers, tiers and days."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import lazy

from staff.access import BOOK_KEEPERS, Scope, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User
from staff.queries import people_offered

MOST_DAYS = 3650
NOBODY = "none"


def word_of_tier(rank: int) -> str:
    # What a rank is called is the policy of an upper app: only its template tag knows.
    return render_to_string("customers/tier_name.txt", {"rank": rank}).strip()


tier_word = lazy(word_of_tier, str)


def units_in(scope: Scope) -> QuerySet[Branch]:
    """Units whose customers the scope may hold."""
    units = Branch.objects.order_by("code")
    return units if scope.reach == Reach.BANK else units.filter(pk__in=scope.branch_ids)


def managers_in(scope: Scope) -> QuerySet[User]:
    """People who may own customers the scope may hold."""
    people = User.objects.filter(role__in=[*BOOK_KEEPERS, Role.BRANCH_HEAD]).order_by("name", "pk")
    return people if scope.reach == Reach.BANK else people.filter(branch__in=scope.branch_ids)


def units_of(request: HttpRequest | None) -> QuerySet[Branch]:
    """Units to choose from in a filter."""
    return units_in(scope_of(request.user)) if request else Branch.objects.none()


def managers_of(request: HttpRequest | None) -> QuerySet[User]:
    """Managers to choose from in a filter."""
    return managers_in(scope_of(request.user)) if request else User.objects.none()


def offer_units_and_managers(fields: Mapping[str, Any], chosen: Mapping[str, str], viewer: User) -> None:
    """Fill the boxes `branch` and `manager` of a filter by `LoadedChoiceFilter`: of a whole bank only the managers of
    the unit that is chosen."""
    unit, person = (chosen.get(name) or "" for name in ("branch", "manager"))
    fields["manager"].offer(people_offered(fields["manager"].queryset, viewer, unit, person))
