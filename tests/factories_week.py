"""Makers of key figures, teams, targets, training, supervision, warnings and reports."""

from datetime import date, timedelta
from typing import Any

from customers.models import Customer
from insights.models import Kpi, MonthClose, OutflowWarning, Report, ReportRun
from staff.models import Attempt, Branch, Certificate, Course, Question, Session, Target, Team, TeamMember, User
from tests.factories_base import NOW, TODAY, number


def make_team(*, branch: Branch, members: tuple[User, ...] = (), **fields: Any) -> Team:
    """A team of these people, in it since the first of January."""
    team = Team.objects.create(branch=branch, **{"name": f"团队{number()}", **fields})
    for user in members:
        TeamMember.objects.create(team=team, user=user, since=TODAY.replace(month=1, day=1))
    return team


def make_target(*, person: User, **fields: Any) -> Target:
    """A target in force of a person, on follow-ups done in time in this quarter."""
    starts_on = date(TODAY.year, (TODAY.month - 1) // 3 * 3 + 1, 1)
    values = {"of": "person", "measure": "follow_ups", "period": "quarter", "aim": 90, "state": "approved"}
    values |= {"starts_on": starts_on, "ends_on": starts_on + timedelta(days=90), "drafted_at": NOW, "note": "季度目标"}
    return Target.objects.create(person=person, branch=person.branch, **{**values, **fields})


def make_warning(*, customer: Customer, **fields: Any) -> OutflowWarning:
    """An open warning of today: 30,000 of 80,000 yuan left, and the contact is overdue."""
    signals = [
        {"code": "fall", "points": 40, "usual": "80000.00", "spread": "4000.00", "weeks": 26, "now": "50000.00"},
        {"code": "contact", "points": 15, "days": 200, "every": 90, "last": "2026-05-04"},
    ]
    values = {"raised_on": TODAY, "seen_on": TODAY, "tier": 2, "balance": 50_000, "gone": 30_000, "score": 55}
    return OutflowWarning.everything.create(
        customer=customer, **{**values, "main": signals[0]["code"], "signals": signals, **fields}
    )


def make_course(*, by: User, asks: int = 2, **fields: Any) -> Course:
    """A self-study course in use with a bank of `asks` + 2 questions, of which the first answer is right."""
    n = number()
    values = {"code": f"c{n}", "title": f"课程{n}", "kind": "self_study", "state": "in_use", "questions": asks}
    values |= {"pass_mark": 60, "valid_months": 12, "content": "第一页\n---\n第二页"}
    course = Course.objects.create(**{**values, **fields}, created_by=by, created_at=NOW, changed_at=NOW)
    Question.objects.bulk_create(
        Question(
            course=course,
            number=place,
            kind="single",
            text=f"第{place}题怎么答",
            options=[f"{place}A", f"{place}B", f"{place}C"],
            right=[0],
            explanation=f"因为{place}",
            created_by=by,
            created_at=NOW,
        )
        for place in range(1, asks + 3)
    )
    return course


def make_session(*, course: Course, branch: Branch, **fields: Any) -> Session:
    """A date in ten days with three seats."""
    starts_at = NOW + timedelta(days=10)
    values = {"place": "培训室", "teacher": "张老师", "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2)}
    values |= {"capacity": 3, "created_at": NOW}
    by = fields.pop("created_by", course.created_by)
    return Session.objects.create(course=course, branch=branch, created_by=by, **{**values, **fields})


def make_attempt(*, course: Course, user: User, **fields: Any) -> Attempt:
    """A try under way with nothing answered."""
    pool = sorted(Question.objects.filter(course=course).values_list("pk", flat=True))
    values = {"course_version": 1, "seed": 7, "pool": pool, "asked": pool[: course.questions], "pass_mark": 60}
    values |= {"started_at": NOW, "saved_at": NOW}
    return Attempt.objects.create(course=course, user=user, **{**values, **fields})


def make_certificate(
    *, user: User, course: Course | None = None, licence: str = "wealth", **fields: Any
) -> Certificate:
    """A certificate of today for a year."""
    course = course or make_course(by=user, licence=licence)
    values = {"number": f"2026-{number():04}-TEST", "course_version": 1, "licence": licence, "issued_on": TODAY}
    values |= {"expires_on": TODAY + timedelta(days=365)}
    return Certificate.objects.create(user=user, course=course, **{**values, **fields})


REPORT = {"measures": ["deposits"], "rows": "unit", "columns": "measure", "unit_kind": "branch", "period": "last_day"}


def make_report(*, owner: User, definition: dict[str, Any] | None = None, **fields: Any) -> Report:
    """A report of the deposits of the branches in sight on the last day with figures."""
    made = {"name": f"报表{number()}", "created_at": NOW, "updated_at": NOW}
    return Report.everything.create(owner=owner, definition={**REPORT, **(definition or {})}, **{**made, **fields})


def make_report_run(*, report: Report, user: User, **fields: Any) -> ReportRun:
    """A file of a report that is ready, without its bytes."""
    values = {"state": "done", "made_at": NOW, "expires_at": NOW + timedelta(days=7), "stored_as": "none.sealed"}
    values |= {"name": report.name, "reason": "给行长", "role": user.role, "branch": user.branch, "content_hash": b"x"}
    return ReportRun.everything.create(report=report, user=user, **{**values, **fields})


def make_kpi(*, unit: Branch | Team | User, measure: str, value: Any, **fields: Any) -> Kpi:
    """A figure of a unit, team or person, of today unless said otherwise."""
    kinds = {Branch: "branch", Team: "team", User: "person"}
    branch = unit if isinstance(unit, Branch) else unit.branch
    made = {"on": TODAY, "unit_kind": kinds[type(unit)], "unit_id": unit.pk, "branch": branch}
    return Kpi.everything.create(**{**made, **fields}, measure=measure, value=value)


def make_closes(customer: Customer, *months: tuple[date, int]) -> None:
    """What the customer held at the close of months (first days), on average as well, with whom it is with now."""
    MonthClose.everything.bulk_create(
        MonthClose(
            month=month,
            customer=customer,
            branch_id=customer.branch_id,
            manager_id=customer.manager_id,
            tier=customer.position.tier,
            adb=amount,
            total=amount,
        )
        for month, amount in months
    )
