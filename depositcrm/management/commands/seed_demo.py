"""The demo branch: synthetic, the same for the same seed."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.core.management.base import CommandParser

from core.clock import now
from core.commands import JsonCommand, Unusable
from core.management.commands.prepare import PASSWORD as DEMO_PASSWORD
from depositcrm.demo.seeding import Plan, seed


class Command(JsonCommand):
    help = "Fill an empty database with a synthetic branch network, its people, customers and balances."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--customers", type=int, default=2000)
        parser.add_argument("--branches", type=int, default=4)
        parser.add_argument("--days", type=int, default=120)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--end-date", type=date.fromisoformat)

    def work(self, **options: Any) -> Mapping[str, Any]:
        at = now()
        end = options["end_date"] or at.date() - timedelta(days=1)
        if min(options["customers"], options["branches"], options["days"]) < 1:
            raise Unusable("customers, branches and days are at least 1")
        plan = Plan(options["customers"], options["branches"], options["days"], options["seed"], end)
        password = os.environ.get(DEMO_PASSWORD)
        if not password:
            password = secrets.token_urlsafe(9)
            self.say(f"password of every demo sign-in: {password}")
        return asdict(seed(plan=plan, password=password, at=at, say=self.say))
