"""Work for the data-quality queue of the demo: old values, a family's phone, a finding put aside; and stages."""

import random
from datetime import date, datetime, timedelta

from core.trail import NIGHT
from customers.enums import FlagKind, Source
from customers.models import Customer, QualityFlag
from customers.services import lifecycle, quality, sources
from customers.services.answers import refuse_question
from customers.services.profile import edit_customer
from staff.enums import Role
from staff.models import User

BRANCHES = ("B001", "B002")
CONFIRMED = 60
FAMILY = 4
DISMISSED = 2
FAMILY_PHONE = "13700000017"
# The stages are decided of these days before the end too, so that customers have a history.
DAYS_AGO = (60, 30, 14, 7, 3, 1)


def seed_stages(*, end: date, at: datetime) -> None:
    """The stages of some weeks before the last night, which decides those of the last day."""
    for ago in DAYS_AGO:
        lifecycle.run(business_day=end - timedelta(days=ago), actor=NIGHT, at=at)


def seed_quality(*, rng: random.Random, end: date, at: datetime) -> None:
    """Old and fresh values, one phone of a whole family, dismissed findings."""
    for code in BRANCHES:
        teller = User.objects.filter(branch__code=code, role=Role.TELLER).order_by("pk").first()
        customers = list(Customer.everything.filter(branch__code=code).order_by("pk")[: CONFIRMED * 2])
        if teller and len(customers) > FAMILY:
            _fill(rng, teller, customers, end, at)
    quality.run(business_day=end, actor=NIGHT, at=at)
    for flag in QualityFlag.objects.open().filter(kind=FlagKind.SHARED_PHONE).order_by("pk")[:DISMISSED]:
        teller = User.objects.filter(branch=flag.customer.branch_id, role=Role.TELLER).first()
        if teller:
            quality.dismiss_flag(flag=flag, reason="一家人共用手机号", actor=teller, at=at)


def _fill(rng: random.Random, teller: User, customers: list[Customer], end: date, at: datetime) -> None:
    for customer in rng.sample(customers, min(CONFIRMED, len(customers))):
        confirmed_on = end - timedelta(days=rng.choice([5, 40, 200, 700, 900, 1200]))
        fields = [field for field in ("phone", "address", "occupation") if rng.random() < 0.7]
        sources.confirm(
            customer=customer,
            fields=fields,
            source=rng.choice([Source.COUNTER, Source.PHONE]),
            actor=teller,
            on=confirmed_on,
        )
    for customer in customers[:FAMILY]:
        edit_customer(
            customer=customer,
            values={"phone": FAMILY_PHONE},
            version=customer.version,
            source=Source.COUNTER,
            actor=teller,
            at=at,
        )
    refused_at = at - timedelta(days=20)
    refuse_question(customer=customers[FAMILY], field="occupation", actor=teller, at=refused_at)
