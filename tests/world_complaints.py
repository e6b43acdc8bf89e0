"""What customers of the small bank complained of: of each customer one case open, one answered and one closed."""

from datetime import timedelta
from uuid import uuid4

from complaints.models import Complaint, ContactAttempt, CorrectiveAction, Evidence, Extension, Pause, Problem
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.people import World


def complain(world: World) -> None:
    """Cases about customer a and, like them, about customer b: `case` and `closed_case` by number in the records."""
    for name, teller, manager in (("a", "teller", "manager"), ("b", "teller_b", "manager_b")):
        customer, said = getattr(world, name), f"note-about-{name}"
        about = {"customer": customer, "registered_by": world.users[teller], "handler": world.users[manager]}
        words = {"summary": said, "account": said, "wanted": said, "phone": "13912345678" if name == "b" else "138"}
        case = make.make_complaint(number=f"TS-{name}1", state="investigating", **about, **words)
        closed = make.make_complaint(
            number=f"TS-{name}2",
            state="closed",
            received_on=TODAY - timedelta(days=20),
            **about,
            **words,
        )
        answered = make.make_complaint(number=f"TS-{name}3", state="answered", **about, **words)
        make.make_decision(answered, proposed_by=world.users[manager], approved_by=world.users["hq"], words=said)
        _put_right(world, name, case)
        _take_time(world, name, case)
        if name == "a":
            world.records |= {"case": case, "closed_case": closed}


def _put_right(world: World, name: str, case: Complaint) -> None:
    """A file of the case, what is to be put right after it, and the problem it is part of."""
    teller = world.users["teller" if name == "a" else "teller_b"]
    said, unit = f"note-about-{name}", world.branches[name.upper()]
    file = Evidence.everything.create(
        complaint=case,
        name=f"{said}.pdf",
        kind="application/pdf",
        size=8,
        sha256=bytes(32),
        stored_as=uuid4(),
        note=said,
        added_by=teller,
        added_at=NOW,
    )
    problem = Problem.everything.create(branch=unit, cause="manner", found_on=TODAY, count=3, days=60)
    about = {"branch": unit, "cause": "manner", "text": said, "owner": teller, "made_by": teller, "made_at": NOW}
    action = CorrectiveAction.everything.create(complaint=case, due_on=TODAY, **about)
    CorrectiveAction.everything.create(problem=problem, due_on=TODAY, **about)
    if name == "a":
        world.records |= {"evidence": file, "problem": problem, "action": action}


def _take_time(world: World, name: str, case: Complaint) -> None:
    """The complainant was tried, waited for, and more time is asked for."""
    by, said = world.users["manager" if name == "a" else "manager_b"], f"note-about-{name}"
    ContactAttempt.everything.create(
        complaint=case, at=NOW, how="phone", result="no_answer", note=said, by=by, recorded_at=NOW
    )
    Pause.everything.create(
        complaint=case, reason="papers", note=said, started_at=NOW, ended_at=NOW, by=by, ended_by=by
    )
    extension = Extension.everything.create(
        complaint=case, round=1, kind="complex", days=15, reason=said, asked_by=by, asked_at=NOW
    )
    if name == "a":
        world.records["extension"] = extension
