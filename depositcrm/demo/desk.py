"""The counter's and the back desk's rows of the demo: referrals, fraud prompts, and what contacts say beside a note."""

import random
from datetime import date, datetime, timedelta
from uuid import UUID

from core.clock import SHANGHAI
from customers.models import Customer
from servicing.enums import FraudOutcome, Mood, Topic
from servicing.models import Referral
from servicing.queries.fraud import prompt_on
from servicing.queries.referrals import sees, takers_for
from servicing.rules.card import age_on
from servicing.services.contacts import log_interaction
from servicing.services.fraud import record_check
from servicing.services.referrals import (
    accept_referral,
    close_referral,
    decline_referral,
    make_referral,
)
from staff.models import User

REFERRALS, CHECKS, TALKS = 24, 12, 20
NOTES = (
    "三年期到期，想了解大额存单",
    "有闲置资金，询问理财",
    "咨询定期利率，希望客户经理联系",
    "代发工资客户，想办理定期",
)
RESULTS = ("已办理三年期定期", "客户续存一年", "暂不需要，季度后再联系")
CONFIDENTIAL = ("家中有人住院，近期可能支取", "正在办理离婚，勿与配偶联系", "拟出售房产，年内有大额入账")


def seed_desk(*, rng: random.Random, end: date, at: datetime) -> None:
    """Referrals in every state, a dozen fraud prompts, and talks with mood, length and a confidential part."""
    people = {user.username: user for user in User.objects.select_related("branch").filter(username__gt="")}
    teller, manager, expert = (people.get(name) for name in ("teller", "manager", "expert"))
    if teller is None or manager is None or expert is None:
        return
    mine = list(Customer.objects.visible_to(manager).select_related("branch", "manager").order_by("customer_no")[:200])
    _referrals(rng, teller, manager, mine, end, at)
    _to_expert(rng, manager, expert, mine, at)
    _checks(rng, teller, mine, end, at)
    _talks(rng, manager, mine, end, at)


def _moment(rng: random.Random, end: date, at: datetime, *, within: int) -> datetime:
    day = end - timedelta(days=rng.randint(1, within))
    return min(datetime(day.year, day.month, day.day, rng.randint(9, 16), rng.randint(0, 59), tzinfo=SHANGHAI), at)


def _referrals(rng: random.Random, teller: User, manager: User, mine: list[Customer], end: date, at: datetime) -> None:
    for place, customer in enumerate(rng.sample(mine, min(REFERRALS, len(mine)))):
        made_at = _moment(rng, end, at, within=45)
        to_user = manager if takers_for(customer, teller).filter(pk=manager.pk).exists() else None
        topic, note = rng.choice((Topic.DEPOSIT, Topic.RATE)), rng.choice(NOTES)
        made = make_referral(actor=teller, customer=customer, to_user=to_user, topic=topic, note=note, at=made_at)
        if to_user is None or place % 4 == 0:
            continue
        decided = min(made_at + timedelta(hours=rng.randint(1, 30)), at)
        if place % 4 == 1:
            decline_referral(referral=made, actor=manager, reason="客户近期已联系过", at=decided)
            continue
        _take(rng, made, manager, decided, at, close=place % 4 == 2)


def _take(rng: random.Random, made: Referral, manager: User, decided: datetime, at: datetime, *, close: bool) -> None:
    accept_referral(referral=made, actor=manager, at=decided)
    talked = min(decided + timedelta(hours=rng.randint(1, 40)), at)
    log_interaction(
        actor=manager,
        customer=made.customer,
        channel="phone",
        direction="out",
        topic=made.topic,
        outcome="interested",
        minutes=rng.randint(3, 25),
        mood=rng.choice(list(Mood)),
        happened_at=talked,
        at=talked,
    )
    if close:
        won = rng.random() < 0.6
        result = rng.choice(RESULTS[:2]) if won else RESULTS[2]
        closed = min(talked + timedelta(days=2), at)
        close_referral(referral=made, actor=manager, succeeded=won, result=result, at=closed)


def _to_expert(rng: random.Random, manager: User, expert: User, mine: list[Customer], at: datetime) -> None:
    hidden = [customer for customer in mine[:40] if customer.manager_id == manager.pk and not sees(expert, customer)]
    for customer in hidden[:2]:
        make_referral(
            actor=manager,
            customer=customer,
            to_user=expert,
            topic=Topic.RATE,
            note="资产配置需求，请协助面谈",
            at=at - timedelta(hours=rng.randint(2, 20)),
        )


def _checks(rng: random.Random, teller: User, mine: list[Customer], end: date, at: datetime) -> None:
    people = [customer for customer in mine if customer.birth_date]
    for customer in rng.sample(people, min(CHECKS, len(people))):
        asked = prompt_on(end).asked_of(age_on(customer.birth_date, end))
        warns = rng.random() < 0.4
        answers = {one.code: one.sign if warns else {"yes": "no", "no": "yes"}[one.sign] for one in asked}
        outcome = rng.choice([FraudOutcome.PERSUADED, FraudOutcome.POLICE, FraudOutcome.FAMILY, FraudOutcome.POSTPONED])
        record_check(
            actor=teller,
            customer=customer,
            answers=answers,
            outcome=outcome if warns else FraudOutcome.CLEAR,
            note="客户称对方为“客服”，已劝阻" if warns else "",
            at=_moment(rng, end, at, within=20),
            once=UUID(int=rng.getrandbits(128), version=4),
        )


def _talks(rng: random.Random, manager: User, mine: list[Customer], end: date, at: datetime) -> None:
    for customer in rng.sample(mine, min(TALKS, len(mine))):
        happened = _moment(rng, end, at, within=30)
        log_interaction(
            actor=manager,
            customer=customer,
            channel="visit",
            direction="out",
            topic=Topic.DEPOSIT,
            outcome="interested",
            note="上门拜访，了解资金安排",
            confidential=rng.choice(CONFIDENTIAL) if rng.random() < 0.5 else "",
            next_step="下月初再联系",
            minutes=rng.randint(15, 60),
            mood=rng.choice(list(Mood)),
            happened_at=happened,
            at=happened,
        )
