"""The night's planning: equal to a slow obvious one, never doubled, right after a kill, with people on leave."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import SHANGHAI
from core.models import TrailEntry
from core.trail import NIGHT
from customers.models import Customer, CustomerPosition
from servicing.models import FollowUp
from servicing.queries.planning import standards_by_rank
from servicing.rules.cadence import Light, light
from servicing.services import planning
from staff.models import Absence, Branch, User
from tests import factories as make
from tiers.models import TierChange

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 10)  # a Tuesday
NEXT = DAY + timedelta(days=1)
AT = datetime(2026, 3, 11, 2, 0, tzinfo=SHANGHAI)
EVERY = {1: 365, 2: 180, 3: 60, 4: 30}
# As the State Council announced them, as far as anything here falls due: Qingming, Labour Day, a Saturday worked.
OFF = {date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 4), date(2026, 5, 5)}
WORKED = {date(2026, 5, 9)}


@pytest.fixture
def branch() -> Branch:
    make.first_scheme()
    return make.make_branch(parent=make.make_head_office())


def manager(branch: Branch, **fields: Any) -> User:
    return make.make_user(role="manager", branch=branch, password="", **fields)


def customer(owner: User | None, *, tier: int = 4, ago: int | None = 0, since: int = 1000, **fields: Any) -> Customer:
    """A customer last spoken to `ago` days before DAY, in its tier for `since` days."""
    last = None if ago is None else DAY - timedelta(days=ago)
    standing = {"last_contact_on": last, "tier_since": DAY - timedelta(days=since), **fields.pop("position", {})}
    return make.make_customer(manager=owner, tier=tier, position=standing, **fields)


def absent(user: User, deputy: User | None, *, first: int = 0, last: int = 5) -> Absence:
    days = {"starts_on": DAY + timedelta(days=first), "ends_on": DAY + timedelta(days=last)}
    return Absence.objects.create(user=user, deputy=deputy, created_by=user, created_at=AT, **days)


def run(day: date = DAY, **options: Any) -> dict[str, int]:
    at = datetime.combine(day + timedelta(days=1), AT.timetz())
    return planning.run(business_day=day, actor=NIGHT, at=at, **options)


def plans() -> set[tuple[str, str, str, date]]:
    """What is open: customer, kind, owner, day due."""
    rows = FollowUp.everything.filter(state="open").select_related("customer", "owner")
    return {(row.customer.customer_no, row.kind, row.owner.username, row.due_on) for row in rows}


def test_silence_is_planned_in_its_last_days(branch: Branch) -> None:
    """Amber ones are due on the last day allowed, red ones at once; weekends are left out, others left alone."""
    lin = manager(branch, username="lin")
    customer(lin, customer_no="green", ago=23)
    customer(lin, customer_no="amber", ago=25)  # due on Sunday 15 March
    customer(lin, customer_no="red", ago=31)
    customer(lin, customer_no="never", ago=None, tier=3, since=61)
    customer(None, customer_no="nobodys", ago=90, branch=branch)
    for number, kind in (("quiet", "do_not_contact"), ("grave", "bereavement")):
        make.make_alert(customer=customer(lin, customer_no=number, ago=90), kind=kind, starts_on=DAY)
    make.make_alert(customer=customer(lin, customer_no="complains", ago=90), kind="complaint", starts_on=DAY)

    counts = run()

    assert counts["cadence"] == counts["rows"] == 4
    assert plans() == {
        ("amber", "cadence", "lin", date(2026, 3, 13)),
        ("red", "cadence", "lin", NEXT),
        ("never", "cadence", "lin", NEXT),
        ("complains", "cadence", "lin", NEXT),
    }
    red = FollowUp.everything.get(customer__customer_no="red")
    assert red.facts == {"last": "2026-02-07", "since": "2023-06-14", "every": 30}
    assert (red.planned_for, red.is_planned, red.created_by) == (date(2026, 3, 9), True, None)
    assert run()["rows"] == 0
    assert TrailEntry.objects.filter(subject="servicing.planning", changes__cadence=4).count() == 1


def test_leave_deputy_backup_and_return(branch: Branch) -> None:
    """Away: the deputy; away without one or with one away too: the backup; nobody there: the manager all the same."""
    lin, deputy, backup = (manager(branch, username=name) for name in ("lin", "deputy", "backup"))
    absence = absent(lin, deputy)
    customer(lin, customer_no="c1", ago=40, backup=backup)
    later = customer(lin, customer_no="c2", ago=24, backup=backup)  # due on 16 March, after the leave
    gone = make.make_user(role="manager", branch=branch, username="gone", is_active=False, password="")
    customer(gone, customer_no="c3", ago=40, backup=backup)
    customer(gone, customer_no="c4", ago=40)
    away = manager(branch, username="away")
    absent(away, None)
    customer(away, customer_no="c5", ago=40, backup=backup)
    customer(away, customer_no="c6", ago=40)

    run()

    due = date(2026, 3, 16)
    expected = {("c1", "deputy", NEXT), ("c2", "lin", due), ("c3", "backup", NEXT), ("c5", "backup", NEXT)}
    assert {(no, owner, on) for no, _kind, owner, on in plans()} == expected | {("c6", "away", NEXT)}
    Absence.objects.filter(pk=absence.pk).update(cancelled_at=AT)
    later_leave = absent(lin, None, first=5, last=9)

    assert run()["moved"] == 2  # c1 back from the deputy, c2 to the backup

    assert {(no, owner) for no, _kind, owner, _on in plans()} >= {("c1", "lin"), ("c2", "backup")}
    Absence.objects.filter(pk=later_leave.pk).update(cancelled_at=AT)
    # Another manager in the core's file, without a hand-over.
    CustomerPosition.everything.filter(customer=later).update(manager=deputy)
    Customer.everything.filter(pk=later.pk).update(manager=deputy, backup=None)
    assert run()["moved"] == 1
    assert FollowUp.everything.get(customer=later).owner == deputy


def test_reasons_that_went_away(branch: Branch) -> None:
    """A contact does what was planned; an alert or a lower tier cancels it; what was skipped waits its days."""
    lin = manager(branch)
    numbers = ("spoken", "failed", "alerted", "lowered", "skipped")
    people = {number: customer(lin, customer_no=number, ago=40) for number in numbers}
    run()
    FollowUp.everything.filter(customer=people["skipped"]).update(
        state="skipped", skip_reason="not_now", closed_at=AT, closed_by=lin
    )
    CustomerPosition.everything.filter(customer=people["spoken"]).update(last_contact_on=NEXT)
    CustomerPosition.everything.filter(customer=people["lowered"]).update(tier=1)
    make.make_alert(customer=people["alerted"], kind="bereavement", starts_on=DAY)

    counts = run(NEXT)

    assert (counts["closed"], counts["cadence"]) == (3, 0)
    states = dict(FollowUp.everything.values_list("customer__customer_no", "state"))
    assert states == {
        "spoken": "done",
        "failed": "open",
        "alerted": "cancelled",
        "lowered": "cancelled",
        "skipped": "skipped",
    }
    assert run(DAY + timedelta(days=29))["cadence"] == 1  # the one spoken to, its last days have come
    again = DAY + timedelta(days=31)
    assert run(again)["cadence"] == 1
    once_more = FollowUp.everything.get(customer=people["skipped"], state="open")
    assert (once_more.planned_for, once_more.due_on) == (again, date(2026, 4, 13))


def test_tier_moves_and_review_meetings(branch: Branch) -> None:
    """Who rose is congratulated, who is on watch talked to, while it holds; reviews come by the tier's beginning."""
    lin = manager(branch, username="lin")
    rose = customer(lin, customer_no="rose", tier=2)
    watched = customer(lin, customer_no="watched", tier=2, position={"watch_since": DAY})
    fell = customer(lin, customer_no="fell", tier=1)
    for one, event, before, after in (
        (rose, "up", 1, 2),
        (watched, "watched", 2, 2),
        (fell, "up", 1, 2),
        (customer(lin, tier=2), "first", 0, 2),
    ):
        TierChange.everything.create(
            customer=one,
            on=DAY,
            event=event,
            from_tier=before,
            to_tier=after,
            to_watch=DAY if event == "watched" else None,
            scheme=make.first_scheme(),
            measure="balance",
            value=1,
            window_from=DAY,
            window_to=DAY,
            branch=branch,
            manager=lin,
        )
    customer(lin, customer_no="met", tier=3, position={"tier_since": date(2024, 3, 20)})
    customer(lin, customer_no="not_yet", tier=3, position={"tier_since": date(2024, 3, 30)})
    customer(lin, customer_no="missed", tier=4, position={"tier_since": date(2025, 9, 5)})

    counts = run()

    assert (counts["tiers"], counts["review"]) == (2, 2)
    assert plans() == {
        ("rose", "tier_up", "lin", date(2026, 3, 13)),
        ("watched", "tier_watch", "lin", date(2026, 3, 17)),
        ("met", "review", "lin", date(2026, 3, 20)),
        ("missed", "review", "lin", NEXT),
    }
    CustomerPosition.everything.filter(customer=watched).update(watch_since=None)
    assert run()["closed"] == 1
    assert not FollowUp.everything.filter(customer=watched, state="open").exists()
    FollowUp.everything.filter(kind="review").update(state="done", closed_at=AT, closed_by=lin)
    assert run()["review"] == 0  # held: the next one is half a year or a year away


def test_a_kill_between_chunks_loses_and_doubles_nothing(branch: Branch) -> None:
    lin = manager(branch)
    keys = [customer(lin, ago=40).pk for _n in range(5)]
    seen: list[int] = []

    def killed(low: int) -> None:
        seen.append(low)
        if low >= keys[2]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(chunk_ids=1, after_chunk=killed)
    planned = FollowUp.everything.count()

    assert 0 < planned < 5
    assert run(chunk_ids=2)["cadence"] == 5 - planned
    assert FollowUp.everything.count() == 5
    assert run(chunk_ids=1)["rows"] == 0


book = st.lists(
    st.tuples(
        st.integers(0, 4),  # tier, 0 = none yet
        st.none() | st.integers(0, 400),  # days since the last contact
        st.sampled_from(["here", "away", "gone", "none"]),  # the manager
        st.booleans(),  # has a backup
        st.sampled_from(["", "", "do_not_contact", "fraud_risk"]),
    ),
    max_size=8,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(book=book)
def test_planned_as_one_would_by_hand(branch: Branch, book: list[tuple[int, int | None, str, bool, str]]) -> None:
    """Set-based planning gives what looking at each customer in turn gives."""
    FollowUp.everything.all().delete()
    CustomerPosition.everything.update(manager=None)
    owners = {"here": manager(branch), "away": manager(branch), "gone": manager(branch, is_active=False), "none": None}
    backup = manager(branch)
    Absence.objects.create(user=owners["away"], starts_on=DAY, ends_on=NEXT, created_by=backup, created_at=AT)
    expected = set()
    for tier, ago, who, has_backup, alert in book:
        one = customer(owners[who], tier=tier, ago=ago, since=200, backup=backup if has_backup else None, branch=branch)
        if alert:
            make.make_alert(customer=one, kind=alert, starts_on=DAY)
        expected |= set(by_hand(one, who, alert))

    run()

    assert {
        (row.customer_id, row.owner_id, row.due_on) for row in FollowUp.everything.filter(kind="cadence")
    } == expected
    assert run(chunk_ids=3)["rows"] == 0


def by_hand(one: Customer, who: str, alert: str) -> Iterator[tuple[int, int, date]]:
    position, every = one.position, EVERY.get(one.position.tier)
    shown = light(position.last_contact_on, position.tier_since, every, 20, DAY)
    if one.manager is None or alert == "do_not_contact" or shown not in {Light.AMBER, Light.RED} or every is None:
        return
    due = max((position.last_contact_on or position.tier_since) + timedelta(days=every), NEXT)
    while due in OFF or (due.weekday() > 4 and due not in WORKED):
        due -= timedelta(days=1)
    is_here = who == "here" or (who == "away" and due > NEXT)
    if is_here or one.backup or who == "away":
        yield one.pk, (one.manager if is_here or not one.backup else one.backup).pk, due


def test_the_standards_of_the_ranks(branch: Branch) -> None:
    assert {rank: one.contact_days for rank, one in standards_by_rank(DAY).items()} == EVERY
