from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import Any

from core.clock import today
from core.commands import JsonCommand, Unusable
from core.money import AmountError, parse_amount
from customers.queries import ledger_day
from tiers.enums import Measure
from tiers.queries import simulate
from tiers.rules import BandsError
from tiers.services import band_words


def bounds(text: str) -> list[Decimal]:
    """Floors in yuan from "0,50000,500000"."""
    try:
        return [parse_amount(part.strip()) for part in text.split(",")]
    except AmountError as error:
        raise ArgumentTypeError(f"not amounts separated by commas: {text}") from error


class Command(JsonCommand):
    help = "Count who would be in which tier under other bounds. Writes nothing."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bounds", type=bounds, required=True, help="floors in yuan, lowest first: 0,50000,500000")
        parser.add_argument("--measure", choices=Measure.values, default=Measure.BALANCE.value)
        parser.add_argument("--on", type=date.fromisoformat, help="business date (the latest day with balances)")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Simulate for the whole bank."""
        day = options["on"] or ledger_day() or today()
        began = perf_counter()
        try:
            found = simulate(options["bounds"], options["measure"], day)
        except BandsError as error:
            raise Unusable(band_words(error)) from error
        return {
            "measure": options["measure"],
            "on": day.isoformat(),
            "bounds": [f"{floor:.2f}" for floor in options["bounds"]],
            "by_tier": {str(rank): heads for rank, heads in found.by_tier.items()},
            "matrix": found.nested,
            "seconds": round(perf_counter() - began, 3),
        }
