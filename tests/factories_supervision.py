"""Makers of supervision: plans, checks of contacts with their scores, findings."""

from datetime import date, timedelta
from typing import Any

from insights.rules.supervision import BUILT_IN, freeze
from servicing.models import Interaction
from staff.models import CheckPlan, Draw, Finding, Score, SpotCheck, User
from tests.factories_base import NOW, TODAY, make_branch, make_user, number

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
CODES = [line["code"] for line in BUILT_IN["service"]]
MET, MISSED = dict.fromkeys(CODES, "met"), {**dict.fromkeys(CODES, "met"), "record": "missed", "promise": "missed"}


def make_plan(*, created_by: User | None = None, scorers: list[User] | None = None, **fields: Any) -> CheckPlan:
    """A surprise check of October's contacts of the maker's unit, two a unit, half of them by risk."""
    created_by = created_by or make_user(role="branch_head", branch=make_branch())
    values = {
        "name": f"检查{number()}",
        "area": "service",
        "kind": "surprise",
        "unit": created_by.branch,
        "per_unit": 2,
        "risk_percent": 50,
        "starts_on": FIRST,
        "ends_on": LAST,
        "desk": created_by.branch,
        "led_by": created_by.role,
        "created_by": created_by,
        "created_at": NOW,
        **fields,
    }
    plan = CheckPlan.objects.create(**values)
    plan.scorers.set(scorers or [created_by, *(make_user(role="compliance") for _n in range(2))])
    return plan


def make_draw(plan: CheckPlan) -> Draw:
    """The plan's draw: empty, of an empty list."""
    data, digest = freeze([])
    found = Draw.objects.filter(plan=plan).first()
    return found or Draw.objects.create(
        plan=plan,
        first=FIRST,
        last=LAST,
        seed=7,
        seeded_at=NOW,
        criteria=BUILT_IN[plan.area],
        drawn_at=NOW,
        frozen=data,
        digest=digest,
    )


def make_check(*, plan: CheckPlan, contact: Interaction, **fields: Any) -> SpotCheck:
    """A contact drawn at random, with its first two scorers; unless it is open, both marked it the same."""
    values = {
        "branch": contact.branch,
        "person": contact.author,
        "source": "contact",
        "record_id": contact.pk,
        "happened_at": contact.happened_at,
        "weight": 1.0,
        "drawn_by": "random",
        **fields,
    }
    is_in = values.get("state", "open") != "open"
    if is_in:
        values |= {"outcome": MISSED, "settled_at": NOW}
    check = SpotCheck.objects.create(draw=make_draw(plan), **values)
    for scorer in plan.scorers.order_by("pk")[:2]:
        given = {"marks": MISSED, "note": "x", "at": NOW} if is_in else {}
        Score.objects.create(spot_check=check, scorer=scorer, **given)
    return check


def make_finding(*, check: SpotCheck, owner: User, **fields: Any) -> Finding:
    """A minor finding about a note, drawn up; issued today when its state says so."""
    grade = fields.pop("grade", 1)
    values = {
        "criterion": "record",
        "text": "记录不完整",
        "first_grade": grade,
        "grade": grade,
        "due_on": TODAY + timedelta(days=20),
        "raised_by": owner,
        "raised_at": NOW,
        **({"issued_on": TODAY} if fields.get("state", "draft") != "draft" else {}),
        **fields,
    }
    area = check.draw.plan.area
    return Finding.objects.create(
        spot_check=check, person=check.person, branch=check.branch, area=area, owner=owner, **values
    )
