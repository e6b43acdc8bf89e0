"""What a bank's units hold is kept until a position changes, and equals its positions at any moment."""

from decimal import Decimal
from typing import Any

import pytest

from customers.models import CustomerPosition, FedDay
from insights.models import PositionWrite
from insights.queries.boards import cells_of_units
from insights.services import roll_up_day
from tests.factories import TODAY, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db


def holdings(branches: list[int]) -> list[tuple[int, int, int, Decimal]]:
    """The slow way: one customer after another."""
    found: dict[tuple[int, int], list[Decimal]] = {}
    for row in CustomerPosition.everything.filter(branch__in=branches):
        found.setdefault((row.branch_id, row.tier), []).append(row.total)
    return sorted((*key, len(totals), sum(totals, Decimal(0))) for key, totals in found.items())


def test_what_units_hold_is_kept_until_a_position_changes(django_assert_num_queries: Any) -> None:
    """Kept figures are asked for by one statement; whatever changes them, and a night, has them read anew."""
    FedDay.objects.create(on=TODAY, is_full=True)
    first, second = make_branch(), make_branch()
    both, manager = [first.pk, second.pk], make_user(role="manager", branch=first)
    customer, _other = make_customer(branch=first, tier=1), make_customer(branch=second, tier=3)

    def read(statements: int, branches: list[int] = both) -> None:
        with django_assert_num_queries(statements):
            found = cells_of_units(branches)
        assert sorted((c.key, c.tier, c.held.customers, c.held.total) for c in found) == holdings(branches)

    read(2)
    read(1)
    read(1, [first.pk])
    one = CustomerPosition.everything.filter(pk=customer.pk)
    one.update(manager=manager, last_contact_on=TODAY, near=1)  # handed over by day, and called
    read(1)
    for changes in ({"branch": second}, {"tier": 4}, {"total": Decimal("12.30")}):
        one.update(**changes)
        read(2)
    one.delete()
    read(2)
    make_customer(branch=first)
    read(2)
    notes = set(PositionWrite.objects.values_list("pk", flat=True))
    roll_up_day(TODAY)
    assert PositionWrite.objects.exclude(pk__in=notes).count() == PositionWrite.objects.count() == 1
    read(2)
    read(1)
