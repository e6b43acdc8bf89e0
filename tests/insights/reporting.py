"""Two branches with key figures of five days, and those who read reports of them."""

from datetime import date

from insights.models import DepositDay, KpiDay
from staff.models import User
from tests import factories as make
from tests.factories import NOW

DAYS = [date(2026, 9, 30), date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 19), date(2026, 11, 20)]
LAST = DAYS[-1]


def make_people() -> dict[str, User]:
    """Two branches; of each day i deposits of 100 x (i + 1), twice that in the second; contacts 1 and 2 a day."""
    top = make.make_head_office(code="00")
    first, second = (
        make.make_branch(code="01", name="一", parent=top),
        make.make_branch(code="02", name="二", parent=top),
    )
    found = {
        "hq": make.make_user(role="head_office", branch=top, staff_no="N1"),
        "head": make.make_user(role="branch_head", branch=first, staff_no="N2"),
        "other": make.make_user(role="branch_head", branch=second, staff_no="N3"),
        "manager": make.make_user(role="manager", branch=first, name="甲", staff_no="N4"),
        "second": make.make_user(role="manager", branch=first, name="乙", staff_no="N5"),
        "teller": make.make_user(role="teller", branch=first, staff_no="N6"),
    }
    for i, day in enumerate(DAYS):
        KpiDay.objects.create(on=day, made_at=NOW)
        for times, unit in ((1, first), (2, second), (1, found["manager"]), (2, found["second"])):
            make.make_kpi(unit=unit, measure="deposits", value=100 * times * (i + 1), on=day)
            make.make_kpi(unit=unit, measure="contacts", value=times, on=day)
            make.make_kpi(unit=unit, measure="follow_ups", value=times, base=4, on=day)
        make.make_kpi(unit=first, measure="deposits", value=40, tier=1, on=day)
        make.make_kpi(unit=first, measure="deposits", value=60, tier=4, on=day)
        for name, tier, total in (("manager", 1, 10), ("manager", 4, 30), ("second", 4, 5)):
            DepositDay.objects.create(on=day, branch=first, manager=found[name], tier=tier, customers=tier, total=total)
    return found
