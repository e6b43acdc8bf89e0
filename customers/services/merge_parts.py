"""What customers itself moves in a merge: its tables' rows, and those three for which that is not enough."""

from datetime import datetime

from customers.enums import ConsentDecision, ConsentProof
from customers.models import (
    Account,
    AccountBalance,
    BalanceChange,
    Consent,
    Customer,
    CustomerAlert,
    CustomerPosition,
    CustomerShare,
    FieldRefusal,
    FieldSource,
    HandoverItem,
    KycItem,
    KycReview,
    LifecycleChange,
    Merge,
    OwnershipChange,
    PageOpening,
    PositionChange,
    Preference,
    Promise,
    Prospect,
    QualityFlag,
)
from customers.rules.merges import DROPPED, group_of
from customers.services.merge_children import Child, How, Mover, Pieces, park, unpark

# What is noted of a merge before its children move.
ENDED = "ended"
WITHDRAWN = "withdrawn"
SOURCES = "customers_fieldsource"

# In this order; accounts and what hangs on them are `merge_money`'s.
CHILDREN = (
    Child(Account, How.REBUILT),
    Child(AccountBalance, How.REBUILT),
    Child(BalanceChange, How.REBUILT),
    Child(PositionChange, How.REBUILT),
    Child(CustomerPosition, How.REBUILT),
    Child(FieldSource, How.REBUILT),
    # The flags of the record that goes speak of its values; the night looks at the one that stays anew.
    Child(QualityFlag, How.PARKED),
    Child(CustomerShare),
    Child(FieldRefusal),
    Child(Preference),
    Child(Consent, is_record=True),
    Child(CustomerAlert),
    Child(Promise),
    Child(KycItem),
    Child(KycReview, is_record=True),
    Child(Prospect, is_record=True),
    Child(Prospect, field="referred_by"),
    Child(Customer, field="merged_into"),
    Child(OwnershipChange, How.HISTORY),
    Child(HandoverItem, How.HISTORY),
    Child(LifecycleChange, How.HISTORY),
    # Whose page was opened; readers count it for the customer it became.
    Child(PageOpening, How.HISTORY),
    Child(Merge, How.HISTORY, field="kept"),
    Child(Merge, How.HISTORY, field="dropped"),
)


def settle(merge: Merge, pieces: Pieces, at: datetime) -> None:
    """Sources of the values that were chosen; the stricter of both records' consents."""
    pieces.add(_join_sources(merge))
    _restrict_consents(merge, at)


def unsettle(merge: Merge, pieces: Pieces, at: datetime) -> None:
    """Sources as they were; consents that only the merge withdrew hold again; preferences it ended too."""
    _part_sources(merge, pieces)
    _restore_consents(merge, at)
    _resume_preferences(merge.moved.get(ENDED, []))


CUSTOMERS = Mover("customers", CHILDREN, settle, unsettle)


def end_preferences(*, merge: Merge, at: datetime) -> list[int]:
    """Of two current preferences of a kind the one stated earlier ends; returns the keys of the ended ones."""
    current = Preference.everything.filter(customer_id__in=[merge.kept_id, merge.dropped_id], ended_at=None)
    latest: dict[str, Preference] = {}
    ended: list[int] = []
    for preference in current.order_by("stated_on", "pk"):
        if preference.kind in latest:
            ended.append(latest[preference.kind].pk)
        latest[preference.kind] = preference
    Preference.everything.filter(pk__in=ended).update(ended_at=at)
    return ended


def _resume_preferences(ended: list[int]) -> None:
    for preference in Preference.everything.filter(pk__in=ended).order_by("pk"):
        is_followed = Preference.everything.filter(
            customer_id=preference.customer_id, kind=preference.kind, ended_at=None
        ).exists()
        if not is_followed:
            Preference.everything.filter(pk=preference.pk).update(ended_at=None)


def _join_sources(merge: Merge) -> Pieces:
    """The source goes with the value: that of a chosen value moves, all others of either record's unused values go."""
    chosen = {group for group, side in merge.choices.items() if side == DROPPED}
    theirs, mine = (
        FieldSource.objects.filter(customer_id=merge.dropped_id),
        FieldSource.objects.filter(customer_id=merge.kept_id),
    )
    moving = [row.pk for row in theirs if group_of(row.field) in chosen]
    leaving = [row.pk for row in mine if group_of(row.field) in chosen]
    parked = park(FieldSource.objects.filter(pk__in=leaving)) + park(theirs.exclude(pk__in=moving))
    FieldSource.objects.filter(pk__in=moving).update(customer_id=merge.kept_id)
    return Pieces({SOURCES: moving}, {SOURCES: parked})


def _part_sources(merge: Merge, pieces: Pieces) -> None:
    moved = FieldSource.objects.filter(pk__in=pieces.moved.get(SOURCES, []), customer_id=merge.kept_id)
    moved.update(customer_id=merge.dropped_id)
    unpark(FieldSource, pieces.parked.get(SOURCES, []))


def _latest(customer_ids: list[int]) -> dict[tuple[str, str], Consent]:
    """The statement that holds, of each purpose and channel."""
    rows = Consent.everything.filter(customer_id__in=customer_ids).order_by("stated_at", "pk")
    return {(row.purpose, row.channel): row for row in rows}


def restrictions(kept_id: int, dropped_id: int) -> list[tuple[str, str]]:
    """Purposes and channels of which one record withdrew what the other gave: the merged one has withdrawn them."""
    a, b = _latest([kept_id]), _latest([dropped_id])
    decisions = {key: {side[key].decision for side in (a, b) if key in side} for key in a.keys() | b.keys()}
    return sorted(key for key, found in decisions.items() if len(found) > 1)


def _restrict_consents(merge: Merge, at: datetime) -> None:
    """Statements are the kept customer's now; a withdrawal of either record is put after a consent of the other."""
    wanted = {tuple(key) for key in merge.moved.get(WITHDRAWN, [])}
    for key, latest in _latest([merge.kept_id]).items():
        if key in wanted and latest.decision == ConsentDecision.GIVEN:
            _state(merge, latest, ConsentDecision.WITHDRAWN, _reference(merge), at)


def _restore_consents(merge: Merge, at: datetime) -> None:
    """What the kept record had given before the merge withdrew it is given again, unless spoken of since."""
    added = _reference(merge)
    for key, latest in _latest([merge.kept_id]).items():
        if latest.proof_ref != added:
            continue
        own = Consent.everything.filter(customer_id=merge.kept_id, purpose=key[0], channel=key[1])
        before = own.exclude(proof_ref=added).order_by("stated_at", "pk").last()
        if before and before.decision == ConsentDecision.GIVEN:
            _state(merge, before, ConsentDecision.GIVEN, f"{added} undone", at)


def _reference(merge: Merge) -> str:
    return f"merge {merge.pk}"


def _state(merge: Merge, like: Consent, decision: str, reference: str, at: datetime) -> None:
    Consent.everything.create(
        customer_id=merge.kept_id,
        purpose=like.purpose,
        channel=like.channel,
        decision=decision,
        wording_id=like.wording_id,
        proof=ConsentProof.IMPORTED,
        proof_ref=reference,
        stated_at=max(at, like.stated_at),
        recorded_at=at,
        recorded_by_id=merge.requested_by_id,
    )
