"""P05: one table of moves, and whatever is done in whatever order a case stands in a known state with right clocks."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from random import Random

import pytest
from django.db import IntegrityError, transaction

from complaints.enums import CaseState, ExtensionKind, Move
from complaints.models import CaseMove, Complaint, Decision, Evidence
from complaints.rules import clocks
from complaints.rules.clocks import BUILT_IN, PAUSABLE, read_clocks
from complaints.rules.moves import DECIDED, LIVE, MOVES, OPEN, leads_to, moves_from, steps
from complaints.services.states import NotAllowed, move
from core.workdays import Calendar
from tests import factories as make
from tests.factories import NOW, TODAY

RULES = read_clocks(BUILT_IN)
SEQUENCES, STEPS = 10_000, 12
CALENDAR = Calendar({date(2026, 12, 26): True, date(2026, 12, 31): False})
is_workday = cache(CALENDAR.is_workday)
DAY = timedelta(days=1)


def test_the_table_says_what_leads_where():
    named = {
        "accept": ("registered",),
        "investigate": ("accepted", "reopened"),
        "propose": ("investigating",),
        "send_back": ("proposed",),
        "answer": ("proposed",),
        "close": ("answered",),
        "withdraw": ("registered", "accepted", "investigating", "proposed", "reopened"),
        "reopen": ("answered", "closed", "withdrawn"),
    }
    assert {one.value: tuple(state.value for state in before) for one, (before, _after) in MOVES.items()} == named
    for state in CaseState:
        allowed = moves_from(state)
        assert [leads_to(one, state) is not None for one in Move] == [one in allowed for one in Move]
    # Every state is reached, and none is a dead end.
    assert {after for _before, after in steps()} | {CaseState.REGISTERED} == set(CaseState)
    assert {before for before, _after in steps()} == set(CaseState)
    assert {*OPEN, *DECIDED, CaseState.WITHDRAWN} == set(CaseState)
    assert set(LIVE) == {*OPEN, CaseState.ANSWERED}


class Life:
    """A case by the rules of the product, beside what a patient clerk counts on a wall calendar."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.state = chance, CaseState.REGISTERED
        self.day = date(2025, 12, 1) + DAY * chance.randrange(1_100)
        self.tier, self.grade = chance.randrange(8), chance.randint(1, 3)
        self.started(
            clocks.first_clocks(received_on=self.day, tier=self.tier, grade=self.grade, calendar=CALENDAR, rules=RULES)
        )

    def started(self, found: clocks.Started) -> None:
        self.began, self.due_on, self.due_days = self.day, found.due_on, found.due_days
        self.internal_due_on: date | None = found.internal_due_on
        self.internal_days = found.internal_days
        self.granted: list[str] = []
        self.pauses: list[tuple[date, date]] = []
        self.paused_on: date | None = None

    def act(self) -> None:
        """Time passes, and one thing is tried: a move, a pause or its end, or more time."""
        self.day += DAY * self.chance.choice((0, 0, 1, 2, 5))
        doing = self.chance.random()
        if doing < 0.75:
            self.move(self.chance.choice(list(MOVES)))
        elif doing < 0.9:
            self.pause_or_resume()
        else:
            self.more_time(self.chance.choice(list(ExtensionKind)))

    def move(self, tried: Move) -> None:
        after = leads_to(tried, self.state)
        assert (after is not None) == (tried in moves_from(self.state))
        if after is None:
            return
        self.state = after
        if self.paused_on is not None and after not in PAUSABLE:
            self.resume()
        if after == CaseState.REOPENED:
            self.started(
                clocks.reopened_clocks(
                    reopened_on=self.day, tier=self.tier, grade=self.grade, calendar=CALENDAR, rules=RULES
                )
            )

    def pause_or_resume(self) -> None:
        if self.paused_on is not None:
            self.resume()
        elif self.state in PAUSABLE:
            self.paused_on, self.internal_due_on = self.day, None

    def resume(self) -> None:
        assert self.paused_on is not None
        self.pauses.append((self.paused_on, self.day))
        self.paused_on = None
        paused = clocks.paused_workdays(CALENDAR, self.pauses, began=self.began)
        self.internal_due_on = clocks.internal_deadline(
            began=self.began, days=self.internal_days, paused=paused, calendar=CALENDAR
        )

    def more_time(self, kind: ExtensionKind) -> None:
        if self.state in OPEN and clocks.may_extend(kind, granted=self.granted, due_on=self.due_on, day=self.day):
            self.granted.append(kind)
            self.due_days += RULES.more_days(kind)
            self.due_on = clocks.deadline(began=self.began, days=self.due_days)

    def check(self) -> None:
        """Both clocks as the clerk counts them."""
        assert self.state in CaseState
        more = {"complex": 15, "special": 30}
        assert self.due_on == self.began + DAY * (15 + sum(more[kind] for kind in self.granted))
        assert clocks.began_on(due_on=self.due_on, due_days=self.due_days) == self.began
        assert self.due_days <= 60
        assert (self.paused_on is None) or (self.state in PAUSABLE)
        assert (self.internal_due_on is None) == (self.paused_on is not None)
        if self.internal_due_on is not None:
            stood = {first + DAY * (n + 1) for first, last in self.pauses for n in range((last - first).days)}
            used = sum(is_workday(day) and day not in stood for day in _after(self.began, self.day))
            late = sum(map(is_workday, _after(self.internal_due_on, self.day)))
            left = sum(map(is_workday, _after(self.day, self.internal_due_on)))
            assert used - self.internal_days == late - left


def _after(first: date, last: date) -> Iterator[date]:
    """Every day after the first one, up to the last."""
    return (first + DAY * (n + 1) for n in range((last - first).days))


def test_ten_thousand_random_lives_never_leave_the_table_or_the_clock():
    reached = set()
    for seed in range(SEQUENCES):
        life = Life(Random(seed))
        for _step in range(STEPS):
            life.act()
            reached.add(life.state)
        life.check()
    assert reached == set(CaseState)


# What every state wants of a row, so that only the move itself can be refused.
COMPLETE = {"answered_on": TODAY, "closed_on": TODAY, "cause": "slow"}


def _delivered(cases: list[Complaint]) -> None:
    """A decision of each case that was approved and handed over."""
    first, second = make.make_user(password=""), make.make_user(password="")
    about = {"finding": "upheld", "facts_cipher": b"x", "words_cipher": b"x", "proposed_by": first, "proposed_at": NOW}
    about |= {"approved_by": second, "delivered_on": TODAY, "delivery": "post", "proof": "EMS 1"}
    Decision.everything.bulk_create(Decision(complaint=case, round=1, **about) for case in cases)


@pytest.mark.django_db
def test_the_database_allows_exactly_the_pairs_of_the_table():
    branch = make.make_branch()
    for before in CaseState:
        case = make.make_complaint(branch=branch, state=before, **COMPLETE)
        if before == CaseState.ANSWERED:
            _delivered([case])
        for after in set(CaseState) - {before}:
            with transaction.atomic():
                rows = Complaint.everything.filter(pk=case.pk)
                if (before, after) in steps():
                    assert rows.update(state=after) == 1
                else:
                    with pytest.raises(IntegrityError, match="no move leads from"):
                        rows.update(state=after)
                transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_hundred_random_lives_in_the_database():
    """Half of the tries go straight at the row, past every service; the other half through the one place for moves."""
    head = make.make_user(role="branch_head", password="")
    cases = [make.make_complaint(branch=head.branch, **COMPLETE) for _n in range(100)]
    _delivered(cases)
    for seed, case in enumerate(cases):
        chance, state = Random(seed), CaseState.REGISTERED
        for _step in range(4):
            if seed % 10:
                wanted = chance.choice(list(CaseState))
                allowed = wanted == state or (state, wanted) in steps()
                try:
                    with transaction.atomic():
                        Complaint.everything.filter(pk=case.pk).update(state=wanted)
                    assert allowed
                    state = wanted
                except IntegrityError:
                    assert not allowed
            else:
                tried = chance.choice(list(MOVES))
                after = leads_to(tried, state)
                try:
                    move(complaint=case, move=tried, actor=head, at=NOW)
                    assert after is not None
                    state = after
                except NotAllowed:
                    assert after is None
        assert Complaint.everything.values_list("state", flat=True).get(pk=case.pk) == state
    told = CaseMove.everything.exclude(move="register")
    assert all((row.from_state, row.to_state) in steps() for row in told)
    assert told.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["closed", "withdrawn"])
def test_the_file_of_an_ended_case_does_not_change(state: str):
    case = make.make_complaint(state=state)
    user = make.make_user(password="")
    for changes in ({"category": "fees"}, {"due_on": TODAY + DAY * 30}, {"account_cipher": b"x"}):
        with pytest.raises(IntegrityError, match="has ended"), transaction.atomic():
            Complaint.everything.filter(pk=case.pk).update(**changes)
    about = {"complaint": case, "added_by": user, "added_at": NOW, "sha256": b"0" * 32, "stored_as": case.once}
    with pytest.raises(IntegrityError, match="has ended"), transaction.atomic():
        Evidence.everything.create(name="a.pdf", kind="application/pdf", size=1, **about)
    decided = {"complaint": case, "round": 1, "finding": "upheld", "proposed_by": user, "proposed_at": NOW}
    with pytest.raises(IntegrityError, match="has ended"), transaction.atomic():
        Decision.everything.create(facts_cipher=b"x", words_cipher=b"x", **decided)
    for act in (CaseMove.everything.all().delete, lambda: CaseMove.everything.update(note="x")):
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            act()
