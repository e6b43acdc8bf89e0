"""F05: dates of courses: seats given in turn, passed on and never given twice; results, and who they certify."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.urls import reverse

from core.clock import now
from staff.models import Certificate, Enrolment, Notification, Session, User
from staff.services import sessions
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.servicing.english import client_of, english

__all__ = ["english"]
pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
def test_of_thirty_who_enter_at_once_three_get_the_three_seats() -> None:
    branch = make.make_branch()
    head = make.make_user(role="branch_head", branch=branch, password="")
    course = make.make_course(by=head, asks=0, kind="classroom")
    session = make.make_session(course=course, branch=branch)
    people = User.objects.bulk_create(
        User(username=f"t{n}", staff_no=f"T{n}", name=f"学员{n}", role="teller", branch=branch) for n in range(30)
    )

    def enter(user: User) -> str:
        try:
            return str(sessions.enrol(session=session, user=user, actor=user, at=NOW).state)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        states = list(pool.map(enter, people))
    assert Counter(states) == {"seated": 3, "waiting": 27}
    assert Session.objects.get().taken == 3
    with pytest.raises(IntegrityError):
        Session.objects.update(taken=4)


def test_seats_are_given_in_turn_until_it_begins_and_who_did_not_come_is_not_certified() -> None:
    branch = make.make_branch()
    head = make.make_user(role="branch_head", branch=branch, password="")
    people = [make.make_user(branch=branch, password="") for _n in range(4)]
    course = make.make_course(by=make.make_user(), asks=0, kind="classroom", pass_mark=0)
    session = make.make_session(course=course, branch=branch, capacity=1)

    def enter(n: int, at: datetime = NOW) -> str:
        return str(sessions.enrol(session=session, user=people[n], actor=people[n], at=at).state)

    assert [enter(n, NOW + n * HOUR) for n in (0, 1, 2, 3)] == ["seated", *["waiting"] * 3]
    enter(1, NOW + 5 * HOUR)  # keeps the place in the queue
    sessions.leave(session=session, user=people[3], actor=people[3], at=NOW)
    assert Session.objects.get().taken == 1
    sessions.leave(session=session, user=people[0], actor=people[0], at=NOW)
    states = dict(Enrolment.objects.values_list("user", "state"))
    assert [states[person.pk] for person in people] == ["left", "seated", "waiting", "left"]
    with pytest.raises(sessions.EnrolmentClosed):
        enter(0, session.starts_at)
    results = {people[1].pk: sessions.Result(came=False)}
    assert sessions.note_results(session=session, results=results, actor=head, at=session.starts_at) == 0
    results = {people[1].pk: sessions.Result(came=True)}
    assert sessions.note_results(session=session, results=results, actor=head, at=session.starts_at) == 1
    off = make.make_session(course=course, branch=branch)
    sessions.cancel_session(session=off, reason="老师生病改期", actor=head, at=NOW)
    with pytest.raises(sessions.EnrolmentClosed):
        sessions.enrol(session=off, user=people[0], actor=people[0], at=NOW)


@pytest.mark.usefixtures("english")
def test_seats_pass_on_results_certify_and_nobody_certifies_themselves() -> None:
    branch = make.make_branch()
    head = make.make_user(role="branch_head", branch=branch)
    anna, bert, cora = (make.make_user(role="manager", branch=branch) for _n in range(3))
    course = make.make_course(by=head, asks=0, kind="classroom", licence="law", pass_mark=70)
    facts = sessions.SessionFacts(course, branch, "二楼", "王老师", NOW + DAY, NOW + DAY + HOUR, 2)
    with pytest.raises(sessions.SessionNotYours):
        sessions.plan_session(facts=facts, actor=anna, at=NOW)
    with pytest.raises(sessions.SessionRefused):
        sessions.plan_session(facts=facts, actor=head, at=NOW + 2 * DAY)
    session = sessions.plan_session(facts=facts, actor=head, at=NOW)
    for user in (head, anna, bert, cora):
        sessions.enrol(session=session, user=user, actor=user if user != cora else head, at=NOW)
    with pytest.raises(sessions.NotYourTrainee):
        sessions.enrol(session=session, user=anna, actor=bert, at=NOW)
    stranger = make.make_user()
    with pytest.raises(sessions.EnrolmentClosed):
        sessions.enrol(session=session, user=stranger, actor=stranger, at=NOW)
    sessions.leave(session=session, user=anna, actor=anna, at=NOW)
    states = dict(Enrolment.objects.values_list("user", "state"))
    assert states == {head.pk: "seated", anna.pk: "left", bert.pk: "seated", cora.pk: "waiting"}
    told = Notification.objects.filter(event="session_changed").values_list("user", "params__seat")
    assert sorted(told) == sorted([(bert.pk, "moved_up"), (cora.pk, "waiting")])

    results = {person.pk: sessions.Result(came=True, mark=70) for person in (head, anna, bert, cora)}
    with pytest.raises(sessions.ResultsTooEarly):
        sessions.note_results(session=session, results=results, actor=head, at=NOW)
    at = NOW + 2 * DAY
    assert [sessions.note_results(session=session, results=results, actor=head, at=at) for _again in (1, 2)] == [1, 0]
    mine = Certificate.objects.get()
    assert (mine.user, mine.licence, mine.issued_on) == (bert, "law", TODAY + DAY)

    ahead = make.make_session(course=course, branch=branch, starts_at=now() + DAY, ends_at=now() + DAY + HOUR)
    client, lead = client_of(anna), client_of(head)
    client.post(reverse("staff:session_enrol", args=[ahead.pk]))
    assert client.get(ahead.get_absolute_url()).context["mine"].state == "seated"
    lead.post(reverse("staff:session_enrol", args=[ahead.pk]), {"user": cora.staff_no})
    assert "学员" not in client.get(ahead.get_absolute_url()).content.decode()
    refused = lead.post(reverse("staff:session_cancel", args=[ahead.pk]), {"reason": "无"})
    assert (refused.status_code, "at least 4" in refused.content.decode()) == (422, True)
    lead.post(reverse("staff:session_cancel", args=[ahead.pk]), {"reason": "老师生病改期"})
    told = Notification.objects.filter(params__seat="cancelled").values_list("user", flat=True)
    assert sorted(told) == sorted([anna.pk, cora.pk])
    noted = make.make_session(course=course, branch=branch, starts_at=now() - DAY, ends_at=now() - HOUR)
    Enrolment.objects.create(session=noted, user=cora, state="seated")
    lead.post(reverse("staff:session_results", args=[noted.pk]), {f"came_{cora.pk}": "on", f"mark_{cora.pk}": "69"})
    row = Enrolment.objects.get(session=noted)
    assert (row.state, row.mark, row.is_passed, Certificate.objects.count()) == ("came", 69, False, 1)
