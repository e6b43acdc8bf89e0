"""P02, P03, P06: both clocks of a case, the tries to reach the complainant, pauses and more time."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from complaints.enums import Move
from complaints.forms.clocks import CLOCKS
from complaints.models import Complaint, Extension, Pause
from complaints.queries.clocks import clocks_of, next_deadline_words, paused_days, regraded_clock, workdays
from complaints.rules import clocks as rules
from complaints.rules.clocks import BUILT_IN, LIMITS
from complaints.services import clocks as services
from complaints.services import extensions
from complaints.services.escalation import run
from complaints.services.states import Recused, move
from core.clock import now, today
from core.models import TrailEntry
from core.trail import NIGHT
from staff.models import Notification, Policy
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.servicing.english import english

__all__ = ["english"]
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class Desk:
    """A branch in a region with its people and a case of today being investigated by the manager."""

    def __init__(self) -> None:
        self.top = make.make_head_office()
        self.region = make.make_branch(parent=self.top, kind="region")
        self.branch = make.make_branch(parent=self.region)
        self.handler = make.make_user(role="manager", branch=self.branch)
        self.colleague = make.make_user(role="manager", branch=self.branch)
        self.head = make.make_user(role="branch_head", branch=self.branch)
        self.second = make.make_user(role="branch_head", branch=self.branch)
        self.above = make.make_user(role="branch_head", branch=self.region)
        self.hq = make.make_user(role="head_office", branch=self.top)
        self.customer = make.make_customer(manager=self.handler)
        self.case = make.make_complaint(**self.facts())

    def facts(self, **fields: Any) -> dict[str, Any]:
        """A case received on Friday the 20th with the clocks of the built-in rules."""
        days = {"due_on": TODAY + 15 * DAY, "due_days": 15, "internal_days": 10, "internal_due_on": TODAY + 14 * DAY}
        days |= {"received_on": TODAY, "contact_due_on": TODAY + 3 * DAY, "state": "investigating"}
        return {"customer": self.customer, "handler": self.handler, **days, **fields}

    def again(self) -> Complaint:
        return Complaint.everything.get(pk=self.case.pk)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.usefixtures("english")
def test_both_clocks_and_the_next_deadline_in_words(desk: Desk, django_assert_num_queries: Any):
    with django_assert_num_queries(1):
        found = clocks_of(desk.case, day=TODAY)
    assert [one.words for one in found.all] == [
        "2026-12-05, in 15 days",
        "2026-12-04, in 10 working days",
        "2026-11-23, in 1 working day",
    ]
    assert found.statutory.hint == "The deadline is a day off; the last working day before it is 2026-12-04."
    assert next_deadline_words(desk.case, TODAY) == "First contact: 2026-11-23, in 1 working day"
    desk.case.contacted_on = TODAY
    assert next_deadline_words(desk.case, TODAY + 13 * DAY) == "Internal clock: 2026-12-04, in 1 working day"
    seen = [clocks_of(desk.case, day=TODAY + n * DAY) for n in (11, 12, 15, 16, 18)]
    assert [(one.statutory.share, one.statutory.tone) for one in seen] == [
        (73, "good"),
        (80, "warn"),
        (100, "warn"),
        (106, "bad"),
        (120, "bad"),
    ]
    # The internal clock ended on Friday the 4th: late at the weekend already, though no workday has passed.
    assert [one.internal.words.split(", ")[1] for one in seen[2:]] == ["late", "late", "2 working days late"]
    anonymous = make.make_complaint(received_on=TODAY, branch=desk.branch)
    assert clocks_of(anonymous, day=TODAY).contact.state == "none"
    answered = Complaint(**{**desk.facts(state="answered"), "answered_on": TODAY + 16 * DAY})
    ended = clocks_of(answered, day=TODAY + 30 * DAY)
    assert [(one.state, one.words) for one in ended.all] == [
        ("missed", "2026-12-06, 1 day late"),
        ("missed", "2026-12-06, 2 days late"),
        ("missed", "2026-12-06, 13 days late"),
    ]
    assert next_deadline_words(answered, TODAY) == ""


@pytest.mark.usefixtures("english")
def test_a_pause_stops_the_internal_clock_and_never_the_law(desk: Desk):
    services.pause_clock(complaint=desk.case, reason="papers", note="身份证复印件", actor=desk.handler, at=NOW)
    paused = clocks_of(desk.again(), day=TODAY + 5 * DAY)
    assert (paused.internal.state, paused.internal.words) == ("paused", "stands still since 2026-11-20")
    assert (paused.statutory.state, paused.statutory.left) == ("running", 10)
    with pytest.raises(services.NotPausable):
        services.pause_clock(complaint=desk.case, reason="away", actor=desk.handler, at=NOW)
    assert regraded_clock(desk.again(), grade=3, day=TODAY) == (3, None)
    back = services.resume_clock(complaint=desk.case, actor=desk.head, at=NOW + 5 * DAY)
    # Monday to Wednesday: three workdays.
    assert (back.internal_due_on, back.paused_at, back.due_on) == (TODAY + 19 * DAY, None, TODAY + 15 * DAY)
    assert paused_days(back, day=TODAY + 9 * DAY) == 3
    assert regraded_clock(back, grade=2, day=TODAY) == (7, TODAY + 14 * DAY)
    with pytest.raises(services.NotPaused):
        services.resume_clock(complaint=desk.case, actor=desk.handler, at=NOW + 5 * DAY)
    with pytest.raises(IntegrityError, match="pauses_do_not_overlap"), transaction.atomic():
        Pause.everything.create(complaint=desk.case, reason="away", started_at=NOW + DAY, by=desk.head)
    # Whoever proposes a decision waits for nobody.
    services.pause_clock(complaint=desk.case, reason="answer", actor=desk.handler, at=NOW + 6 * DAY)
    moved = move(complaint=desk.case, move=Move.PROPOSE, actor=desk.handler, at=NOW + 10 * DAY)
    # Friday the 27th and Monday the 30th more.
    assert (moved.paused_at, moved.internal_due_on) == (None, TODAY + 21 * DAY)
    assert not Pause.everything.filter(ended_at=None).exists()
    with pytest.raises(services.NotPausable):
        services.pause_clock(complaint=desk.case, reason="answer", actor=desk.handler, at=NOW + 11 * DAY)
    assert list(
        TrailEntry.objects.filter(subject_id=desk.case.number, action__in=["pause", "resume"]).values_list("action")
    ) == [("pause",), ("resume",), ("pause",)]


def test_tries_to_reach_the_complainant(desk: Desk):
    def attempt(hours: float, result: str = "no_answer", **more: Any) -> None:
        services.record_attempt(
            complaint=desk.case,
            how="phone",
            result=result,
            tried_at=NOW + timedelta(hours=hours),
            at=NOW + 9 * DAY,
            **{"actor": desk.handler, **more},
        )

    attempt(0)
    attempt(1)
    attempt(2)
    assert desk.again().contacted_on is None
    with pytest.raises(services.TriedWhen):
        attempt(-24)
    with pytest.raises(services.NotYours):
        attempt(3, actor=desk.colleague)
    attempt(72)
    assert desk.again().contacted_on == TODAY + 3 * DAY
    attempt(80, "reached")
    assert desk.again().contacted_on == TODAY + 3 * DAY
    assert clocks_of(desk.again(), day=TODAY).contact.state == "met"
    move(complaint=desk.case, move=Move.WITHDRAW, actor=desk.handler, at=NOW + 9 * DAY, closed_on=TODAY + 9 * DAY)
    with pytest.raises(services.ClockStopped):
        attempt(90)
    # Opened again: what was tried before is of the earlier round.
    move(complaint=desk.case, move=Move.REOPEN, actor=desk.head, at=NOW + 10 * DAY, round=2, contacted_on=None)
    late = {"how": "phone", "result": "no_answer", "tried_at": NOW + 11 * DAY, "at": NOW + 11 * DAY}
    services.record_attempt(complaint=desk.case, actor=desk.handler, **late)
    assert desk.again().contacted_on is None


def test_more_time_needs_a_second_person_and_a_notice(desk: Desk):
    ask = {"complaint": desk.case, "reason": "需向总行调取监控", "actor": desk.handler}
    with pytest.raises(extensions.NoMoreTime):
        extensions.ask_extension(kind="special", at=NOW, **ask)
    with pytest.raises(extensions.TextMissing):
        extensions.ask_extension(kind="complex", at=NOW, **{**ask, "reason": " "})
    first = extensions.ask_extension(kind="complex", at=NOW, **ask)
    told = Notification.objects.filter(event="case_time_asked").values_list("user", flat=True)
    assert set(told) == {desk.head.pk, desk.second.pk}
    for person in (desk.handler, desk.colleague):
        with pytest.raises(extensions.CannotDecide):
            extensions.decide_extension(extension=first, approved=True, actor=person, at=NOW)
    tell = {"told_how": "phone", "proof": "录音 20261203-01", "actor": desk.handler}
    with pytest.raises(extensions.RequestMoved):
        extensions.tell_extension(extension=first, told_on=TODAY, at=NOW, **tell)
    extensions.decide_extension(extension=first, approved=True, actor=desk.head, at=NOW + DAY)
    # Approved is not yet in force, for the database neither.
    assert desk.again().due_on == TODAY + 15 * DAY
    with pytest.raises(IntegrityError, match="no more time without"), transaction.atomic():
        Complaint.everything.filter(pk=desk.case.pk).update(due_on=TODAY + 30 * DAY, due_days=30)
    for day, at in ((TODAY, NOW + 2 * DAY), (TODAY + 3 * DAY, NOW + 2 * DAY)):
        with pytest.raises(extensions.ToldTooLate):
            extensions.tell_extension(extension=first, told_on=day, at=at, **tell)
    extensions.tell_extension(extension=first, told_on=TODAY + 2 * DAY, at=NOW + 2 * DAY, **tell)
    case = desk.again()
    assert (case.due_on, case.due_days, case.internal_due_on) == (TODAY + 30 * DAY, 30, TODAY + 14 * DAY)
    second = extensions.ask_extension(kind="special", at=NOW + 20 * DAY, **ask)
    # A special cause is decided by the unit above.
    assert Notification.objects.filter(event="case_time_asked", once=f"extension {second.pk}").get().user == desk.above
    with pytest.raises(extensions.CannotDecide):
        extensions.decide_extension(extension=second, approved=True, actor=desk.head, at=NOW + 20 * DAY)
    with pytest.raises(extensions.TextMissing):
        extensions.decide_extension(extension=second, approved=False, actor=desk.above, at=NOW + 20 * DAY)
    extensions.decide_extension(extension=second, approved=True, actor=desk.above, at=NOW + 20 * DAY)
    extensions.tell_extension(extension=second, told_on=TODAY + 21 * DAY, at=NOW + 21 * DAY, **tell)
    assert (desk.again().due_on, desk.again().due_days) == (TODAY + 60 * DAY, 60)
    with pytest.raises(extensions.NoMoreTime):
        extensions.ask_extension(kind="complex", at=NOW + 22 * DAY, **ask)
    with pytest.raises(IntegrityError, match="no more time without"), transaction.atomic():
        Complaint.everything.filter(pk=desk.case.pk).update(due_on=TODAY + 61 * DAY)
    with pytest.raises(IntegrityError, match="extension_was_told"), transaction.atomic():
        Extension.everything.filter(pk=second.pk).update(proof="")


def test_requests_lapse_with_the_deadline_and_with_the_case(desk: Desk):
    ask = {"kind": "complex", "reason": "事实复杂", "actor": desk.handler}
    late = extensions.ask_extension(complaint=desk.case, at=NOW, **ask)
    other = make.make_complaint(**desk.facts())
    ended = extensions.ask_extension(complaint=other, at=NOW, **ask)
    with pytest.raises(extensions.RequestMoved):
        extensions.decide_extension(extension=late, approved=True, actor=desk.head, at=NOW + 16 * DAY)
    services.pause_clock(complaint=other, reason="away", actor=desk.handler, at=NOW)
    move(complaint=other, move=Move.WITHDRAW, actor=desk.handler, at=NOW, closed_on=TODAY)
    assert Extension.everything.get(pk=ended.pk).state == "lapsed"
    run(business_day=TODAY + 15 * DAY, actor=NIGHT, at=NOW + 16 * DAY)
    states = Extension.everything.filter(pk__in=[late.pk, ended.pk]).values_list("state", flat=True)
    assert list(states) == ["lapsed", "lapsed"]
    other.refresh_from_db()
    assert (other.paused_at, other.internal_due_on) == (None, TODAY + 14 * DAY)
    assert [one.state for one in clocks_of(other, day=TODAY).all] == ["none", "none", "none"]


def test_nobody_who_is_kept_away_touches_a_clock(desk: Desk):
    asked = extensions.ask_extension(complaint=desk.case, kind="complex", reason="复杂", actor=desk.handler, at=NOW)
    Complaint.everything.filter(pk=desk.case.pk).update(recused=[desk.head.pk])
    with pytest.raises(Recused):
        extensions.decide_extension(extension=asked, approved=True, actor=desk.head, at=NOW)
    with pytest.raises(Recused):
        services.pause_clock(complaint=desk.case, reason="papers", actor=desk.head, at=NOW)


def test_the_numbers_are_those_of_the_day_the_round_began(desk: Desk):
    Policy.objects.create(
        kind="complaint_clocks",
        version=1,
        effective_on=TODAY + DAY,
        status="approved",
        values={**BUILT_IN, "complex_days": 5},
        drafted_by=desk.hq,
        drafted_at=NOW,
    )
    later = make.make_complaint(**desk.facts(received_on=TODAY + DAY, due_on=TODAY + 16 * DAY))
    for case, days in ((desk.case, 15), (later, 5)):
        asked = extensions.ask_extension(
            complaint=case, kind="complex", reason="事实复杂", actor=desk.handler, at=NOW + 2 * DAY
        )
        assert asked.days == days


def test_the_part_of_the_page_takes_every_step(desk: Desk, client_of: Callable[..., Any]):
    desk.case = make.make_complaint(**desk.facts(received_on=today(), due_on=today() + 15 * DAY))
    client, boss, number = client_of(desk.handler), client_of(desk.second), desk.case.number
    part = reverse("complaints:clocks", args=[number])

    def post(who: Any, name: str, *args: Any, **data: Any) -> Any:
        return who.post(reverse(f"complaints:{name}", args=[number, *args]), data, headers={"HX-Request": "true"})

    when = f"{now() - timedelta(minutes=1):%Y-%m-%dT%H:%M}"
    try_ = {"attempt-how": "phone", "attempt-result": "reached", "attempt-tried_at": when}
    made = post(client, "clocks_step", "attempt", **try_)
    assert (made.status_code, made.content.decode().count('hx-swap-oob="true"')) == (200, 1)
    assert post(client, "clocks_step", "pause", **{"pause-reason": "papers"}).status_code == 200
    assert post(client, "clocks_step", "pause", **{"pause-reason": "papers"}).status_code == 422
    assert post(client, "clocks_step", "resume").status_code == 200
    Pause.everything.update(started_at=now() - 14 * DAY)
    Complaint.everything.filter(pk=desk.case.pk).update(due_days=30)  # day 0 a fortnight ago
    shown = client.get(part).context
    assert (shown["paused_days"], [row.reason for row in shown["pauses"]]) == (
        rules.workdays_between(workdays(), today() - 14 * DAY, today()),
        ["papers"],
    )
    Complaint.everything.filter(pk=desk.case.pk).update(due_days=15)
    assert post(client, "clocks_step", "extend", **{"extend-kind": "complex"}).status_code == 422
    asked = {"extend-kind": "complex", "extend-reason": "事实复杂"}
    assert post(client, "clocks_step", "extend", **asked).status_code == 200
    row = Extension.everything.get()
    key = f"x{row.pk}"
    assert b"decide" not in client.get(part).content
    assert "/decide/" in boss.get(part).content.decode()
    assert post(client, "extension_step", row.pk, "decide", **{f"{key}-approved": "yes"}).status_code == 422
    assert post(boss, "extension_step", row.pk, "decide", **{f"{key}-approved": "yes"}).status_code == 200
    told = {f"{key}-told_on": f"{today():%Y-%m-%d}", f"{key}-told_how": "sms", f"{key}-proof": "短信回执"}
    assert post(client, "extension_step", row.pk, "tell", **told).status_code == 200
    assert desk.again().due_days == 30
    assert post(client, "clocks_step", "nothing").status_code == 404
    stranger = client_of(make.make_user(role="branch_head", branch=make.make_branch(parent=desk.top)))
    assert stranger.get(part).status_code == 404
    assert post(stranger, "extension_step", row.pk, "tell", **told).status_code == 404


def test_whatever_is_paused_the_law_runs_on_and_the_internal_clock_is_right(desk: Desk):
    rng, day, stood = random.Random(20), TODAY, set()
    moment, since = NOW, None
    for _ in range(24):
        step = rng.choice((0, 0, 1, 2, 5))
        moment, day = moment + step * DAY + timedelta(minutes=1), day + step * DAY
        if since is None:
            services.pause_clock(complaint=desk.case, reason="answer", actor=desk.handler, at=moment)
            since = day
        else:
            case = services.resume_clock(complaint=desk.case, actor=desk.handler, at=moment)
            stood |= {since + (n + 1) * DAY for n in range((day - since).days)}
            worked, last = 10 + sum(workdays().is_workday(one) for one in stood), TODAY
            while worked:
                last += DAY
                worked -= workdays().is_workday(last)
            assert case.internal_due_on == last
            since = None
        case = desk.again()
        assert (case.due_on, case.due_days) == (TODAY + 15 * DAY, 15)
        assert (case.internal_due_on is None) is (since is not None) is (case.paused_at is not None)


def test_the_numbers_are_edited_and_compared(desk: Desk):
    given = {**{name: BUILT_IN[name] for name in LIMITS}, "effective_on": "2027-01-01", "note": "缩短内部时限"}
    form = CLOCKS.form({**given, "internal": "0 | 8 | 5 | 2\n4|5|3|1"}, kind=CLOCKS, values=BUILT_IN)
    assert form.is_valid(), form.errors
    assert form.typed_values() == {**BUILT_IN, "internal": [[0, 8, 5, 2], [4, 5, 3, 1]]}
    for lines in ("", "0 | 8 | 5", "0 | 5 | 8 | 2", "1 | 8 | 5 | 2", "x"):
        form = CLOCKS.form({**given, "internal": lines}, kind=CLOCKS, values=BUILT_IN)
        assert list(form.errors) == ["internal"]
    assert CLOCKS.parts is not None
    assert CLOCKS.parts(BUILT_IN)["internal"][1] == "0 / 10 / 7 / 3; 4 / 7 / 5 / 2; 6 / 5 / 3 / 2"
