"""Consents, alerts, promises and prospects of the first two demo branches, through the services as people make them."""

import random
from datetime import date, datetime, timedelta

from customers.enums import AlertKind, ConsentChannel, ConsentPurpose, Origin, Severity
from customers.models import Customer
from customers.services.alerts import raise_alert
from customers.services.consents import record_consent
from customers.services.promises import break_promise, keep_promise, make_promise
from customers.services.prospects import ProspectFacts, convert_prospect, create_prospect, drop_prospect
from depositcrm.demo.world import person_name, resident_id
from staff.models import User

UNITS = ("B001", "B002")
CUSTOMERS_PER_UNIT = 120
PROMISES = (
    "寄送大额存单利率表",
    "周五前回复转存方案",
    "陪同办理手机银行",
    "预约理财经理面谈",
    "补寄对账单",
    "邀请参加沙龙",
)
ALERTS = (
    (AlertKind.FRAUD_RISK, Severity.CRITICAL, "近期有人冒充银行客服来电，大额转账先核实"),
    (AlertKind.VULNERABLE, Severity.WARN, "听力不便，请放慢语速"),
    (AlertKind.BEREAVEMENT, Severity.WARN, "家中有丧事，近期请勿营销"),
    (AlertKind.DO_NOT_CONTACT, Severity.WARN, "客户要求只在柜台联系"),
)
CAMPAIGNS = {Origin.WEB: "官网预约", Origin.CAMPAIGN: "社区金融课堂", Origin.PARTNER: "和平里物业"}
INTERESTS = ("三年期存款", "大额存单", "代发工资", "通知存款")


def seed_care(*, rng: random.Random, end: date, at: datetime) -> None:
    """Make them for the first customers of each of the two branches; the same generator makes the same."""
    for unit in UNITS:
        people = User.objects.filter(branch__code=unit, is_active=True).order_by("staff_no")
        tellers = list(people.filter(role="teller"))
        managers = list(people.filter(role="manager"))
        if not managers:
            continue
        rows = Customer.everything.filter(branch__code=unit, merged_into=None).exclude(manager=None)
        customers = list(rows.select_related("manager").order_by("customer_no")[:CUSTOMERS_PER_UNIT])
        for customer in customers:
            _consents(rng, customer, rng.choice(tellers or managers), at)
        for customer, alert in zip(customers[3::17], ALERTS, strict=False):
            kind, severity, text = alert
            ends_on = end + timedelta(days=rng.randint(20, 90))
            actor = customer.manager or managers[0]
            raise_alert(customer=customer, kind=kind, severity=severity, text=text, ends_on=ends_on, actor=actor, at=at)
        for customer in customers[::5]:
            _promise(rng, customer, at)
        _prospects(rng, managers, end, at)


def _consents(rng: random.Random, customer: Customer, actor: User, at: datetime) -> None:
    for purpose in rng.sample(list(ConsentPurpose), rng.choice((0, 1, 2, 3))):
        for channel in rng.sample([ConsentChannel.SMS, ConsentChannel.PHONE, ConsentChannel.WECOM], rng.choice((1, 2))):
            stated = at - timedelta(days=rng.randint(20, 200), minutes=rng.randint(0, 400))
            proof = {"proof": "signed_form", "proof_ref": f"F{rng.randrange(10**6):06d}"}
            what = {"customer": customer, "purpose": purpose, "channel": channel, "actor": actor}
            record_consent(**what, decision="given", stated_at=stated, at=stated, **proof)
            if rng.random() < 0.12:
                later = stated + timedelta(days=rng.randint(1, 15))
                record_consent(**what, decision="withdrawn", proof="sms_reply", stated_at=later, at=later)


def _promise(rng: random.Random, customer: Customer, at: datetime) -> None:
    actor = customer.manager
    if actor is None:
        return
    made = at - timedelta(days=rng.randint(0, 30))
    due = made.date() + timedelta(days=rng.randint(1, 14))
    promise = make_promise(customer=customer, text=rng.choice(PROMISES), due_on=due, actor=actor, at=made)
    closed = made + timedelta(days=rng.randint(0, 10))
    fate = rng.random()
    if closed > at or fate > 0.7:
        return
    if fate < 0.58:
        keep_promise(promise=promise, outcome="", actor=actor, at=closed)
    else:
        break_promise(promise=promise, outcome="客户外出，改期办理", actor=actor, at=closed)


def _prospects(rng: random.Random, managers: list[User], end: date, at: datetime) -> None:
    for place in range(8):
        manager, origin = rng.choice(managers), rng.choice([Origin.WALK_IN, *CAMPAIGNS, Origin.PHONE])
        facts = ProspectFacts(
            name=person_name(rng),
            kind="person",
            phone=f"199{rng.randrange(10**8):08d}",
            origin=origin,
            campaign=CAMPAIGNS.get(origin, ""),
            interest=rng.choice(INTERESTS),
            first_contact_on=end - timedelta(days=rng.randint(2, 45)),
            manager=manager,
        )
        prospect = create_prospect(facts=facts, branch=manager.branch, actor=manager, at=at)
        if place == 0:
            born = end - timedelta(days=rng.randint(30 * 366, 44 * 365))
            paper = {"id_type": "resident_id", "id_no": resident_id(rng, born, male=True)}
            convert_prospect(prospect=prospect, values=paper, actor=manager, at=at)
        elif place == 1:
            drop_prospect(prospect=prospect, reason="已在他行办理", actor=manager, at=at)
