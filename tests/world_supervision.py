"""What supervision looked at in the small bank: of each branch one contact being marked, and one with two findings."""

from customers.services.openings import note_opening
from tests import factories as make
from tests.factories_base import NOW
from tests.factories_supervision import make_check, make_finding, make_plan
from tests.people import World


def supervise(world: World) -> None:
    """A plan, checks and findings at branch A and, like them, at branch B."""
    for name, head, manager in (("a", "head", "manager"), ("b", "head_b", "manager_b")):
        customer, said, people = getattr(world, name), f"note-about-{name}", world.users
        about = make.make_interaction(customer=customer, author=people[manager], note=said)
        note_opening(person=people[manager], customer=customer, at=NOW)
        plan = make_plan(created_by=people[head], name=said, scorers=[people[head], people["compliance"], people["hq"]])
        waiting = make_check(plan=plan, contact=about)
        settled = make_check(plan=plan, contact=about, record_id=about.pk + 1_000_000, state="done")
        issued = make_finding(check=settled, owner=people[head], text=said, state="issued")
        draft = make_finding(check=settled, owner=people[head], text=f"{said}-draft", criterion="promise")
        if name == "a":
            world.records |= {"check_plan": plan, "check_draw": settled.draw, "spot_check": waiting}
            world.records |= {"spot_check_done": settled, "check_finding": issued, "check_finding_draft": draft}
