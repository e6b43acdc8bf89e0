"""KYC of the demo: reviews counted from this autumn, some papers run out, some reviews made."""

from datetime import date, datetime, timedelta
from random import Random

from core.trail import NIGHT
from customers.models import Customer, KycItem
from customers.rules.kyc import BUILT_IN, GRADES, read_kyc
from customers.services import kyc
from staff.models import Policy, User
from staff.services import policies

BRANCHES = ("B001", "B002")
PER_BRANCH = 40
# Days until the paper runs out: some are renewed late, one has stood open beyond the grace.
PAPERS = (-120, -60, -20, -3, 0, 5, 12, 25, 40, 70, 88)
COUNTED_DAYS = 45


def seed_kyc(*, rng: Random, end: date, at: datetime) -> None:
    """Rules, papers and grades of some customers of two branches, the night's items, some done."""
    _set_rules(end, at)
    words = [BUILT_IN["words"][grade][0] for grade in GRADES]
    for code in BRANCHES:
        customers = list(Customer.everything.filter(branch__code=code).order_by("pk")[:PER_BRANCH])
        for customer in customers:
            customer.risk_grade = rng.choices(words, weights=(1, 2, 5, 12))[0]
        for customer, days in zip(rng.sample(customers, min(len(PAPERS), len(customers))), PAPERS, strict=False):
            customer.id_expires_on, customer.id_is_long_term = end + timedelta(days=days), False
        Customer.everything.bulk_update(customers, ["risk_grade", "id_expires_on", "id_is_long_term"])
    # Rules cannot reach back: they hold from the day of seeding on.
    kyc.run(business_day=max(end, at.date()), actor=NIGHT, at=at)
    _settle_some(rng, end, at)


def _set_rules(end: date, at: datetime) -> None:
    admin = User.objects.filter(role="admin").order_by("pk").first()
    officer = User.objects.filter(role="head_office", branch__parent=None).order_by("pk").first()
    if admin is None or officer is None or Policy.objects.filter(kind="kyc").exists():
        return
    values = {**BUILT_IN, "counted_from": (end - timedelta(days=COUNTED_DAYS)).isoformat()}
    draft = policies.draft_policy(
        kind="kyc",
        values=values,
        effective_on=max(end, at.date()),
        note="上线后开始在本系统登记复核",
        actor=admin,
        at=at,
        read=read_kyc,
    )
    policies.submit(policy=draft, actor=admin, at=at)
    policies.decide(
        policy=draft,
        digest=policies.digest_of(draft),
        approve=True,
        actor=officer,
        at=at,
        read=read_kyc,
        comment="同意",
    )


def _settle_some(rng: Random, end: date, at: datetime) -> None:
    """A few reviews made and papers renewed by the customers' managers."""
    open_items = KycItem.everything.filter(customer__branch__code__in=BRANCHES, closed_on=None)
    owned = open_items.exclude(customer__manager=None).select_related("customer__manager").order_by("pk")
    for item in rng.sample(found := list(owned), min(6, len(found))):
        actor = item.customer.manager
        if item.kind == "document":
            until = max(end, item.due_on) + timedelta(days=3652)
            kyc.renew_document(item=item, expires_on=until, is_long_term=False, actor=actor, at=at)
        else:
            grade = item.customer.risk_grade or BUILT_IN["words"]["medium"][0]
            kyc.record_review(item=item, grade=grade, note="资料齐全, 职业与资金来源无变化", actor=actor, at=at)
