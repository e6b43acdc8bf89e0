"""The maturity desk of the first two demo branches: the night's rows and outcomes, and plans as managers write them."""

import random
from datetime import date, datetime, timedelta

from core.enums import ActorKind
from core.money import yuan
from core.trail import Actor
from servicing.enums import MaturityAim, MaturityOutcome, MoneyWent
from servicing.models import Maturity
from servicing.queries.maturity import RECENT_TALKS, talks_for
from servicing.services.maturity import run
from servicing.services.maturity_plans import Plan, plan_maturity

UNITS = ("B001", "B002")
SEEDER = Actor(None, "seed_demo", ActorKind.JOB)
AHEAD = timedelta(days=14)
PLANNED = 0.6
NOTES = (
    "到期续存一年，关注利率",
    "考虑大额存单，额度需提前申请",
    "子女购房，预计转出一部分",
    "已电话联系，周末来网点",
    "",
)
AIMS = (MaturityAim.ROLL, MaturityAim.ROLL, MaturityAim.SWITCH, MaturityAim.PARTLY, MaturityAim.LEAVE)


def seed_maturity(*, rng: random.Random, end: date, at: datetime) -> None:
    """Run the desk's night, plan most of what matures in two weeks, and say where money that left went to."""
    run(business_day=end, actor=SEEDER, at=at)
    rows = Maturity.everything.filter(customer__branch__code__in=UNITS).exclude(customer__manager=None)
    rows = rows.select_related("customer__manager", "account__balance").order_by("matures_on", "account__account_no")
    for row in rows.filter(matures_on__gt=end, matures_on__lte=end + AHEAD):
        if rng.random() < PLANNED:
            _plan(rng, row, at)
    for row in rows.filter(outcome__in=[MaturityOutcome.LEFT, MaturityOutcome.PARTLY]):
        went = rng.choice(list(MoneyWent))
        plan = Plan(owner=None, aim=MaturityAim.LEAVE, aim_amount=None, note="", went=went, talk=None)
        plan_maturity(maturity=row, plan=plan, held=row.amount, actor=row.customer.manager, at=at)


def _plan(rng: random.Random, row: Maturity, at: datetime) -> None:
    aim, held = rng.choice(AIMS), row.account.balance.value
    plan = Plan(
        owner=None,
        aim=aim,
        aim_amount=yuan(held * rng.randint(2, 8) / 10) if aim == MaturityAim.PARTLY else None,
        note=rng.choice(NOTES),
        went=MoneyWent.PROPERTY if aim == MaturityAim.LEAVE else "",
        talk=talks_for(row.customer, row.customer.manager, at.date() - RECENT_TALKS / 4).first(),
    )
    plan_maturity(maturity=row, plan=plan, held=held, actor=row.customer.manager, at=at)
