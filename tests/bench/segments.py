"""Live counts of segments over the whole bank: what a page answers within its patience, and how long it all takes."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.db import connection, transaction

from campaigns.enums import SegmentKind
from campaigns.models import Segment
from campaigns.queries.segments import count_of
from staff.models import Branch, User
from tests.bench.feeds import Say
from tests.bench.measuring import Figure, timed
from tests.bench.outreach import CONSENTS

SECONDS: Final = 1.0
RUNS: Final = 3


def leaf(asked: str, op: str, value: Any) -> dict[str, Any]:
    """A condition."""
    return {"field": asked, "op": op, "value": value}


TIERS, AVERAGE = leaf("tier", "in", [3, 4]), leaf("adb_month", "at_least", "500000")
MATURING = leaf("maturing", "within", {"from": 0, "to": 30, "amount": "100000"})
TERM, AGREED = leaf("products", "in", ["term", "cd"]), leaf("consent", "in", ["sms"])
SILENT, OLD = leaf("last_contact", "at_least", 90), leaf("age", "at_least", 60)
RULES: Final[Mapping[str, dict[str, Any]]] = {
    "tier": TIERS,
    "average of the month": AVERAGE,
    "change against last month": leaf("change_month", "rose", "100000"),
    "matures within 30 days": MATURING,
    "products held": TERM,
    "consent": AGREED,
    "age": OLD,
    "four conditions": {"all": [TIERS, MATURING, SILENT, AGREED]},
    "groups": {"all": [AVERAGE, {"any": [MATURING, OLD]}, {"not": {"any": [TERM]}}]},
    "any of three": {"any": [AGREED, MATURING, OLD]},
}


def measure_segments(day: date, say: Say) -> list[Figure]:
    """Each rule's answer of a page, over customers four of five of whom agreed; taken back afterwards."""
    say("consents, to count by")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CONSENTS)
        cursor.execute("ANALYZE customers_consent")
        say("live counts of segments")
        figures = [_figure(name, rule, day) for name, rule in RULES.items()]
        transaction.set_rollback(True)
    return figures


def _figure(name: str, rule: Mapping[str, Any], day: date) -> Figure:
    root = Branch.objects.get(parent=None)
    whose = {"branch": root, "created_by": User.objects.order_by("pk")[0]}
    segment = Segment(kind=SegmentKind.RULE, rule=rule, **whose)
    whole = min(timed(lambda: count_of(segment, day=day, patience=None)) for _ in range(RUNS))
    answer = min(timed(lambda: count_of(segment, day=day)) for _ in range(RUNS))
    found = count_of(segment, day=day)
    said = f"{found.number:,}" if found.number is not None else "“counting”"
    return Figure(
        f"live count: {name}",
        "s",
        answer,
        bound=SECONDS,
        goal=f"≤ {SECONDS:g} s",
        note=f"says {said}; whole {whole:.2f}",
    )
