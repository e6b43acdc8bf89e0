"""What the small bank teaches: one course for all, and of each branch a date, a try and a certificate."""

from staff.models import Question
from tests import factories as make
from tests.people import World


def train(world: World) -> None:
    """A date, a try under way and a certificate at branch A and, like them, at branch B."""
    by = world.users["hq"]
    course, taught = make.make_course(by=by), make.make_course(by=by, asks=0, kind="classroom", is_required=True)
    for name, manager in (("A", "manager"), ("B", "manager_b")):
        user = world.users[manager]
        session = make.make_session(course=taught, branch=world.branches[name])
        attempt = make.make_attempt(course=course, user=user)
        certificate = make.make_certificate(user=user, course=taught, licence="wealth")
        if name == "A":
            question = Question.objects.filter(course=course).order_by("pk").first()
            world.records |= {"course": course, "question": question, "session": session}
            world.records |= {"attempt": attempt, "certificate": certificate}
