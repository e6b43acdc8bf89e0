"""The work of a hand-over: customers pass on in chunks, with whatever belongs to their manager, and back.

What passes on with a customer belongs to several apps; the composition root brings their `Mover`s and runs the jobs
(`depositcrm.portfolio`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, F, QuerySet, Sum, When

from customers.enums import HandoverResult, HandoverState, PromiseState
from customers.models import Customer, CustomerPosition, Handover, HandoverItem, Promise
from customers.queries import portfolio as queries
from customers.rules.portfolio import UNDO_DAYS, backup_after, keeps, refusal
from customers.services.ownership import acting
from staff.models import User

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Mover:
    """What else passes on with customers: rows of one app, by name.

    `move(customer_ids, to)` is called while the earlier manager still has the customers and returns the ids of the
    rows that passed on, by customer; `give_back(rows by customer, earlier managers by customer, to)` returns them.
    """

    name: str
    move: Callable[[Sequence[int], User], Mapping[int, list[int]]]
    give_back: Callable[[Mapping[int, list[int]], Mapping[int, int | None], User], None]


@transaction.atomic
def hand_over_chunk(*, handover_id: int, movers: Sequence[Mover], at: datetime) -> int:
    """Hand over the next customers; returns how many were judged, 0 when none is left. Safe after a kill."""
    handover = queries.with_people(Handover.everything.all()).get(pk=handover_id)
    items = _next_items(handover, HandoverState.QUEUED, HandoverResult.WAITING)
    if not items:
        return 0
    _lock_customers(items)
    aim, mandates = queries.aim_of(handover), queries.mandates_of(handover)
    owned = dict(queries.as_they_stand({pk: item.manager_before_id for pk, item in items.items()}))
    refused = {pk: why for pk, one in owned.items() if (why := refusal(one, aim, mandates)) is not None}
    moving = [pk for pk in items if pk not in refused]
    passed = {mover.name: mover.move(moving, handover.to_manager) for mover in movers}
    total = _set_managers(handover, moving, at)
    for pk, item in items.items():
        why = refused.get(pk)
        item.result, item.reason = (HandoverResult.REFUSED, why) if why else (HandoverResult.MOVED, "")
        item.backup_before_id = owned[pk].backup_id
        if why is None:
            rows = {name: found[pk] for name, found in passed.items() if pk in found}
            item.moved = {"backup": backup_after(owned[pk], aim), **rows}
    HandoverItem.everything.bulk_update(items.values(), ["result", "reason", "backup_before", "moved"])
    Handover.everything.filter(pk=handover_id).update(
        moved_count=F("moved_count") + len(moving),
        refused_count=F("refused_count") + len(refused),
        moved_total=F("moved_total") + total,
    )
    return len(items)


def _next_items(handover: Handover, state: HandoverState, result: HandoverResult) -> dict[int, HandoverItem]:
    if handover.state != state:
        return {}
    waiting = HandoverItem.everything.select_for_update().filter(handover=handover, result=result)
    return {item.customer_id: item for item in waiting.order_by("customer_id")[:CHUNK]}


def _lock_customers(items: Mapping[int, HandoverItem]) -> None:
    """Two hand-overs of the same customers go one after the other, each in the same order."""
    locked = Customer.everything.select_for_update(no_key=True).filter(pk__in=items).order_by("pk")
    list(locked.values_list("pk", flat=True))


def _locked(handover_id: int) -> Handover:
    return Handover.everything.select_for_update().get(pk=handover_id)


def _set_managers(handover: Handover, customer_ids: Sequence[int], at: datetime) -> Decimal:
    to = handover.to_manager
    backup = handover.backup_id or Case(When(backup=to, then=None), default=F("backup"))
    customers = Customer.everything.filter(pk__in=customer_ids)
    actor = handover.approval.decided_by if handover.approval else handover.requested_by
    with acting((actor or handover.requested_by).staff_no, handover_id=handover.pk):
        customers.update(manager=to, backup=backup, updated_at=at)
    positions = CustomerPosition.everything.filter(pk__in=customer_ids)
    positions.update(manager=to)
    return positions.aggregate(sum=Sum("total"))["sum"] or Decimal(0)


@transaction.atomic
def finish_handover(*, handover_id: int, at: datetime) -> Handover:
    """Close a hand-over whose customers have all been judged; from now on it can be taken back for a week."""
    handover = _locked(handover_id)
    if handover.state == HandoverState.QUEUED:
        handover.state, handover.done_at = HandoverState.DONE, at
        handover.undo_until = at + timedelta(days=UNDO_DAYS)
        moved = HandoverItem.everything.filter(handover=handover, result=HandoverResult.MOVED)
        earlier = list(moved.order_by().values_list("manager_before_id", flat=True).distinct()[:2])
        handover.from_manager_id = earlier[0] if len(earlier) == 1 else None  # refused ones count no more
        handover.save(update_fields=["state", "done_at", "undo_until", "from_manager"])
    return handover


@transaction.atomic
def hand_back_chunk(*, handover_id: int, movers: Sequence[Mover], at: datetime) -> int:
    """Take the next customers of a hand-over back; returns how many were judged, 0 when none is left."""
    handover = queries.with_people(Handover.everything.all()).get(pk=handover_id)
    items = _next_items(handover, HandoverState.UNDOING, HandoverResult.MOVED)
    if not items:
        return 0
    _lock_customers(items)
    earlier = {item.manager_before_id for item in items.values() if item.manager_before_id}
    left = set(User.objects.filter(pk__in=earlier, is_active=False).values_list("pk", flat=True))
    owned = dict(queries.as_they_stand({pk: item.manager_before_id for pk, item in items.items()}))
    back: list[int] = []
    for pk, item in items.items():
        why = keeps(owned[pk], handover.to_manager_id, owner_left=item.manager_before_id in left)
        item.result, item.reason = (HandoverResult.KEPT, why) if why else (HandoverResult.UNDONE, "")
        if why is None:
            back.append(pk)
    owners = {pk: items[pk].manager_before_id for pk in back}
    for mover in movers:
        rows = {pk: items[pk].moved[mover.name] for pk in back if items[pk].moved.get(mover.name)}
        mover.give_back(rows, owners, handover.to_manager)
    _give_back(handover, back, at)
    HandoverItem.everything.bulk_update(items.values(), ["result", "reason"])
    return len(items)


def _give_back(handover: Handover, customer_ids: list[int], at: datetime) -> None:
    """Earlier managers and backups again; a backup somebody named since stays, unless it is the manager now."""
    actor = handover.undone_by or handover.requested_by
    with acting(actor.staff_no, handover_id=handover.pk), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customer c SET manager_id = i.manager_before_id, updated_at = %(at)s, backup_id ="
            " CASE WHEN c.backup_id IS NOT DISTINCT FROM (i.moved->>'backup')::bigint THEN i.backup_before_id"
            " ELSE nullif(c.backup_id, i.manager_before_id) END FROM customers_handoveritem i"
            " WHERE i.handover_id = %(handover)s AND i.customer_id = c.id AND c.id = ANY(%(ids)s)",
            {"at": at, "handover": handover.pk, "ids": customer_ids},
        )
        cursor.execute(
            "UPDATE customers_customerposition p SET manager_id = c.manager_id FROM customers_customer c"
            " WHERE c.id = p.customer_id AND p.customer_id = ANY(%(ids)s)",
            {"ids": customer_ids},
        )


@transaction.atomic
def finish_undo(*, handover_id: int, at: datetime) -> Handover:
    """Close an undo once every customer has been judged."""
    handover = _locked(handover_id)
    if handover.state == HandoverState.UNDOING:
        handover.state, handover.undone_at = HandoverState.UNDONE, at
        handover.save(update_fields=["state", "undone_at"])
    return handover


def with_manager(name: str, rows: Callable[[], QuerySet[Any]], owner: str = "owner", but: str = "") -> Mover:
    """A mover of those of `rows` (with a `customer`) that the customer's manager owns; `owner` names that key.

    Rows whose key `but` is the new manager's stay. What passed on comes back with the customer if it is still among
    `rows` and still the new manager's.
    """

    def move(customer_ids: Sequence[int], to: User) -> dict[int, list[int]]:
        theirs = rows().filter(customer__in=customer_ids, **{owner: F("customer__manager")})
        theirs = theirs.exclude(**{but or owner: to})
        passing = list(theirs.order_by("pk").values_list("customer_id", "pk"))
        rows().filter(pk__in=[pk for _customer, pk in passing]).update(**{owner: to})
        found: dict[int, list[int]] = {}
        for customer, pk in passing:
            found.setdefault(customer, []).append(pk)
        return found

    def give_back(moved: Mapping[int, list[int]], owners: Mapping[int, int | None], to: User) -> None:
        by_owner: dict[int | None, list[int]] = {}
        for customer, pks in moved.items():
            by_owner.setdefault(owners[customer], []).extend(pks)
        for before, pks in by_owner.items():
            rows().filter(pk__in=pks, **{owner: to}).update(**{owner: before})

    return Mover(name, move, give_back)


PROMISES = with_manager("promises", lambda: Promise.everything.filter(state=PromiseState.OPEN))
