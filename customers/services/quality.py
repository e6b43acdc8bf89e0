"""Data-quality rules over all customers, set-based: who shares an identity number or a phone with whom."""

from datetime import date, datetime

from core.sql import statement
from core.trail import Actor
from customers.enums import FlagKind
from customers.services import staging

SHARED_PHONE_FROM = 3


def run(*, business_day: date, actor: Actor, at: datetime) -> dict[str, int]:
    """Raise a flag where a rule finds something new, and resolve those where it finds nothing any more."""
    rules = {
        FlagKind.DUPLICATE_IDENTITY: ("id_no_index", 2),
        FlagKind.SHARED_PHONE: ("phone_index", SHARED_PHONE_FROM),
    }
    changed = 0
    for kind, (column, least) in rules.items():
        sql = statement("customers", "quality_shared").replace("{column}", column)
        changed += staging.run(sql, {"kind": str(kind), "least": least, "day": business_day})
    return {"rows": changed}
