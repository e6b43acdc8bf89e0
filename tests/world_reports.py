"""What the heads of the small bank report: of each branch the same, about its own figures."""

from insights.models import KpiDay
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.people import World


def report(world: World) -> None:
    """A report of each branch, shared with its people, with a file of it and something in it."""
    KpiDay.objects.get_or_create(on=TODAY, defaults={"made_at": NOW})
    for name, head in (("a", "head"), ("b", "head_b")):
        owner = world.users[head]
        made = make.make_report(owner=owner, name=f"note-about-{name}", branch=owner.branch)
        run = make.make_report_run(report=made, user=owner, reason=f"note-about-{name}")
        make.make_kpi(unit=owner.branch, measure="deposits", value=650_000)
        if name == "a":
            world.records |= {"report": made, "report_run": run}
