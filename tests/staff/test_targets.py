"""Targets: what may be none, four eyes, what was handed down, versions and their guards; teams and who is in them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from core.clock import SHANGHAI, now, today
from core.errors import DomainError
from core.models import TrailEntry
from core.trail import NIGHT
from staff.enums.targets import TargetMeasure, TargetPeriod, TargetState
from staff.models import Approval, Branch, Notification, Target, Team, TeamMember, User
from staff.queries import targets as queries
from staff.rules import targets as rules
from staff.services import targets as services
from staff.services import teams
from staff.services.targets import Aim
from tests import factories as make

pytestmark = pytest.mark.django_db
QUARTER = TargetPeriod.QUARTER


@pytest.fixture
def bank() -> dict[str, Any]:
    """A bank with a region, two branches, their heads, and managers."""
    top = make.make_head_office()
    region = make.make_branch(parent=top, kind="region")
    one, two = make.make_branch(parent=region), make.make_branch(parent=region)

    def person(role: str, branch: Branch) -> User:
        return make.make_user(role=role, branch=branch, password="")

    return {
        "one": one,
        "two": two,
        "region": region,
        "top": top,
        "head": person("branch_head", one),
        "office": person("head_office", region),
        "hq": person("head_office", top),
        "hq2": person("head_office", top),
        "lin": person("manager", one),
        "wang": person("manager", one),
        "far": person("manager", two),
        "teller": person("teller", one),
    }


def propose(bank: dict[str, Any], aim: str, *, by: str = "head", branch: str = "one", **fields: Any) -> Target:
    wanted: dict[str, Any] = {"measure": TargetMeasure.ADB_GROWTH, "period": QUARTER, "day": today(), "note": "因"}
    wanted |= fields
    at = wanted.pop("at", None) or now()
    return services.propose_target(wanted=Aim(branch=bank[branch], aim=Decimal(aim), **wanted), actor=bank[by], at=at)


def decide(target: Target, by: User, *, approve: bool = True, at: datetime | None = None) -> Target:
    facts: dict[str, Any] = {"digest": queries.target_digest(target), "approve": approve, "comment": "同意"}
    return services.decide_target(target=target, actor=by, at=at or now(), **facts)


def refused(code: str, act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as caught:
        act()
    assert caught.value.code == code
    return str(caught.value)


@pytest.mark.parametrize(
    ("measure", "code"),
    [
        (TargetMeasure.DAY_BALANCE, "target_point_in_time"),
        (TargetMeasure.MONTH_END, "target_point_in_time"),
        (TargetMeasure.RANK, "target_rank"),
        (TargetMeasure.MARKET_SHARE, "target_rank"),
        (TargetMeasure.PEERS, "target_rank"),
        ("anything", "target_measure"),
    ],
)
def test_sizes_on_a_day_and_ranks_are_no_targets(bank: dict[str, Any], measure: str, code: str) -> None:
    """B9, F01: refused with the reason and where it stands; the database refuses what went round the service."""
    text = refused(code, lambda: propose(bank, "1", measure=measure))
    assert "2018" in text or code == "target_measure"
    row: dict[str, Any] = {"of": "unit", "branch": bank["one"], "measure": measure, "period": QUARTER, "aim": 1}
    row |= {"starts_on": date(2026, 10, 1), "ends_on": date(2026, 12, 31), "drafted_by": bank["hq"]}
    with pytest.raises(DatabaseError, match="target_measure_permitted"), transaction.atomic():
        Target.objects.create(**row, drafted_at=now())


def test_rules() -> None:
    assert set(rules.PERMITTED).isdisjoint(rules.FORBIDDEN)
    assert set(rules.PERMITTED) | set(rules.FORBIDDEN) == set(TargetMeasure)
    assert rules.period_of("month", date(2026, 12, 5)) == (date(2026, 12, 1), date(2026, 12, 31))
    assert rules.period_of("quarter", date(2026, 2, 28)) == (date(2026, 1, 1), date(2026, 3, 31))
    assert rules.next_period("quarter", date(2026, 11, 1)) == (date(2027, 1, 1), date(2027, 3, 31))
    assert rules.period_of("year", date(2024, 2, 29)) == (date(2024, 1, 1), date(2024, 12, 31))
    days = (date(2026, 11, 1), date(2026, 11, 30))
    assert [rules.share_of_time(*days, date(2026, 11, day)) for day in (1, 15, 30)] == [3, 50, 100]
    assert rules.share_of_time(*days, date(2026, 10, 1)) == 0

    def raises(measure: str, aim: str, handed: str, beside: str = "0") -> bool:
        return rules.raises_handed_down(measure, aim=Decimal(aim), beside=Decimal(beside), handed=Decimal(handed))

    assert [raises("adb_growth", aim, "100", "60") for aim in ("40", "40.01")] == [False, True]
    assert [raises("satisfaction", aim, "8.5", "99") for aim in ("8.5", "8.51")] == [False, True]
    assert [raises("churn", aim, "3") for aim in ("3", "2.99")] == [False, True]
    assert rules.is_met("churn", Decimal(3), Decimal(3))
    assert not rules.is_met("churn", Decimal(3), Decimal("3.01"))


def test_the_unit_above_decides_and_nobody_alone(bank: dict[str, Any]) -> None:
    target = propose(bank, "500000", person=bank["lin"])
    assert (target.state, target.version, target.starts_on.day) == (TargetState.PENDING, 1, 1)
    waiting = Notification.objects.filter(event="approval_waiting").values_list("user", flat=True)
    assert set(waiting) == {bank["office"].pk, bank["hq"].pk, bank["hq2"].pk}
    assert list(queries.targets_to_decide(bank["office"])) == [target]
    assert not queries.targets_to_decide(bank["head"]).exists()
    assert not queries.targets_for(bank["lin"]).exists(), "a draft is not the person's to see"

    refused("target_not_decider", lambda: decide(target, bank["head"]))
    stale = services.decide_target
    refused("stale_approval", lambda: stale(target=target, digest="x", approve=True, actor=bank["hq"], at=now()))
    decided = decide(target, bank["office"])
    assert (decided.state, decided.approved_by) == (TargetState.APPROVED, bank["office"])
    assert Approval.objects.get(kind="target").decision == "approved"
    assert Notification.objects.get(event="target_set").user == bank["lin"]
    assert list(queries.targets_for(bank["lin"])) == [target]
    assert not queries.targets_for(bank["wang"]).exists()
    assert not queries.targets_for(bank["teller"]).exists()
    assert [entry.action for entry in TrailEntry.objects.filter(subject="staff.target").order_by("pk")] == [
        "create",
        "publish",
    ]
    # The bank's own office decides among itself.
    of_region = propose(bank, "9000000", by="hq", branch="region")
    assert set(queries.deciders_of(of_region)) == {bank["hq2"]}
    refused("target_exists", lambda: propose(bank, "1", person=bank["lin"]))
    refused("target_not_yours", lambda: propose(bank, "1", person=bank["far"]))
    refused("target_not_yours", lambda: propose(bank, "1", person=bank["teller"]))
    refused("target_not_yours", lambda: propose(bank, "1", by="head", branch="two"))
    refused("target_aim", lambda: propose(bank, "101", measure="follow_ups"))
    refused("target_period", lambda: propose(bank, "3", measure="churn", period="month"))
    refused("target_over", lambda: propose(bank, "3", day=today() - timedelta(days=200)))


def test_days_and_people_at_their_edges(bank: dict[str, Any]) -> None:
    """The last day is the last on the bank's clock, when asked and when decided; nobody is asked for twice."""
    lin, wang, office = bank["lin"], bank["wang"], bank["office"]
    over = datetime.combine(rules.period_of(QUARTER, today())[1] + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)
    waiting = propose(bank, "1", person=lin, at=over - timedelta(seconds=1))
    refused("target_exists", lambda: propose(bank, "1", person=lin))
    refused("target_over", lambda: propose(bank, "1", person=wang, at=over))
    refused("target_over", lambda: decide(waiting, office, at=over))
    team = make.make_team(branch=bank["one"], members=(lin,), lead=wang)
    decide(propose(bank, "1", team=team), office)
    assert set(Notification.objects.filter(event="target_set").values_list("user", flat=True)) == {lin.pk, wang.pk}
    User.objects.filter(pk=wang.pk).update(is_active=False)
    wang.refresh_from_db()
    refused("target_not_yours", lambda: propose(bank, "1", person=wang))


def test_lower_units_do_not_raise_what_was_handed_down(bank: dict[str, Any]) -> None:
    """domain.md 2: the sum of what a unit asks of its people is not more than was asked of it."""
    decide(propose(bank, "100", by="office"), bank["hq"])
    text = refused("target_raised", lambda: propose(bank, "100.01", person=bank["lin"]))
    assert bank["one"].name in text
    decide(propose(bank, "60", person=bank["lin"]), bank["office"])
    refused("target_raised", lambda: propose(bank, "41", person=bank["wang"]))
    month = propose(bank, "100", person=bank["wang"], period="month")
    assert decide(month, bank["office"], approve=False).state == TargetState.REJECTED
    waiting = propose(bank, "40", person=bank["wang"])
    # A year is not bound by a quarter; a quarter of a branch by the region's.
    propose(bank, "900", person=bank["lin"], period="year")
    # Adjusting counts the new aim in place of the old one.
    mine = Target.objects.get(person=bank["lin"], state=TargetState.APPROVED)
    refused(
        "target_raised",
        lambda: services.adjust_target(target=mine, aim=Decimal(61), note="多", actor=bank["head"], at=now()),
    )
    # What was handed down in the meantime counts when it is decided.
    lower = services.adjust_target(
        target=Target.objects.get(of="unit"), aim=Decimal(50), note="少", actor=bank["office"], at=now()
    )
    decide(lower, bank["hq"])
    refused("target_raised", lambda: decide(waiting, bank["office"]))
    decide(propose(bank, "8", by="office", measure="satisfaction"), bank["hq"])
    refused("target_raised", lambda: propose(bank, "8.5", measure="satisfaction", person=bank["lin"]))


def test_units_of_one_level_add_up_to_the_one_above_and_people_to_their_unit(bank: dict[str, Any]) -> None:
    """The nearest unit binds; a region and its branches are not added up; an adjusted aim counts once, in its place."""
    office, hq, hq2 = bank["office"], bank["hq"], bank["hq2"]
    decide(propose(bank, "200", by="hq", branch="top"), hq2)
    of_region = propose(bank, "100", by="hq", branch="region")
    assert not queries.targets_to_decide(hq).exists(), "nobody's own"
    decide(of_region, hq2)
    refused("target_raised", lambda: propose(bank, "101", by="office"))
    decide(propose(bank, "100", by="office"), hq)
    refused("target_raised", lambda: propose(bank, "0.01", by="office", branch="two"))

    mine = decide(propose(bank, "60", person=bank["lin"]), office)
    propose(bank, "40", person=bank["wang"])
    third = make.make_user(role="manager", branch=bank["one"], password="")
    refused("target_raised", lambda: propose(bank, "0.01", person=third))
    facts: dict[str, Any] = {"note": "多", "at": now()}
    services.adjust_target(target=mine, aim=Decimal(60), actor=bank["head"], **facts)
    # What was handed down to a region does not bind it in its own name.
    raised = services.adjust_target(target=of_region, aim=Decimal(150), actor=hq, **facts)
    assert decide(raised, hq2).state == TargetState.APPROVED
    held = Target.objects.filter(pk=mine.pk)
    days = [mine.starts_on - timedelta(days=1), mine.starts_on, mine.ends_on, mine.ends_on + timedelta(days=1)]
    assert [queries.in_force_on(held, day).exists() for day in days] == [False, True, True, False]


def test_changed_only_by_a_later_version(bank: dict[str, Any]) -> None:
    first = decide(propose(bank, "60", person=bank["lin"]), bank["office"])
    second = services.adjust_target(target=first, aim=Decimal(40), note="休假", actor=bank["head"], at=now())
    assert Target.objects.get(pk=first.pk).state == TargetState.APPROVED, "in force until the change is"
    decide(second, bank["hq"])
    versions = list(queries.versions_of(second).values_list("version", "aim", "state", "note"))
    assert versions == [(2, Decimal(40), "approved", "休假"), (1, Decimal(60), "replaced", "因")]
    refused(
        "target_not_adjustable",
        lambda: services.adjust_target(target=first, aim=Decimal(1), note="x", actor=bank["head"], at=now()),
    )
    for change in ({"aim": 1}, {"note": "别的"}, {"state": "pending"}, {"measure": "churn"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Target.objects.filter(pk=second.pk).update(**change)
    with pytest.raises(DatabaseError, match="targets are kept"), transaction.atomic():
        second.delete()
    third = propose(bank, "1", person=bank["wang"])
    refused("stale_approval", lambda: services.withdraw_target(target=third, actor=bank["hq"], at=now()))
    assert services.withdraw_target(target=third, actor=bank["head"], at=now()).state == TargetState.WITHDRAWN
    counts = services.run(business_day=second.ends_on + timedelta(days=1), actor=NIGHT, at=now())
    assert counts["ended"] == 1
    assert services.run(business_day=second.ends_on, actor=NIGHT, at=now())["ended"] == 0
    assert Target.objects.get(pk=second.pk).state == TargetState.OVER


def test_teams(bank: dict[str, Any]) -> None:
    head, lin, wang = bank["head"], bank["lin"], bank["wang"]

    def make_team(name: str, **fields: Any) -> Team:
        return teams.create_team(name=name, actor=head, at=now(), **{"branch": bank["one"], **fields})

    def put(team: Team, *members: User, **fields: Any) -> None:
        asked: dict[str, Any] = {"name": team.name, "lead": None, "tiers": [], "is_active": True, **fields}
        teams.change_team(team=team, members=members, actor=head, at=now(), **asked)

    def members(team: Team) -> set[int]:
        return set(team.members.filter(until=None).values_list("user_id", flat=True))

    gold, mass = make_team("金", tiers=[4, 3, 3]), make_team("普")
    assert gold.tiers == [3, 4]
    refused("team_name_taken", lambda: make_team("金"))
    refused("not_your_team", lambda: make_team("外", branch=bank["two"]))
    put(gold, lin, wang, lead=lin)
    assert members(gold) == {lin.pk, wang.pk}
    refused("not_in_unit", lambda: put(gold, bank["far"]))
    refused("not_in_unit", lambda: put(gold, lin, lead=head))
    TeamMember.objects.update(since=today() - timedelta(days=9))
    put(mass, wang)  # changes over
    assert (members(gold), members(mass)) == ({lin.pk}, {wang.pk})
    assert TeamMember.objects.on(today() - timedelta(days=1)).filter(user=wang).get().team == gold
    assert TeamMember.objects.on(today()).filter(user=wang).get().team == mass
    entry = TrailEntry.objects.filter(subject="staff.team").latest("pk")
    assert entry.changes["joined"] == [wang.staff_no]

    target = decide(propose(bank, "10", team=mass), bank["office"])
    assert list(queries.targets_for(wang)) == [target]
    assert not queries.targets_for(lin).exists()
    Team.objects.filter(pk=mass.pk).update(lead=lin)
    assert list(queries.targets_for(lin)) == [target]
    User.objects.filter(pk__in=[wang.pk, lin.pk]).update(branch=bank["two"])
    for moved in User.objects.filter(pk__in=[wang.pk, lin.pk]):
        assert not queries.targets_for(moved).exists(), "from the move on, not from the night after it"
    User.objects.filter(pk=lin.pk).update(branch=bank["one"])
    assert services.run(business_day=today(), actor=NIGHT, at=now())["left"] == 1
    assert not members(mass)
    put(gold, lin, is_active=False)
    assert not members(gold)
    assert not TeamMember.objects.on(today()).exists()


def test_pages(bank: dict[str, Any], client_of: Callable[[User], Client]) -> None:
    """A head asks, is refused in words, the office approves; the manager reads what it came to."""
    head, office, lin = client_of(bank["head"]), client_of(bank["office"]), client_of(bank["lin"])
    asked = {"of": "person", "person": bank["lin"].staff_no, "measure": "rank", "period": "quarter", "when": "this"}
    asked |= {"aim": "1", "note": "因"}
    answer = head.post("/targets/new/", asked)
    assert answer.status_code == 422
    assert "2018" in answer.text
    assert head.post("/targets/new/", {**asked, "person": ""}).status_code == 422
    answer = head.post("/targets/new/", {**asked, "measure": "adb_growth"})
    target = Target.objects.get()
    assert answer.headers["Location"] == target.get_absolute_url()
    assert "withdraw" in head.get(target.get_absolute_url()).text
    assert lin.get(target.get_absolute_url()).status_code == 404
    page = office.get(target.get_absolute_url()).text
    digest = queries.target_digest(target)
    assert digest in page
    assert 'value="approve"' in page
    office.post(f"/targets/{target.pk}/decide/", {"digest": digest, "decision": "approve", "comment": ""})
    assert Target.objects.get().state == TargetState.APPROVED
    for path in ("/targets/", "/targets/widget/", target.get_absolute_url()):
        assert bank["lin"].name in lin.get(path).text or path == target.get_absolute_url()
        assert office.get(path).status_code == 200
    head.post(f"/targets/{target.pk}/adjust/", {"aim": "0.5", "note": "少"})
    assert Target.objects.filter(version=2, state=TargetState.PENDING).count() == 1
    head.post("/teams/new/", {"name": "金", "branch": bank["one"].code})
    team = Team.objects.get()
    answer = head.post(f"/teams/{team.pk}/", {"name": "金", "members": [bank["lin"].staff_no], "is_active": "on"})
    assert answer.status_code == 302
    assert team.members.get().user == bank["lin"]
    for path in ("/teams/", f"/teams/{team.pk}/", "/target-versions/", "/targets/new/"):
        assert head.get(path).status_code == 200
