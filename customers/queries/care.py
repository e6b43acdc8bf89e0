"""Reads of what whoever serves a customer must know (alerts) or has promised."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from customers.enums import AlertKind, FlagKind, KycKind, PromiseState, Severity
from customers.models import Customer, CustomerAlert, CustomerShare, LifecycleChange, Promise, QualityFlag
from customers.models.customers import CustomerQuerySet
from customers.queries.kyc import KycStanding, standing
from customers.rules.alerts import GRAVE, SERVING_FLAGS, TONES, identity_alert, loudness
from staff.access import COUNTER, HEADS, SERVING
from staff.enums import Role
from staff.models import User

KYC_SEVERITIES = {"info": Severity.INFO, "warn": Severity.WARN, "bad": Severity.CRITICAL}


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to know before serving a customer; `alert_id` is set for what somebody raised and may dismiss."""

    kind: str
    severity: str
    title: str
    text: str
    ends_on: date | None = None
    alert_id: int | None = None
    raised_by: str = ""

    @property
    def tone(self) -> str:
        """How components/alert.html colours it; "grave" is said first and without alarm."""
        return "grave" if self.kind in GRAVE else TONES[Severity(self.severity)]

    @property
    def may_dismiss(self) -> bool:
        """True for what a person raised; findings go away when their cause does."""
        return self.alert_id is not None


@dataclass(frozen=True, slots=True)
class PromiseRecord:
    """How promises to a customer went: open now (of them overdue), kept, broken; released ones count for neither."""

    open: int
    overdue: int
    kept: int
    broken: int

    @property
    def closed(self) -> int:
        """Promises that were kept or broken."""
        return self.kept + self.broken


def standing_alerts(customer: Customer, viewer: User, day: date) -> list[Notice]:
    """All this person may know before serving the customer on `day`: grave first, then by severity.

    Joins what people raised, the identity document, what is due under the KYC rules, and findings about the record.
    """
    found = [*_raised(customer, viewer, day), *_due(customer, day), *_flagged(customer)]
    return sorted(found, key=lambda notice: loudness(notice.kind, notice.severity))


def _raised(customer: Customer, viewer: User, day: date) -> Iterator[Notice]:
    rows = CustomerAlert.objects.active_on(day).filter(customer=customer).select_related("raised_by")
    rows = rows.exclude(hidden_from__contains=[viewer.pk])
    for row in rows.order_by("-pk"):
        yield Notice(
            kind=row.kind,
            severity=row.severity,
            title=str(AlertKind(row.kind).label),
            text=row.text,
            ends_on=row.ends_on,
            alert_id=None if row.case_no else row.pk,
            raised_by=row.raised_by.name if row.raised_by else "",
        )


def _due(customer: Customer, day: date) -> Iterator[Notice]:
    due: list[KycStanding] = standing(customer.pk, day)
    for item in due:
        yield Notice(item.kind, KYC_SEVERITIES[item.tone], "", item.text)
    if any(item.kind == KycKind.DOCUMENT for item in due):
        return
    # Before the night has opened an item, the document speaks for itself.
    state = identity_alert(customer.id_expires_on, customer.id_is_long_term, day)
    if state and customer.id_expires_on:
        words = {"day": customer.id_expires_on.isoformat()}
        if state == "id_expired":
            yield Notice(state, Severity.CRITICAL, "", _("The identity document expired on %(day)s.") % words)
        else:
            yield Notice(state, Severity.WARN, "", _("The identity document expires on %(day)s.") % words)


def _flagged(customer: Customer) -> Iterator[Notice]:
    rows = QualityFlag.objects.filter(
        customer=customer, resolved_on=None, dismissed_on=None, kind__in=sorted(SERVING_FLAGS)
    )
    for kind in rows.order_by("kind").values_list("kind", flat=True):
        yield Notice(kind, Severity.WARN, "", str(FlagKind(kind).label))


def for_page(customers: CustomerQuerySet, day: date) -> CustomerQuerySet:
    """Add what the head of the customer page says: `stage_since`, `stage_rule`, `open_promises`, `overdue_promises`."""
    changes = LifecycleChange.everything.filter(customer=OuterRef("pk")).order_by("-on")
    waiting = Promise.everything.filter(customer=OuterRef("pk"), state=PromiseState.OPEN).order_by()
    late = waiting.filter(due_on__lt=day)
    counted = [rows.values("customer").annotate(n=Count("pk")).values("n") for rows in (waiting, late)]
    return customers.annotate(
        stage_since=Subquery(changes.values("on")[:1]),
        stage_rule=Subquery(changes.values("rule")[:1]),
        open_promises=Coalesce(Subquery(counted[0]), 0),
        overdue_promises=Coalesce(Subquery(counted[1]), 0),
    )


def promise_record(customer_id: int, day: date) -> PromiseRecord:
    """How promises to the customer stand on `day`."""
    open_ = Q(state=PromiseState.OPEN)
    counts = Promise.everything.filter(customer_id=customer_id).aggregate(
        open=Count("pk", filter=open_),
        overdue=Count("pk", filter=open_ & Q(due_on__lt=day)),
        kept=Count("pk", filter=Q(state=PromiseState.KEPT)),
        broken=Count("pk", filter=Q(state=PromiseState.BROKEN)),
    )
    return PromiseRecord(**counts)


def promises_of(customer_id: int) -> QuerySet[Promise]:
    """Promises to a customer with owner and closer."""
    rows = Promise.everything.filter(customer_id=customer_id)
    return rows.select_related("owner", "made_by", "closed_by", "customer")


def promise_owners(customer: Customer) -> QuerySet[User]:
    """Who may keep a promise to the customer: counter and head of its unit, manager, backup, and shares; by name."""
    theirs = Q(pk__in=[pk for pk in (customer.manager_id, customer.backup_id) if pk])
    shared = Q(pk__in=CustomerShare.objects.filter(customer=customer).values("user_id"))
    of_unit = Q(branch_id=customer.branch_id, role__in=[*COUNTER, Role.BRANCH_HEAD])
    return User.objects.filter(theirs | shared | of_unit, is_active=True, role__in=SERVING).order_by("name", "pk")


def may_own_promise(user: User, customer: Customer) -> bool:
    """Whether a person sees the customer and serves customers (or heads those who do)."""
    if user.role not in (*SERVING, *HEADS) or not user.is_active:
        return False
    return Customer.objects.visible_to(user).filter(pk=customer.pk).exists()


def of_whom(promises: QuerySet[Promise], viewer: User) -> QuerySet[Promise]:
    """Of the promises in sight those that are the viewer's business: one's own; for heads those of all their people."""
    return promises if viewer.role in HEADS else promises.filter(owner=viewer)
