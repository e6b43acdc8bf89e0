"""Reads of books and hand-overs: who may own what, what a hand-over would do, what it did, what stayed."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum

from core.clock import SHANGHAI
from core.money import ZERO, yuan
from core.sql import statement
from customers.enums import HandoverRefusal, HandoverResult, HandoverState, PromiseState
from customers.models import Customer, CustomerPosition, CustomerShare, Handover, HandoverItem, OwnershipChange, Promise
from customers.rules.portfolio import Aim, Mandate, Owned, kept_share, kept_window, refusal
from staff.access import BOOK_KEEPERS, HEADS, MANAGERS, has_role, scope_of
from staff.enums import Decision, Reach, Role
from staff.enums.training import Activity
from staff.models import Approval, Branch, User
from staff.queries.licences import lacking, licence_rules, licence_words

APPROVAL_KIND = "handover"
OWNERS = (*BOOK_KEEPERS, Role.BRANCH_HEAD)
READ_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Load:
    """What one person looks after: customers, and their deposits in yuan."""

    customers: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class Preview:
    """What a hand-over would do if it ran now. `tiers` maps a tier's rank to customers; amounts are yuan."""

    asked: int
    moving: tuple[int, ...]
    refused: Mapping[int, HandoverRefusal]
    total: Decimal
    tiers: Mapping[int, int]
    promises: int
    before: Load

    @property
    def reasons(self) -> list[tuple[HandoverRefusal, int]]:
        """Refusals by reason, the most frequent first."""
        return Counter(self.refused.values()).most_common()

    @property
    def after(self) -> Load:
        """The new manager's load afterwards."""
        return Load(self.before.customers + len(self.moving), self.before.total + self.total)


@dataclass(frozen=True, slots=True)
class Kept:
    """Average daily deposits, in yuan, of the customers handed over: `days` before, and `since` until `until`."""

    before: Decimal
    since: Decimal
    days: int
    until: date

    @property
    def share(self) -> Decimal | None:
        """Per cent of the earlier average that is still there."""
        return kept_share(self.before, self.since)


def unlicensed_for(handover: Handover, preview: Preview, day: date) -> str:
    """Certificates the new manager lacks for the customers of the top tier among these, in words; "" = none (F07)."""
    is_top = any(count for rank, count in preview.tiers.items() if rank >= licence_rules(day).top_from)
    return licence_words(lacking(handover.to_manager, Activity.TOP_TIER, day), day) if is_top else ""


def owners_for(user: User | AnonymousUser) -> QuerySet[User]:
    """Active people who may own customers at the units in this person's scope, by unit and name."""
    scope = scope_of(user)
    people = User.objects.filter(role__in=OWNERS, is_active=True).select_related("branch")
    if scope.reach != Reach.BANK:
        people = people.filter(branch_id__in=scope.branch_ids)
    return people.order_by("branch__code", "name", "pk")


def owners_at(branch: Branch) -> QuerySet[User]:
    """Active people who may look after customers of this unit: those of it and of the units above it."""
    above = [int(part) for part in branch.path.split("/") if part]
    return (
        User.objects.filter(role__in=OWNERS, is_active=True, branch_id__in=above)
        .select_related("branch")
        .order_by("-branch__path", "name", "pk")
    )


def can_own(user: User, branch: Branch) -> bool:
    """True when this person may look after customers of the unit."""
    return user.is_active and user.role in OWNERS and branch.path.startswith(user.branch.path)


def shareable_with(customer: Customer) -> QuerySet[User]:
    """Colleagues a customer can be opened to: those with a book at its unit, and experts anywhere."""
    shared = CustomerShare.objects.filter(customer=customer).values("user")
    return (
        User.objects.filter(Q(role=Role.EXPERT) | Q(role__in=BOOK_KEEPERS, branch=customer.branch_id), is_active=True)
        .exclude(pk__in=shared)
        .exclude(pk__in=[pk for pk in (customer.manager_id, customer.backup_id) if pk])
        .select_related("branch")
        .order_by("branch__code", "name", "pk")
    )


def keeps_team(user: User | AnonymousUser, customer: Customer) -> bool:
    """True for those who decide who else sees a customer in their sight: its manager, and heads."""
    return has_role(user, *HEADS) or (has_role(user, *BOOK_KEEPERS) and user.pk == customer.manager_id)


def mandate_of(user: User) -> Mandate:
    """Which customers this person may hand over: managers their own book, heads those of the units below them."""
    if user.role in MANAGERS:
        return Mandate(book_of=user.pk)
    if user.role not in HEADS:
        return Mandate()
    return Mandate(below="" if scope_of(user).reach == Reach.BANK else user.branch.path)


def mandates_of(handover: Handover) -> tuple[Mandate, ...]:
    """Of whoever asked, and of whoever decided when somebody has."""
    decided_by = handover.approval.decided_by if handover.approval else None
    return tuple(mandate_of(user) for user in (handover.requested_by, decided_by) if user)


def aim_of(handover: Handover) -> Aim:
    """Who gets the customers."""
    backup = handover.backup
    return Aim(
        handover.to_manager_id,
        handover.to_manager.branch.path,
        backup.pk if backup else None,
        backup.branch.path if backup else "",
    )


def with_people(handovers: QuerySet[Handover]) -> QuerySet[Handover]:
    """Hand-overs with everybody a page or a run asks about."""
    return handovers.select_related(
        *("branch", "from_manager", "to_manager__branch", "backup__branch", "requested_by__branch"),
        *("approval__decided_by__branch", "approval__requested_by", "undone_by", "job"),
    )


def as_they_stand(expected: Mapping[int, int | None]) -> Iterator[tuple[int, Owned]]:
    """Customers by id as they are now; `expected` maps them to the manager they are thought to have."""
    paths = dict(Branch.objects.values_list("pk", "path"))
    for chunk in _chunks(sorted(expected)):
        rows = Customer.everything.filter(pk__in=chunk).order_by("pk")
        for pk, manager, backup, branch, merged in rows.values_list(
            "pk", "manager_id", "backup_id", "branch_id", "merged_into_id"
        ):
            yield pk, Owned(manager, backup, expected[pk], paths[branch], merged is not None)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + READ_AT_ONCE] for start in range(0, len(ids), READ_AT_ONCE))


def preview_of(handover: Handover) -> Preview:
    """Every customer of a hand-over judged as its run would judge it now."""
    expected = dict(HandoverItem.everything.filter(handover=handover).values_list("customer_id", "manager_before_id"))
    aim, mandates = aim_of(handover), mandates_of(handover)
    judged = {pk: refusal(owned, aim, mandates) for pk, owned in as_they_stand(expected)}
    moving = tuple(pk for pk, why in judged.items() if why is None)
    total, tiers, promises = ZERO, Counter[int](), 0
    for chunk in _chunks(moving):
        for tier, count, amount in _by_tier(chunk):
            tiers[tier] += count
            total += amount
        promises += passing_promises(chunk).count()
    return Preview(
        asked=len(expected),
        moving=moving,
        refused={pk: why for pk, why in judged.items() if why is not None},
        total=total,
        tiers=dict(sorted(tiers.items(), reverse=True)),
        promises=promises,
        before=load_of(handover.to_manager_id),
    )


def _by_tier(customer_ids: Sequence[int]) -> QuerySet[CustomerPosition, tuple[int, int, Decimal]]:
    positions = CustomerPosition.everything.filter(pk__in=customer_ids)
    return positions.values_list("tier").annotate(count=Count("pk"), amount=Sum("total")).order_by()


def passing_promises(customer_ids: Sequence[int]) -> QuerySet[Promise]:
    """Open promises to these customers that are their present manager's to keep: they pass on with the customer."""
    promises = Promise.everything.filter(state=PromiseState.OPEN, customer_id__in=customer_ids)
    return promises.filter(owner_id=F("customer__manager_id"))


def load_of(user_id: int) -> Load:
    """What a person looks after at present."""
    found = CustomerPosition.everything.filter(manager_id=user_id, customer__merged_into=None)
    counted = found.aggregate(customers=Count("pk"), total=Sum("total"))
    return Load(counted["customers"], counted["total"] or ZERO)


def digest_of(handover: Handover) -> str:
    """Stands for exactly who gets which customers from whom."""
    items = HandoverItem.everything.filter(handover=handover).order_by("customer_id")
    text = [f"{handover.pk} {handover.to_manager_id} {handover.backup_id} {handover.reason}"]
    text += [f"{customer} {manager}" for customer, manager in items.values_list("customer_id", "manager_before_id")]
    return hashlib.sha256("\n".join(text).encode()).hexdigest()


def pending_approval(handover: Handover) -> Approval | None:
    """The request that waits for a decision."""
    return Approval.objects.filter(kind=APPROVAL_KIND, subject_id=handover.pk, decision=Decision.PENDING).first()


def may_decide(user: User | AnonymousUser, handover: Handover) -> bool:
    """True for a head of the unit, or of one above it, who did not ask for it."""
    if not has_role(user, *HEADS) or handover.requested_by_id == user.pk:
        return False
    scope = scope_of(user)
    return scope.reach == Reach.BANK or handover.branch_id in scope.branch_ids


def may_undo(user: User | AnonymousUser, handover: Handover, at: datetime) -> bool:
    """True for a head of the unit while the hand-over can be taken back."""
    if handover.state != HandoverState.DONE or handover.undo_until is None or at > handover.undo_until:
        return False
    scope = scope_of(user)
    return has_role(user, *HEADS) and (scope.reach == Reach.BANK or handover.branch_id in scope.branch_ids)


def taken_lately(user: User, since: datetime) -> QuerySet[Handover]:
    """Hand-overs done since that moment by which this person got customers, the latest first."""
    return _done_since(user, since).filter(to_manager=user)


def given_lately(user: User, since: datetime) -> QuerySet[Handover]:
    """Hand-overs done since that moment by which customers of this person went; `given` says how many."""
    given = Count("items", filter=Q(items__manager_before=user, items__result=HandoverResult.MOVED))
    return _done_since(user, since).annotate(given=given).filter(given__gt=0)


def _done_since(user: User, since: datetime) -> QuerySet[Handover]:
    done = Handover.objects.visible_to(user).filter(state=HandoverState.DONE, done_at__gte=since, moved_count__gt=0)
    return done.select_related("from_manager", "to_manager", "requested_by").order_by("-pk")


def result_counts(handover: Handover) -> dict[str, int]:
    """Customers of a hand-over by what became of them."""
    found = HandoverItem.everything.filter(handover=handover).values_list("result").annotate(n=Count("pk")).order_by()
    return dict(found)


def ownership_history(customer: Customer) -> QuerySet[OwnershipChange]:
    """Every change of the customer's manager and backup with `actor_name`, the latest first."""
    changes = OwnershipChange.everything.filter(customer=customer).select_related("from_user", "to_user", "handover")
    names = User.objects.filter(staff_no=OuterRef("actor_no")).values("name")
    return changes.annotate(actor_name=Subquery(names[:1])).order_by("-at", "-pk")


def kept_after(handover: Handover, day: date) -> Kept | None:
    """Deposits of the customers handed over: the average of 90 days before against that since, as known on `day`.

    None while nothing was handed over, on its own day, and once it was taken back.
    """
    if handover.done_at is None or handover.state != HandoverState.DONE:
        return None
    window = kept_window(handover.done_at.astimezone(SHANGHAI).date(), day)
    if window is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            statement("customers", "handover_kept"),
            {
                "handover": handover.pk,
                "moved": HandoverResult.MOVED,
                **{name: getattr(window, name) for name in ("before_start", "before_end", "since_start", "since_end")},
            },
        )
        before, since = cursor.fetchone()
    days = (window.since_end - window.since_start).days + 1
    before_days = (window.before_end - window.before_start).days + 1
    return Kept(yuan(before / before_days), yuan(since / days), days, window.since_end)
