from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import date
from typing import Any

from core.clock import today
from core.commands import JsonCommand, Unusable
from customers.models import Customer
from customers.queries import ledger_day
from tiers.queries import explain


class Command(JsonCommand):
    help = "Say which tier a customer was in on a day, and why."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("customer_no")
        parser.add_argument("--on", type=date.fromisoformat, help="business date (the latest day with balances)")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Explain from what the re-tiering stored."""
        customer = Customer.everything.filter(customer_no=options["customer_no"]).first()
        if customer is None:
            raise Unusable(f"no customer has the number {options['customer_no']}")
        found = explain(customer, options["on"] or ledger_day() or today())
        return {
            "customer_no": found.customer_no,
            "on": found.on.isoformat(),
            "tier": found.tier,
            "scheme": found.scheme,
            "measure": found.measure,
            "window": {"from": found.window.start.isoformat(), "to": found.window.end.isoformat()},
            "value": f"{found.value:.2f}",
            "reason": found.reason,
        }
