"""Spreads: what one is made from, whether one is ready, and what its rows say about a customer's standing."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from django.db import connection

from tiers.models import RetierRun, Spread
from tiers.queries.measures import measured, sql
from tiers.rules import Basis, State

NAME = "tiers.spread"

# Whatever changes a customer's value, standing, branch or manager leaves one of these behind.
SOURCE = """
SELECT
    (SELECT row(count(*), max("on")) FROM customers_fedday),
    (SELECT row(count(*), max(id), max(finished_at)) FROM customers_feed WHERE status = 'committed'),
    (SELECT row(max(done_at), max(undone_at)) FROM customers_merge),
    (SELECT max(id) FROM customers_ownershipchange),
    (SELECT max(customer_id) FROM customers_customerposition),
    (SELECT row(count(*), max("on"), max(finished_at), bool_or(is_open)) FROM tiers_retierrun),
    (SELECT row(count(*), max(decided_at), max(ended_at)) FROM tiers_tieroverride WHERE status IN ('approved', 'ended'))
"""


@dataclass(frozen=True, slots=True)
class Stance:
    """How customers stand alike: the tier they are in, their state before the day's run (its watch by the first of the
    month it began in, which is all that a watch's limit looks at), and the letter of an override in force."""

    now: int
    before: State
    letter: str


def stance(code: int) -> Stance:
    """What the number `state` of sourced.sql says."""
    code, now = divmod(code, 16)
    code, tier = divmod(code, 16)
    code, ruled = divmod(code, 16)
    months, letter = divmod(code, 128)
    watch = date(months // 12, months % 12 + 1, 1) if months else None
    return Stance(now, State(tier, ruled or None, watch), chr(letter) if letter else "")


def basis_facts(basis: Basis) -> dict[str, Any]:
    """A basis as JSON; days of an average that it does not take are left out, for they change nothing."""
    facts = {name: sorted(map(str, v)) if isinstance(v, tuple) else v for name, v in asdict(basis).items()}
    facts["measure"] = str(basis.measure)
    if "adb_trailing" not in map(str, basis.figures):
        facts["trailing_days"] = 0
    if basis.measure != "best":
        facts["best_of"] = []
    return facts


def digest_of(facts: Any) -> str:
    """64 hexadecimal digits that stand for these values."""
    return sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def source_digest() -> str:
    """Stands for the data spreads are made from, as it is now."""
    with connection.cursor() as cursor:
        cursor.execute(SOURCE)
        return digest_of(cursor.fetchone())


def ready_spread(basis: Basis, day: date) -> Spread | None:
    """The spread of the basis on the day, if there is one and its data still stands."""
    found = Spread.objects.filter(on=day, basis_digest=digest_of(basis_facts(basis))).first()
    return found if found and found.source == source_digest() else None


def latest_spread_seconds() -> float:
    """How long the latest spread took to make; 0 before the first."""
    found = Spread.objects.order_by("-made_at").values_list("seconds", flat=True).first()
    return found or 0.0


def sourced(basis: Basis, day: date, within: str = "true") -> tuple[str, dict[str, Any]]:
    """The statement that gives everybody's value and standing on a day, and its parameters; `within` is a condition on
    position p."""
    accounts = f"a.customer_id IN (SELECT p.customer_id FROM customers_customerposition p WHERE {within})"
    found = measured(basis, day, "true" if within == "true" else accounts)
    closing = found.value if basis == Basis("balance", basis.trailing_days) else sql("total_at", at="%(day)s")
    if RetierRun.objects.filter(on__gt=day).exists():
        before, now, earlier = sql("before_past"), "coalesce(t.to_tier, e.to_tier, 0)", sql("earlier")
    else:
        before, now, earlier = sql("before_latest"), "v.tier", ""
    # All that before_latest names of the position is there under the same name.
    text = sql(
        "sourced",
        value=found.value,
        closing=closing,
        counted=found.counted,
        within=within,
        now=now,
        before=before,
        earlier=earlier,
    )
    return text, found.params
