"""What the small bank measures, warns of, trains and supervises: of each branch the same, about its own customers."""

from tests import factories as make
from tests.people import World


def keep_the_week(world: World) -> None:
    """Teams, figures and the like at branch A and, like them, at branch B."""
    for name, manager in (("a", "manager"), ("b", "manager_b")):
        team = make.make_team(branch=world.branches[name.upper()], members=(world.users[manager],))
        if name == "a":
            world.records |= {"team": team}
