"""Teams of the demo branches since before the quarter, and the targets of this quarter, one of them waiting."""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from core.clock import SHANGHAI
from customers.models import CustomerPosition
from insights.queries.workload import KIND
from insights.rules.workload import BUILT_IN, read_workload
from staff.access import MANAGERS
from staff.enums import BranchKind, Role
from staff.enums.targets import TargetMeasure, TargetPeriod
from staff.models import Target, Team, User
from staff.queries.targets import target_digest
from staff.rules.targets import period_of
from staff.services import policies, targets, teams
from staff.services.targets import Aim

BRANCHES = 2
SINCE = timedelta(days=130)
TEAMS = (("高端客户组", (3, 4)), ("大众客户组", (1, 2)))
ROUND = Decimal(10_000)


def seed_people(*, rng: random.Random, end: date, at: datetime) -> None:
    """Two teams a branch; targets of the first two branches, their teams and managers, approved by head office."""
    office = User.objects.filter(role=Role.HEAD_OFFICE, branch__parent=None).order_by("staff_no").first()
    heads = User.objects.filter(role=Role.BRANCH_HEAD, is_active=True).order_by("branch__code", "staff_no")
    begin = datetime.combine(period_of(TargetPeriod.QUARTER, end)[0], time(9), SHANGHAI)
    seen: set[int] = set()
    for head in heads.select_related("branch"):
        if head.branch_id in seen or head.branch.kind != BranchKind.BRANCH:
            continue
        seen.add(head.branch_id)
        made = _teams(head, at - SINCE)
        if office is not None and len(seen) <= BRANCHES:
            _targets(rng, head, office, made, min(begin, at))
    _capacity(end, at)
    first = Target.objects.filter(of="person", state="approved").order_by("pk").first()
    if first is not None:
        targets.adjust_target(
            target=first, aim=first.aim * 9 / 10, note="产假后返岗，按月折算", actor=first.drafted_by, at=at
        )


def _capacity(end: date, at: datetime) -> None:
    """The demo's books are a tenth of a real one's: so is what a manager can do."""
    admins = list(User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk")[:1])
    deciders = list(User.objects.filter(role=Role.HEAD_OFFICE, branch__parent=None, is_active=True).order_by("pk")[:1])
    for maker, decider in zip(admins, deciders, strict=True):
        terms = {**BUILT_IN, "hours_week": 3, "weeks_year": 40}
        facts: dict[str, Any] = {"kind": KIND, "values": terms, "note": "演示客户名单只有实际的十分之一"}
        day = max(end, at.astimezone(SHANGHAI).date())
        policy = policies.draft_policy(**facts, effective_on=day, actor=maker, at=at, read=read_workload)
        policies.submit(policy=policy, actor=maker, at=at)
        digest = policies.digest_of(policy)
        policies.decide(policy=policy, digest=digest, approve=True, actor=decider, at=at, read=read_workload)


def _teams(head: User, since: datetime) -> list[Team]:
    people = list(User.objects.filter(branch=head.branch, role__in=MANAGERS, is_active=True).order_by("staff_no"))
    half, made = (len(people) + 1) // 2, []
    for (name, tiers), members in zip(TEAMS, (people[:half], people[half:]), strict=True):
        lead = members[0] if members else None
        team = teams.create_team(branch=head.branch, name=name, tiers=tiers, lead=lead, actor=head, at=since)
        facts = {"name": name, "lead": lead, "tiers": tiers, "is_active": True}
        made.append(teams.change_team(team=team, members=members, actor=head, at=since, **facts))
    return made


def _targets(rng: random.Random, head: User, office: User, made: list[Team], at: datetime) -> None:
    quarter, day = TargetPeriod.QUARTER, at.astimezone(SHANGHAI).date()
    positions = CustomerPosition.everything.filter(branch=head.branch, manager__role__in=MANAGERS).order_by()
    held = dict(positions.values_list("manager").annotate(sum=Sum("total")))
    people = User.objects.in_bulk(list(held))
    growth = {pk: (total / 14 // ROUND + 1) * ROUND for pk, total in held.items()}

    def ask(measure: TargetMeasure, aim: Decimal, team: Team | None = None, person: User | None = None) -> None:
        wanted = Aim(head.branch, measure, quarter, day, aim, "年度经营计划分解", team, person)
        target = targets.propose_target(wanted=wanted, actor=head, at=at)
        digest = target_digest(target)
        targets.decide_target(target=target, digest=digest, approve=True, actor=office, at=at, comment="同意")

    ask(TargetMeasure.ADB_GROWTH, sum(growth.values(), Decimal(0)))
    ask(TargetMeasure.SATISFACTION, Decimal("9.2"))
    ask(TargetMeasure.CHURN, Decimal(3))
    ask(TargetMeasure.COMPLAINTS, Decimal(100))
    for team in made:
        ask(TargetMeasure.IN_RHYTHM, Decimal(rng.choice((75, 80, 85))), team=team)
    for pk in sorted(growth, key=lambda pk: people[pk].staff_no):
        ask(TargetMeasure.ADB_GROWTH, growth[pk], person=people[pk])
        ask(TargetMeasure.IN_RHYTHM, Decimal(rng.choice((80, 90, 98))), person=people[pk])
