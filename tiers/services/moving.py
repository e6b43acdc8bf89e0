"""The tier of a customer two records became, and of both when they come apart again."""

from datetime import datetime

from customers.models import Merge
from customers.services.merge_children import Child, How, Mover, Pieces, as_texts, park, unpark
from tiers.models import RetierRun, TierChange
from tiers.services.retiering import retier_customer

TABLE = "tiers_tierchange"

# A change is what a night decided about a record: it stays with that record, and with the figures of its day.
CHILDREN = (Child(TierChange, How.HISTORY),)


def settle(merge: Merge, pieces: Pieces, at: datetime) -> None:
    """Judge the merged customer by the rule of the latest re-tiered day; its change row as it was is noted."""
    last = RetierRun.objects.finished().order_by("-on").first()
    if last is None:
        return
    of_day = TierChange.everything.filter(customer_id=merge.kept_id, on=last.on)
    pieces.parked[TABLE] = as_texts(of_day)
    retier_customer(customer_id=merge.kept_id, since=last.on)
    pieces.moved[TABLE] = list(of_day.values_list("pk", flat=True))


def unsettle(merge: Merge, pieces: Pieces, at: datetime) -> None:
    """Put the change row back; both customers are judged again for every day that was re-tiered meanwhile."""
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


MOVER = Mover("tiers", CHILDREN, settle, unsettle)
