"""The tier of a customer two records became, and of both when they come apart again."""

from datetime import datetime

from customers.models import Merge
from customers.services.merge_children import Child, How, Mover, Pieces, as_texts, park, unpark
from tiers.models import RetierRun, TierChange, TierOverride
from tiers.queries.overrides import LIVE
from tiers.services.retiering import retier_customer

TABLE = "tiers_tierchange"
OVERRIDES = "tiers_tieroverride"

# What was decided about a record stays with it, with the figures of its day; so do overrides, but for the one that
# waits or holds (`_hand_on`): a customer has one at most, and none may go, as four eyes saw it.
CHILDREN = (Child(TierChange, How.HISTORY), Child(TierOverride, How.HISTORY))


def settle(merge: Merge, pieces: Pieces, at: datetime) -> None:
    """Judge the merged customer by the rule of the latest re-tiered day; its change row as it was is noted."""
    pieces.moved[OVERRIDES] = _hand_on(merge.dropped_id, merge.kept_id)
    last = RetierRun.objects.finished().order_by("-on").first()
    if last is None:
        return
    of_day = TierChange.everything.filter(customer_id=merge.kept_id, on=last.on)
    pieces.parked[TABLE] = as_texts(of_day)
    retier_customer(customer_id=merge.kept_id, since=last.on)
    pieces.moved[TABLE] = list(of_day.values_list("pk", flat=True))


def unsettle(merge: Merge, pieces: Pieces, at: datetime) -> None:
    """Put the change row back; both customers are judged again for every day that was re-tiered meanwhile."""
    _hand_on(merge.kept_id, merge.dropped_id, only=pieces.moved.get(OVERRIDES, []))
    runs = RetierRun.objects.finished().filter(finished_at__gt=merge.done_at).order_by("on")
    first = runs.first()
    mine = TierChange.everything.filter(customer_id=merge.kept_id)
    park(mine.filter(pk__in=pieces.moved.get(TABLE, [])))
    if first:
        park(mine.filter(on__gte=first.on))
    unpark(TierChange, pieces.parked.get(TABLE, []))
    if first:
        for customer_id in (merge.kept_id, merge.dropped_id):
            retier_customer(customer_id=customer_id, since=first.on)


def _hand_on(from_id: int, to_id: int, only: list[int] | None = None) -> list[int]:
    """Give one record's live override to the other unless that has its own; with `only` these, whatever became of them.

    Returns the keys of those given.
    """
    rows = TierOverride.everything.filter(customer_id=from_id)
    rows = rows.filter(status__in=LIVE) if only is None else rows.filter(pk__in=only)
    theirs = TierOverride.everything.filter(customer_id=to_id)
    given = [row.pk for row in rows if row.status not in LIVE or not theirs.filter(status__in=LIVE).exists()]
    TierOverride.everything.filter(pk__in=given).update(customer_id=to_id)
    return given


MOVER = Mover("tiers", CHILDREN, settle, unsettle)
