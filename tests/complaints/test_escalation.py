"""P07, P04: a clock goes up at 50, 80 and 100 % and by grade, once each, to deputies, never to who is kept away."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from complaints.models import Complaint, Decision, Escalation, Review
from complaints.rules.escalation import People, choose, wanted
from complaints.rules.moves import OPEN
from complaints.services.escalation import HOURLY_JOB, escalate_case, passed_by, run
from complaints.services.extensions import ask_extension, decide_extension, tell_extension
from core.clock import today
from core.enums import JobState
from core.models import Job
from core.sql import statement
from core.trail import NIGHT
from depositcrm.tasks import tick
from staff.models import Absence, Notification
from tests import factories as make
from tests.complaints.test_clocks import Desk
from tests.factories import NOW, TODAY

DAY = timedelta(days=1)
HANDLER, HEAD, SECOND, ABOVE, TOP, OFFICER = 1, 2, 3, 4, 5, 6


@pytest.mark.parametrize(
    ("rung", "span", "kept_away", "away", "told", "instead_of"),
    [
        (50, 15, [], {}, [1], {}),
        (80, 15, [], {}, [1, 2, 3], {}),
        (100, 15, [], {}, [1, 2, 3, 4, 6], {}),
        (0, 1, [], {}, [], {}),
        (0, 2, [], {}, [1, 2, 3], {}),
        (0, 3, [], {}, [1, 2, 3, 4, 6], {}),
        # Whoever is kept away is passed over; of the next unit somebody is told.
        (80, 15, [1, 2], {}, [3], {}),
        (100, 15, [2, 3], {}, [1, 4, 5, 6], {}),
        (100, 15, [2, 3, 4], {}, [1, 5, 6], {}),
        (100, 15, [1, 2, 3, 4, 5, 6], {}, [], {}),
        # Deputies stand in, unless they are kept away; without one the heads are told.
        (50, 15, [], {1: 7}, [7], {7: 1}),
        (50, 15, [7], {1: 7}, [2, 3], {}),
        (50, 15, [1], {1: 7}, [2, 3], {}),
        (50, 15, [], {1: None, 2: None}, [3], {}),
        (80, 15, [], {2: None, 3: None}, [1, 4], {}),
        (80, 15, [], {1: 2}, [2, 3], {}),
        # Better somebody who is away than nobody.
        (80, 15, [], {2: None, 3: None, 4: None, 5: None}, [1, 2, 3], {}),
    ],
)
def test_who_is_told(
    rung: int, span: int, kept_away: list[int], away: dict[int, int | None], told: list[int], instead_of: dict[int, int]
):
    people = People(HANDLER, [[HEAD, SECOND], [ABOVE], [TOP]], [[], [], [OFFICER]], frozenset(kept_away))
    found = choose(wanted(rung, span), people, away)
    assert sorted(found.told) == told
    assert {pk: whom for pk, whom in found.instead_of.items() if pk > OFFICER} == instead_of
    assert not set(found.told) & set(kept_away)


def test_the_statement_knows_which_cases_are_open():
    states = re.search(r"state IN \(([^)]+)\)", statement("complaints", "escalation_due"))
    assert states is not None
    assert re.findall(r"'(\w+)'", states[1]) == [str(state) for state in OPEN]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def _rungs(case: Complaint) -> list[tuple[str, int]]:
    return list(Escalation.everything.filter(complaint=case).order_by("pk").values_list("clock", "rung"))


@pytest.mark.django_db
def test_each_rung_goes_up_once_and_tells_who_may_know(desk: Desk):
    officer = make.make_user(role="compliance", branch=desk.top)
    seen: dict[date, list[tuple[str, int]]] = {}
    for n in range(17):
        day, before = TODAY + n * DAY, len(_rungs(desk.case))
        run(business_day=day, actor=NIGHT, at=NOW + n * DAY)
        assert run(business_day=day, actor=NIGHT, at=NOW + n * DAY)["rows"] == 0
        seen[day] = _rungs(desk.case)[before:]
    assert {day: rungs for day, rungs in seen.items() if rungs} == {
        TODAY + 3 * DAY: [("contact", 50)],
        TODAY + 4 * DAY: [("contact", 100)],
        TODAY + 7 * DAY: [("internal", 50)],
        TODAY + 8 * DAY: [("statutory", 50)],
        TODAY + 12 * DAY: [("internal", 80), ("statutory", 80)],
        TODAY + 14 * DAY: [("internal", 100)],
        TODAY + 15 * DAY: [("statutory", 100)],
    }
    rows = {(row.clock, row.rung): row.told for row in Escalation.everything.all()}
    heads = [desk.head.pk, desk.second.pk]
    assert rows["statutory", 50] == [desk.handler.pk]
    assert rows["statutory", 80] == [desk.handler.pk, *heads]
    assert rows["statutory", 100] == [desk.handler.pk, *heads, desk.above.pk, officer.pk]
    notice = Notification.objects.get(user=officer, params__clock="statutory")
    assert (notice.event, notice.params["number"], notice.params["rung"]) == ("case_late", desk.case.number, "100")
    # Who was told stays written.
    for act in (Escalation.everything.all().delete, lambda: Escalation.everything.update(told=[])):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()
    # A night made up for later tells nobody again.
    assert [run(business_day=TODAY + n * DAY, actor=NIGHT, at=NOW + 17 * DAY)["rows"] for n in (3, 9, 12)] == [0, 0, 0]
    Complaint.everything.filter(pk=desk.case.pk).update(state="proposed")
    Complaint.everything.filter(pk=desk.case.pk).update(state="answered", answered_on=TODAY + 16 * DAY)
    assert passed_by(TODAY + 400 * DAY) == []


@pytest.mark.django_db
def test_as_many_statements_for_thirteen_cases_as_for_one(desk: Desk, django_assert_max_num_queries: Any):
    with django_assert_max_num_queries(16):
        run(business_day=TODAY + 8 * DAY, actor=NIGHT, at=NOW)
    for _ in range(12):
        make.make_complaint(**desk.facts())
    with django_assert_max_num_queries(16):
        assert run(business_day=TODAY + 8 * DAY, actor=NIGHT, at=NOW)["rows"] == 36


@pytest.mark.django_db
def test_more_time_and_a_higher_grade_begin_anew(desk: Desk):
    run(business_day=TODAY + 12 * DAY, actor=NIGHT, at=NOW + 12 * DAY)
    at = NOW + 13 * DAY
    asked = ask_extension(complaint=desk.case, kind="complex", reason="事实复杂", actor=desk.handler, at=at)
    decide_extension(extension=asked, approved=True, actor=desk.head, at=at)
    told = {"told_on": TODAY + 13 * DAY, "told_how": "phone", "proof": "录音"}
    tell_extension(extension=asked, actor=desk.handler, at=at, **told)
    law = Escalation.everything.filter(clock="statutory").order_by("pk")
    for n in (14, 15, 24, 30):
        run(business_day=TODAY + n * DAY, actor=NIGHT, at=NOW + n * DAY)
    assert list(law.values_list("rung", "span")) == [(80, 15), (50, 30), (80, 30), (100, 30)]
    assert escalate_case(complaint=desk.case, at=NOW + 30 * DAY) == 0
    for grade in (2, 3, 3):
        Complaint.everything.filter(pk=desk.case.pk).update(grade=grade)
        escalate_case(complaint=desk.case, at=NOW + 30 * DAY)
    assert list(law.filter(rung=0).values_list("span", "told")) == [
        (2, [desk.handler.pk, desk.head.pk, desk.second.pk]),
        (3, [desk.handler.pk, desk.head.pk, desk.second.pk, desk.above.pk]),
    ]


@pytest.mark.django_db
def test_a_deputy_hears_it_and_nobody_who_is_kept_away(desk: Desk):
    away = {"starts_on": today() - DAY, "ends_on": today() + DAY, "created_by": desk.head, "created_at": NOW}
    Absence.objects.create(user=desk.handler, deputy=desk.colleague, **away)
    began = today() - 8 * DAY
    days = {"received_on": began, "due_on": began + 15 * DAY, "internal_due_on": None, "contacted_on": began}
    cases = {
        "plain": make.make_complaint(**desk.facts(**days)),
        "deputy": make.make_complaint(**desk.facts(**days), named=(desk.colleague,)),
        "head": make.make_complaint(**desk.facts(**days), named=(desk.colleague, desk.head, desk.second)),
    }
    Complaint.everything.filter(pk=desk.case.pk).update(state="withdrawn", closed_on=TODAY)
    run(business_day=today(), actor=NIGHT, at=NOW)
    rows = {row.complaint_id: row for row in Escalation.everything.all()}
    told = {name: (rows[case.pk].told, rows[case.pk].instead_of) for name, case in cases.items()}
    assert told == {
        "plain": ([desk.colleague.pk], {str(desk.colleague.pk): desk.handler.pk}),
        "deputy": ([desk.head.pk, desk.second.pk], {}),
        "head": ([desk.above.pk], {}),
    }
    assert Notification.objects.filter(event="case_late", user=desk.colleague).count() == 1
    assert not Notification.objects.filter(event="case_late", params__number=cases["deputy"].number).filter(
        user=desk.colleague
    )


@pytest.mark.django_db
def test_deadlines_do_not_wait_for_the_night(desk: Desk):
    began = today() - 8 * DAY
    clocks = {"due_on": began + 15 * DAY, "internal_due_on": None, "contacted_on": began}
    cases = [make.make_complaint(**desk.facts(received_on=began, **clocks)) for _twice in range(2)]
    tick()
    assert [_rungs(case) for case in cases] == [[("statutory", 50)]] * 2
    later = make.make_complaint(**desk.facts(received_on=began, **clocks))
    tick()
    assert _rungs(later) == []  # once an hour
    assert Job.objects.get(name=HOURLY_JOB).state == JobState.DONE


@pytest.mark.django_db
def test_a_review_has_a_clock_of_its_own(desk: Desk):
    case, made = desk.case, {"finding": "upheld", "facts_cipher": b"x", "words_cipher": b"x"}
    decision = Decision.everything.create(complaint=case, round=1, proposed_by=desk.handler, proposed_at=NOW, **made)
    review = Review.everything.create(
        complaint=case,
        decision=decision,
        desk=desk.region,
        asked_on=TODAY,
        due_on=TODAY + 30 * DAY,
        reason_cipher=b"x",
        recorded_by=desk.handler,
        recorded_at=NOW,
        reviewer=desk.above,
    )
    Complaint.everything.filter(pk=case.pk).update(state="proposed")
    Complaint.everything.filter(pk=case.pk).update(state="answered", answered_on=TODAY)
    for n, told in ((14, None), (15, [desk.above.pk]), (24, [desk.above.pk]), (30, [desk.above.pk, desk.hq.pk])):
        run(business_day=TODAY + n * DAY, actor=NIGHT, at=NOW)
        last = Escalation.everything.filter(clock="review").order_by("-pk").first()
        assert (last.told if last else None) == told
    Review.everything.filter(pk=review.pk).update(state="withdrawn")
    assert passed_by(TODAY + 60 * DAY) == []
