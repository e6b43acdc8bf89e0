"""Targets and work of the small bank's managers: of each branch the same, about its own people."""

from tests import factories as make
from tests.people import World


def lead(world: World) -> None:
    """A target in force of each branch's manager, and the share of follow-ups done it is measured by."""
    for name, manager in (("target", "manager"), ("target_b", "manager_b")):
        user = world.users[manager]
        world.records[name] = make.make_target(person=user, drafted_by=world.users["hq"], note=f"目标-{user.name}")
