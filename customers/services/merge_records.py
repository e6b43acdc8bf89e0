"""Two records made one, and taken apart again. Both run in one transaction, while no feed is being posted."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import crypto, trail
from core.clock import SHANGHAI
from core.errors import DomainError
from core.trail import Actor
from customers.enums import MergeState
from customers.models import Customer, CustomerPosition, Merge
from customers.rules.merges import BUILT_IN, DROPPED, GROUPS, POLICY_KIND, read_merging
from customers.services import balances, merge_money
from customers.services.consents import lock_customers
from customers.services.feeds import IMPORT_LOCK
from customers.services.merge_children import Mover, Pieces, as_texts, move, move_back, read_row
from customers.services.merge_parts import ENDED, WITHDRAWN, end_preferences, restrictions
from customers.services.staging import run
from staff.queries import policy_on

SNAPSHOT = "customers.merge.snapshot"
SUBJECT = "customers.merge"
# The row keeps count of its writes beside the values themselves.
BOOKKEEPING = ("version", "updated_at")


class NotMergeable(DomainError):
    """One of the two has been merged in the meantime."""

    code = "not_mergeable"
    message = _("One of the two records was merged meanwhile; nothing was changed.")


class UndoneInOrder(DomainError):
    """Merges of a record come apart in the reverse order of their making."""

    code = "undone_in_order"
    message = _("%(number)s was merged again after this; take the later merge back first.")


@transaction.atomic
def merge(*, merge: Merge, movers: Sequence[Mover], at: datetime) -> Merge:
    """Make `dropped` part of `kept`, all rows of all movers' tables with it; a second run changes nothing.

    Raises NotMergeable when either was merged since it was asked for.
    """
    merge = _locked(merge)
    if merge.state != MergeState.WAITING:
        return merge
    kept, dropped = merge.kept, merge.dropped
    if kept.merged_into_id or dropped.merged_into_id:
        raise NotMergeable()
    purses = merge_money.purse_of(kept.pk), merge_money.purse_of(dropped.pk)
    ledger_day, before = balances.last_day(), _row(kept)
    merge.moved = {
        WITHDRAWN: restrictions(kept.pk, dropped.pk),
        ENDED: end_preferences(merge=merge, at=at),
    }
    _fill(merge, at)
    merge.accounts = merge_money.join(merge, *purses)
    parked: dict[str, Mapping[str, list[str]]] = {}
    for mover in movers:
        pieces = move(mover, merge=merge, at=at)
        merge.moved[mover.name], parked[mover.name] = pieces.moved, pieces.parked
    Customer.everything.filter(pk=dropped.pk).update(merged_into=kept)
    snapshot = {
        "kept": before,
        "after": _row(kept),
        "placed": as_texts(CustomerPosition.everything.filter(pk=kept.pk)),
        "purses": [merge_money.pack(purse) for purse in purses],
        "ledger_day": ledger_day.isoformat() if ledger_day else None,
        "parked": parked,
    }
    merge.snapshot_cipher = crypto.seal(SNAPSHOT, str(merge.pk), json.dumps(snapshot, default=str))
    policy = policy_on(POLICY_KIND, at.astimezone(SHANGHAI).date(), BUILT_IN)
    merge.state, merge.done_at = MergeState.DONE, at
    merge.undo_until = at + timedelta(days=read_merging(policy.values).undo_days)
    merge.save()
    _record(merge, merge.requested_by.actor, "merge", at)
    return merge


@transaction.atomic
def unmerge(*, merge: Merge, movers: Sequence[Mover], at: datetime) -> Merge:
    """Restore both records: exactly where nothing happened since, and what happened since stays with the kept one.

    Accounts of the dropped number go back to it with all that was fed meanwhile. A second run changes nothing. Raises
    UndoneInOrder when either was merged again later.
    """
    merge = _locked(merge)
    if merge.state != MergeState.UNDOING:
        return merge
    refuse_later(merge)
    opened = crypto.unseal(SNAPSHOT, str(merge.pk), merge.snapshot_cipher or b"")
    snapshot: dict[str, Any] = json.loads(opened)
    kept, dropped = (merge_money.unpack(packed) for packed in snapshot["purses"])
    placed = as_texts(CustomerPosition.everything.filter(pk=merge.kept_id))
    then = snapshot["ledger_day"]
    Customer.everything.filter(pk=merge.dropped_id).update(merged_into=None)
    _unfill(merge, snapshot)
    merge_money.part(merge, kept, dropped, ledger_day=date.fromisoformat(then) if then else None)
    _unplace(merge, kept.position, snapshot["placed"], placed)
    for mover in movers:
        pieces = Pieces(merge.moved.get(mover.name, {}), snapshot["parked"].get(mover.name, {}))
        move_back(mover, merge=merge, pieces=pieces, at=at)
    merge.state, merge.undone_at, merge.snapshot_cipher = MergeState.UNDONE, at, None
    merge.save()
    actor = merge.undone_by or merge.requested_by
    _record(merge, actor.actor, "unmerge", at)
    return merge


def refuse_later(merge: Merge) -> None:
    """Raises UndoneInOrder when a later merge of one of the two is in place."""
    both = [merge.kept_id, merge.dropped_id]
    standing = Q(state__in=[MergeState.WAITING, MergeState.DONE, MergeState.UNDOING])
    later = Merge.everything.filter(standing, Q(kept__in=both) | Q(dropped__in=both), pk__gt=merge.pk)
    if found := later.select_related("dropped", "kept").order_by("-pk").first():
        raise UndoneInOrder(number=found.dropped.customer_no if found.dropped_id in both else found.kept.customer_no)


def _locked(merge: Merge) -> Merge:
    """The merge with both customers, held against feeds, re-tiering and other writers of the two records."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
    found = Merge.everything.select_for_update().get(pk=merge.pk)
    both = (
        Customer.everything.select_for_update(no_key=True)
        .filter(pk__in=[found.kept_id, found.dropped_id])
        .order_by("pk")
    )
    by_key = {customer.pk: customer for customer in both}
    # Statements move, and some are withdrawn: not while a message is on its way to either.
    lock_customers([found.kept_id, found.dropped_id])
    found.kept, found.dropped = by_key[found.kept_id], by_key[found.dropped_id]
    return found


def _row(customer: Customer) -> str:
    return as_texts(Customer.everything.filter(pk=customer.pk))[0]


def _chosen(merge: Merge) -> list[str]:
    """Columns the kept record takes from the dropped one."""
    groups = [group for group, side in merge.choices.items() if side == DROPPED]
    return [column for group in groups for column in GROUPS[group]]


def _fill(merge: Merge, at: datetime) -> None:
    """Write the chosen values to the kept record; sealed ones are sealed anew, for they open under one number only."""
    kept, dropped = merge.kept, merge.dropped
    columns = _chosen(merge)
    if not columns:
        return
    for column in columns:
        value = getattr(dropped, column)
        if column.endswith("_cipher") and value:
            sealed = f"customers.customer.{column.removesuffix('_cipher')}"
            value = crypto.seal(sealed, kept.customer_no, crypto.unseal(sealed, dropped.customer_no, value))
        setattr(kept, column, value)
    kept.version, kept.updated_at = kept.version + 1, at
    kept.save(update_fields=[*columns, *BOOKKEEPING])


def _unfill(merge: Merge, snapshot: Mapping[str, str]) -> None:
    """Take the chosen values out again; one that was changed since the merge stays."""
    before, after, current = (read_row(text) for text in (snapshot["kept"], snapshot["after"], _row(merge.kept)))
    taken = [name for name in [*_chosen(merge), *BOOKKEEPING] if current[name] == after[name] != before[name]]
    if taken:
        names = ", ".join(f'"{name}"' for name in taken)
        run(
            f"UPDATE customers_customer SET ({names}) = (SELECT {names}"
            " FROM jsonb_populate_record(NULL::customers_customer, %(row)s::jsonb)) WHERE id = %(id)s",
            {"row": snapshot["kept"], "id": merge.kept_id},
        )


def _unplace(merge: Merge, before: str, after: Sequence[str], current: Sequence[str]) -> None:
    """Last contact and stage of the kept customer as they were, unless they moved on since the merge."""
    if not before or not after or not current:
        return
    was, became, is_now = read_row(before), read_row(after[0]), read_row(current[0])
    names = [name for name in ("last_contact_on", "stage") if is_now[name] == became[name] != was[name]]
    if names:
        CustomerPosition.everything.filter(pk=merge.kept_id).update(**{name: was[name] for name in names})


def _record(merge: Merge, actor: Actor, action: str, at: datetime) -> None:
    """Names of fields and counts of rows; never a value."""
    tables = {k: v for mover in merge.moved.values() if isinstance(mover, dict) for k, v in mover.items()}
    trail.record(
        actor=actor,
        action=action,
        subject=SUBJECT,
        subject_id=merge.pk,
        at=at,
        reason=merge.reason,
        changes={
            "kept": merge.kept.customer_no,
            "dropped": merge.dropped.customer_no,
            "fields": sorted(group for group, side in merge.choices.items() if side == DROPPED),
            "rows": {"customers_account": len(merge.accounts), **{key: len(keys) for key, keys in tables.items()}},
        },
    )
