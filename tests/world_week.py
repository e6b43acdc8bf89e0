"""What the small bank measures, warns of, trains and supervises: of each branch the same, about its own customers."""

from datetime import date

from tests import factories as make
from tests.people import World
from tests.world_people import lead
from tests.world_reports import report
from tests.world_supervision import supervise
from tests.world_training import train


def keep_the_week(world: World) -> None:
    """Teams, figures and the like at branch A and, like them, at branch B."""
    supervise(world)
    train(world)
    report(world)
    lead(world)
    for name, manager in (("a", "manager"), ("b", "manager_b")):
        team = make.make_team(branch=world.branches[name.upper()], members=(world.users[manager],))
        customer = world.a if name == "a" else world.b
        make.make_closes(customer, (date(2026, 9, 1), 300_000), (date(2026, 10, 1), 400_000))
        warning = make.make_warning(customer=customer)
        if name == "a":
            world.records |= {"team": team, "warning": warning}
