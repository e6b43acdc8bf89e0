"""A customer's average daily balance over any window."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from core.commands import JsonCommand, Unusable
from customers.models import Customer
from customers.queries import average_balance


class Command(JsonCommand):
    help = "Average daily balance of a customer in yuan, over calendar days, both ends included."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("customer_no")
        parser.add_argument("--from", dest="start", type=date.fromisoformat, required=True)
        parser.add_argument("--to", dest="end", type=date.fromisoformat, required=True)

    def work(self, **options: Any) -> Mapping[str, Any]:
        start, end, number = options["start"], options["end"], options["customer_no"]
        if end < start:
            raise Unusable("--to lies before --from")
        customer = Customer.everything.filter(customer_no=number).first()
        if customer is None:
            raise Unusable(f"no customer {number}")
        average = average_balance(customer.pk, start, end)
        return {
            "customer_no": number,
            "from": start.isoformat(),
            "to": end.isoformat(),
            "days": average.days,
            "adb": f"{average.adb:.2f}",
            "carried_days": average.carried_days,
        }
