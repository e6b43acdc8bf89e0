"""Records that are right, nights that look for what is not, and what they find."""

from datetime import date, timedelta
from typing import Any

from core.trail import NIGHT
from customers.models import Customer, QualityFlag
from customers.services import quality
from tests.factories import NOW, TODAY, make_customer

ID_1, ID_2 = "11010519491231002X", "440524188001010014"
PHONE = "13800138000"
COMPLETE = {
    "phone": PHONE,
    "id_no": ID_2,
    "id_expires_on": date(2030, 1, 1),
    "birth_date": date(1980, 1, 1),
    "occupation": "教师",
    "opened_on": TODAY,
    "address_cipher": b"x",
}


def found_on(day: date, **options: Any) -> dict[str, int]:
    """What a night of the rules counted."""
    return quality.run(business_day=day, actor=NIGHT, at=NOW, **options)


def open_kinds(customer: Customer) -> set[str]:
    """Findings of the customer that are open."""
    return set(QualityFlag.objects.filter(customer=customer).open().values_list("kind", flat=True))


def make_stale() -> QualityFlag:
    """A phone nobody has confirmed for long, of a customer whose record is right otherwise."""
    customer = make_customer(**{**COMPLETE, "opened_on": TODAY - timedelta(days=800)})
    found_on(TODAY)
    return QualityFlag.everything.get(customer=customer)
