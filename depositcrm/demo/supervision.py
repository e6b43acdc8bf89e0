"""Supervision of the demo bank: last month's contacts marked by two, with findings; a surprise to be drawn."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from core.calendar import bank_calendar
from core.clock import SHANGHAI
from insights.services.supervision import draw
from staff.enums import Role
from staff.enums.supervision import CheckState, Mark
from staff.models import Branch, CheckPlan, Finding, Score, SpotCheck, User
from staff.queries import heads_near
from staff.services import create_user, supervision
from staff.services import supervision_findings as findings

WORDS = {
    "needs": "没有先问客户的资金安排，直接介绍了产品。",
    "clear": "提前支取的利息没有说清。",
    "record": "记录太简单，看不出客户说了什么。",
    "promise": "答应回电，没有登记。",
}


def seed_supervision(*, rng: random.Random, end: date, at: datetime) -> None:
    """A plan of each month with its marks and findings, and one by surprise; nothing where people are missing."""
    named = {user.username: user for user in User.objects.select_related("branch")}
    if not {"head", "hq", "compliance"} <= named.keys():
        return
    officer, root = named["compliance"], named["hq"].branch
    second = create_user(
        username="compliance2",
        staff_no="D9002",
        name="沈静怡",
        role=Role.COMPLIANCE,
        branch=root,
        actor=officer.actor,
        at=at,
    )
    scorers = [officer, second, named["hq"]]
    last = end.replace(day=1) - timedelta(days=1)
    first, when = last.replace(day=1), max(at - timedelta(days=7), _morning(last + timedelta(days=1)))
    plan = _plan("服务质量月度检查", "service", "regular", root, scorers, first, None, when)
    checks = draw(plan=plan, first=first, last=last, actor=officer.actor, at=when, seed=rng.getrandbits(62))
    for check in checks[: len(checks) * 4 // 5]:
        _mark(rng, check, when + timedelta(hours=rng.randint(1, 9)))
    for check in SpotCheck.objects.filter(state=CheckState.DIFFERENT).order_by("pk")[:2]:
        third = next(user for user in scorers if not Score.objects.filter(spot_check=check, scorer=user).exists())
        marks = Score.objects.filter(spot_check=check).order_by("pk")[0].marks
        supervision.settle_check(check=check, marks=marks, note="看过记录，按第一位。", actor=third, at=at)
    _findings(officer, second, when, at)
    days = (at.astimezone(SHANGHAI).date() - timedelta(days=14), at.astimezone(SHANGHAI).date() - timedelta(days=1))
    _plan("营销外呼突击检查", "conduct", "surprise", root, scorers, *days, at - timedelta(hours=2))


def _morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)


def _plan(
    name: str, area: str, kind: str, unit: Branch, scorers: Sequence[User], first: date, last: date | None, at: datetime
) -> CheckPlan:
    facts = supervision.PlanFacts(name, area, kind, unit, 5, 50, first, last, scorers)
    return supervision.make_plan(facts=facts, actor=scorers[0], at=at)


def _mark(rng: random.Random, check: SpotCheck, at: datetime) -> None:
    """Two marks of a record: mostly the same, now and then apart."""
    codes = [str(line["code"]) for line in check.draw.criteria]
    seen = {code: Mark.MISSED if rng.random() < 0.3 else Mark.MET for code in codes}
    for scorer in User.objects.filter(pk__in=Score.objects.filter(spot_check=check).values("scorer")).order_by("pk"):
        given = {code: Mark.MISSED if rng.random() < 0.05 else mark for code, mark in seen.items()}
        supervision.score_check(check=check, marks=given, note=_note(given), actor=scorer, at=at)


def _note(marks: Mapping[str, str]) -> str:
    return "".join(WORDS.get(code, "") for code, mark in marks.items() if mark == Mark.MISSED)


def _findings(officer: User, second: User, when: datetime, at: datetime) -> None:
    """One after the other: corrected and closed, waiting for the re-check, overdue, just issued, not issued yet."""
    wanting = [check for check in SpotCheck.objects.filter(state=CheckState.DONE).order_by("pk") if _missed(check)]
    for place, check in enumerate(wanting[:5]):
        finding = _raised(check, place, officer, when)
        if place < 4:
            findings.issue_finding(finding=finding, actor=officer, at=when)
        if place < 2:
            said = {"correction": "已补记并当面说明。", "evidence": "补记单，存网点档案"}
            findings.correct_finding(finding=finding, actor=finding.owner, at=at - timedelta(days=1), **said)
        if place == 0:
            findings.recheck_finding(
                finding=finding, passed=True, words="抽看三笔，均已改。", due_on=None, actor=second, at=at
            )


def _missed(check: SpotCheck) -> list[str]:
    return [code for code, mark in check.outcome.items() if mark == Mark.MISSED]


def _raised(check: SpotCheck, place: int, officer: User, at: datetime) -> Finding:
    day, criterion = at.astimezone(SHANGHAI).date(), _missed(check)[0]
    owner = heads_near(check.branch, but=check.person_id).order_by("pk").first() or officer
    due_on = day + timedelta(days=2) if place == 2 else bank_calendar().add_workdays(day, 20)
    facts = findings.FindingFacts(criterion, 2 if place == 1 else 1, WORDS[criterion], owner, due_on)
    return findings.raise_finding(check=check, facts=facts, actor=officer, at=at)
