"""V06: what puts customers on the list of the day, and what verdicts do to it."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import TrailEntry
from customers.models import Customer, CustomerPosition, FedDay, PositionChange
from servicing.enums import Proposal, SkipReason, Verdict
from servicing.models import DayMark, Feedback, FollowUp, Maturity, Referral
from servicing.queries.today import Today, today_of
from servicing.rules.today import Verdicts
from servicing.services.today import (
    NothingProposed,
    NothingToTakeBack,
    WhyNeeded,
    finish_entry,
    skip_entry,
    take_back,
)
from staff.models import Absence, User
from tests.factories import (
    NOW,
    TODAY,
    first_scheme,
    make_alert,
    make_branch,
    make_customer,
    make_head_office,
    make_interaction,
    make_promise,
    make_term_account,
    make_user,
)

DAY = timedelta(days=1)


@pytest.fixture
def manager(db: None) -> User:
    first_scheme()
    FedDay.objects.create(on=TODAY, is_full=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT customers_ensure_month(%s)", [TODAY - 20 * DAY])
        cursor.execute("SELECT customers_ensure_month(%s)", [TODAY])
    return make_user(role="manager", branch=make_branch(parent=make_head_office()), name="王经理")


def make_mine(manager: User, **fields: Any) -> Customer:
    """A customer of the book in tier 3, spoken to a fortnight ago."""
    position = {"last_contact_on": TODAY - 14 * DAY, **fields.pop("position", {})}
    return make_customer(manager=manager, tier=fields.pop("tier", 3), position=position, **fields)


def moved(customer: Customer, before: int) -> None:
    PositionChange.objects.create(customer=customer, on=TODAY - 9 * DAY, total=before, day_sum=0)


def kinds(found: Today) -> dict[str, list[str]]:
    reasons = defaultdict(list)
    for entry in found.entries:
        reasons[entry.customer.name] = [str(reason.kind) for reason in entry.reasons]
    return dict(reasons)


def fill(manager: User) -> None:
    """A customer for each source, named after it, and one nothing speaks for."""
    make_mine(manager, name="平")
    for name, total, before in (("降", 600_000, 900_000), ("升", 900_000, 600_000)):
        moved(make_mine(manager, name=name, total=total), before)
    make_mine(manager, name="近", total=480_000, tier=2, position={"near": 1})
    make_mine(manager, name="危", total=480_000, position={"watch_since": TODAY - 3 * DAY})
    make_mine(manager, name="久", total=500_000, position={"last_contact_on": TODAY - 100 * DAY})
    make_mine(manager, name="寿", birth_date=TODAY.replace(year=1970))
    matures = make_mine(manager, name="满")
    make_term_account(customer=matures, matures_in=7)
    make_term_account(customer=matures, matures_in=40)
    talked, talk = make_term_account(customer=matures, matures_in=8), make_interaction(customer=matures)
    Maturity.everything.create(account=talked, customer=matures, matures_on=talked.matures_on, talk=talk)
    make_promise(customer=make_mine(manager, name="诺"))
    for name, due in (("务", TODAY), ("后", TODAY + DAY)):
        task = {"owner": manager, "created_at": NOW, "title": "送合同"}
        FollowUp.everything.create(customer=make_mine(manager, name=name), due_on=due, **task)
    referred = {"from_user": make_user(branch=manager.branch), "to_user": manager, "topic": "x", "made_at": NOW}
    Referral.everything.create(customer=make_mine(manager, name="荐"), branch=manager.branch, **referred)
    said = {"source": "counter", "kind": "question", "text": "?", "due_on": TODAY, "recorded_at": NOW}
    Feedback.objects.create(customer=make_mine(manager, name="言"), branch=manager.branch, owner=manager, **said)


def test_every_source_comes_together(manager: User) -> None:
    fill(manager)

    found = today_of(manager, manager, NOW)

    assert kinds(found) == {
        "满": ["maturity"],
        "诺": ["promise"],
        "荐": ["referral"],
        "言": ["feedback"],
        "降": ["drop"],
        "升": ["gain"],
        "近": ["near_up"],
        "危": ["tier_watch"],
        "久": ["cadence"],
        "寿": ["birthday"],
        "务": ["task"],
    }
    assert [entry.points for entry in found.entries] == sorted((e.points for e in found.entries), reverse=True)
    words = {entry.customer.name: entry.reasons[0].words for entry in found.entries}
    assert "300,000.00" in words["降"]
    assert "20,000.00" in words["近"]
    assert words["务"] == "送合同"
    benefits = {entry.customer.name: entry.benefit for entry in found.entries}
    assert benefits["满"] == Decimal("27666.67")  # 100,000 × 30 % × 83 / 90
    assert benefits["降"] == Decimal("45000.00")
    assert found.count == 11


def test_a_maturity_is_on_the_day_of_whoever_was_named_for_it(manager: User) -> None:
    backup, left = (make_user(role="manager", branch=manager.branch) for _n in range(2))
    for name, owner in (("交", backup), ("走", left), ("自", manager)):
        account = make_term_account(customer=make_mine(manager, name=name, backup=backup), matures_in=7)
        row = {"account": account, "customer": account.customer, "matures_on": account.matures_on}
        Maturity.everything.create(**row, owner=owner)
    left.is_active = False
    left.save(update_fields=["is_active"])
    assert kinds(today_of(manager, manager, NOW)) == {"走": ["maturity"], "自": ["maturity"]}
    assert kinds(today_of(backup, manager, NOW)) == {"交": ["maturity"]}
    Maturity.everything.update(talk=make_interaction(customer=Customer.everything.get(name="交")))
    assert kinds(today_of(backup, manager, NOW)) == {}


def test_a_talk_of_late_keeps_figures_quiet_but_not_what_is_owed(manager: User) -> None:
    for name, last in (("昨", TODAY - DAY), ("今", TODAY), ("前", TODAY - 8 * DAY)):
        customer = make_mine(manager, name=name, total=600_000, position={"last_contact_on": last})
        moved(customer, 900_000)
        make_promise(customer=customer)
    found = today_of(manager, manager, NOW)
    assert kinds(found) == {"昨": ["promise"], "今": ["promise", "drop"], "前": ["promise", "drop"]}
    assert {entry.customer.name for entry in found.entries if entry.is_spoken_to} == {"今"}


def test_customers_not_to_be_contacted_are_not_proposed(manager: User) -> None:
    for name, kind in (("丧", "bereavement"), ("拒", "do_not_contact"), ("诉", "complaint")):
        customer = make_mine(manager, name=name, birth_date=TODAY.replace(year=1970), total=600_000)
        moved(customer, 900_000)
        make_alert(customer=customer, kind=kind)
    found = today_of(manager, manager, NOW)
    assert kinds(found) == {"诉": ["drop"]}
    assert len(found.entries[0].alerts) == 1


def test_a_planned_contact_is_not_proposed_twice(manager: User) -> None:
    late = {"last_contact_on": TODAY - 100 * DAY}
    planned, later = make_mine(manager, name="到", position=late), make_mine(manager, name="后", position=late)
    facts = {"every": 60, "last": "2026-08-12"}
    for customer, due in ((planned, TODAY - 2 * DAY), (later, TODAY + DAY)):
        FollowUp.everything.create(
            customer=customer, owner=manager, kind="cadence", due_on=due, facts=facts, is_planned=True, created_at=NOW
        )
    found = today_of(manager, manager, NOW)
    assert kinds(found) == {"到": ["cadence"]}
    assert found.entries[0].reasons[0].score.lateness == 120


def test_only_the_own_book_and_those_stood_in_for(manager: User) -> None:
    branch = manager.branch
    deputised, backed, present = (make_user(role="manager", branch=branch) for _n in range(3))
    for who, backup in ((manager, None), (deputised, None), (backed, manager), (present, manager)):
        moved(make_mine(who, name=f"客{who.pk}", total=1, backup=backup), 900_000)
    make_mine(backed, name="没")
    away = {"starts_on": TODAY, "ends_on": TODAY + DAY, "created_by": manager, "created_at": NOW}
    Absence.objects.create(user=backed, **away)
    found = today_of(manager, manager, NOW)
    assert set(kinds(found)) == {f"客{manager.pk}", f"客{backed.pk}"}
    assert found.stands_in_for == (backed.name,)
    assert today_of(backed, backed, NOW).away is not None
    # A colleague of another branch sees nothing of it, whoever's list is asked for.
    stranger = make_user(role="branch_head", branch=make_branch(parent=branch.parent))
    assert today_of(manager, stranger, NOW).entries == ()
    head = make_user(role="branch_head", branch=branch)
    assert set(kinds(today_of(manager, head, NOW))) == set(kinds(found))


def test_done_skip_and_undo(manager: User) -> None:
    customer = make_mine(manager, name="降", total=600_000)
    moved(customer, 900_000)
    row = FollowUp.everything.create(customer=customer, owner=manager, due_on=TODAY, title="送合同", created_at=NOW)
    make_promise(customer=customer)
    keys = today_of(manager, manager, NOW).entries[0].keys
    assert len(keys) == 3

    finish_entry(customer=customer, keys=keys, actor=manager, at=NOW)

    row.refresh_from_db()
    assert (row.state, row.closed_by) == ("done", manager)
    found = today_of(manager, manager, NOW)
    assert (found.entries, found.done, found.skipped) == ((), 1, 0)
    assert set(DayMark.objects.values_list("kind", "verdict")) == {(k, "done") for k in ("drop", "task", "promise")}
    # The promise is silent for the day only.
    assert kinds(today_of(manager, manager, NOW + DAY)) == {"降": ["promise"]}
    assert TrailEntry.objects.filter(action="finish_today").count() == 1
    with pytest.raises(NothingProposed):
        finish_entry(customer=customer, keys=keys, actor=manager, at=NOW)

    take_back(customer=customer, actor=manager, at=NOW + timedelta(minutes=5))
    row.refresh_from_db()
    assert row.state == "open"
    assert set(today_of(manager, manager, NOW).entries[0].keys) == set(keys)
    with pytest.raises(NothingToTakeBack):
        take_back(customer=customer, actor=manager, at=NOW + timedelta(minutes=5))

    with pytest.raises(WhyNeeded):
        skip_entry(customer=customer, keys=keys, why="", actor=manager, at=NOW)
    # What was not seen is not judged.
    task = f"follow_up:{row.pk}"
    skip_entry(customer=customer, keys=[task], why="not_now", actor=manager, at=NOW + timedelta(minutes=6))
    row.refresh_from_db()
    assert (row.state, row.due_on) == ("open", TODAY + 3 * DAY)
    assert set(today_of(manager, manager, NOW).entries[0].keys) == set(keys) - {task}
    skip_entry(customer=customer, keys=keys, why="wrong", actor=manager, at=NOW + timedelta(minutes=7))
    found = today_of(manager, manager, NOW)
    assert found.entries == ()
    assert found.lessons[Proposal.DROP] == Verdicts(done=0, unwanted=1)


def test_too_late_to_take_back(manager: User) -> None:
    customer = make_mine(manager, total=600_000)
    moved(customer, 900_000)
    finish_entry(customer=customer, keys=[f"drop:{customer.pk}"], actor=manager, at=NOW)
    with pytest.raises(NothingToTakeBack):
        take_back(customer=customer, actor=manager, at=NOW + timedelta(minutes=16))


def test_verdicts_change_the_order(manager: User) -> None:
    fallen, near = make_mine(manager, name="降", total=600_000), make_mine(manager, name="升", total=900_000)
    moved(fallen, 900_000)
    moved(near, 500_000)
    assert list(kinds(today_of(manager, manager, NOW))) == ["降", "升"]
    others = [make_customer(manager=manager) for _n in range(10)]
    DayMark.objects.bulk_create(
        DayMark(
            user=manager,
            customer=other,
            on=TODAY - DAY,
            kind=Proposal.DROP,
            key=f"drop:{other.pk}",
            verdict=Verdict.SKIPPED,
            why=SkipReason.NOT_USEFUL,
            at=NOW,
        )
        for other in others
    )
    found = today_of(manager, manager, NOW)
    assert list(kinds(found)) == ["升", "降"]
    assert found.entries[1].reasons[0].score.taught == 50


def test_the_number_of_queries_does_not_depend_on_the_book(manager: User) -> None:
    def add(count: int) -> None:
        for _n in range(count):
            customer = make_mine(manager, total=600_000, position={"last_contact_on": TODAY - 100 * DAY})
            moved(customer, 900_000)
            make_term_account(customer=customer)
            make_promise(customer=customer)
            FollowUp.everything.create(customer=customer, owner=manager, due_on=TODAY, title="x", created_at=NOW)

    counts = []
    for more in (2, 20):
        add(more)
        with CaptureQueriesContext(connection) as queries:
            found = today_of(User.objects.get(pk=manager.pk), User.objects.get(pk=manager.pk), NOW)
        counts.append(len(queries))
        assert len(found.entries) == min(CustomerPosition.everything.count(), 20)
    assert counts[0] == counts[1] <= 42
