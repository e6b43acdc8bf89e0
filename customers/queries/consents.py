"""Reads of the consent ledger: what holds now, for one customer or for a million, and how it came about.

The statement made last holds (`stated_at`, then the order of recording): a withdrawal recorded late does not undo a
consent the customer gave after it, and a consent found late does not revive one withdrawn since. Nothing is cached:
every call reads what is committed at that moment, so a withdrawal between two batches is seen by the second.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, OuterRef, Q, QuerySet

from customers.enums import ConsentChannel, ConsentDecision, ConsentProof, ConsentPurpose
from customers.models import Consent, ConsentWording, Customer
from customers.models.consents import ConsentQuerySet

LATEST = ("-stated_at", "-pk")


@dataclass(frozen=True, slots=True)
class ConsentState:
    """What holds for a purpose over a channel; `latest` is the statement that says so, None when nothing was stated."""

    purpose: ConsentPurpose
    channel: ConsentChannel
    latest: Consent | None

    @property
    def state(self) -> str:
        """One of "given", "withdrawn" and "" (never stated)."""
        return self.latest.decision if self.latest else ""

    @property
    def is_given(self) -> bool:
        """True when the purpose may be served over the channel."""
        return self.state == ConsentDecision.GIVEN

    @property
    def since(self) -> datetime | None:
        """When the customer said so."""
        return self.latest.stated_at if self.latest else None

    @property
    def wording_version(self) -> int | None:
        """The version of the wording it was said to."""
        return self.latest.wording.version if self.latest and self.latest.wording else None

    @property
    def proof(self) -> str:
        """The kind of proof in words."""
        return str(ConsentProof(self.latest.proof).label) if self.latest else ""


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One purpose over all channels."""

    purpose: ConsentPurpose
    states: tuple[ConsentState, ...]


def current(customer_id: int) -> list[ConsentRow]:
    """What a customer agrees to now: every purpose over every channel, in one query."""
    statements = Consent.everything.filter(customer_id=customer_id).select_related("wording", "recorded_by")
    latest = statements.order_by("purpose", "channel", *LATEST).distinct("purpose", "channel")
    found = {(row.purpose, row.channel): row for row in latest}
    return [
        ConsentRow(
            purpose,
            tuple(ConsentState(purpose, channel, found.get((purpose, channel))) for channel in ConsentChannel),
        )
        for purpose in ConsentPurpose
    ]


def permitted(
    customers: QuerySet[Customer] | Iterable[int] | None, purpose: str, channel: str
) -> QuerySet[Consent, int]:
    """Ids of those customers (None = of all) who agree now to `purpose` over `channel`, as one lazy query.

    One pass over the index `consent_latest` in its own order; a million customers need neither sort nor row.
    """
    statements = Consent.everything.filter(purpose=purpose, channel=channel)
    if customers is not None:
        statements = statements.filter(customer__in=customers)
    decisions = statements.order_by().values("customer_id").annotate(decisions=ArrayAgg("decision", order_by=LATEST))
    agreed = decisions.filter(decisions__0=ConsentDecision.GIVEN)  # type: ignore[misc]  # the first of an array
    return agreed.values_list("customer_id", flat=True)


def may(customer_id: int, purpose: str, channel: str) -> bool:
    """Whether the customer agrees to `purpose` over `channel` at this moment: asked again before each single send."""
    statements = Consent.everything.filter(customer_id=customer_id, purpose=purpose, channel=channel)
    return statements.order_by(*LATEST).values_list("decision", flat=True).first() == ConsentDecision.GIVEN


def only_current(statements: ConsentQuerySet) -> ConsentQuerySet:
    """Of these statements those that hold now, none that a later one has replaced."""
    later = Consent.everything.filter(
        Q(stated_at__gt=OuterRef("stated_at")) | Q(stated_at=OuterRef("stated_at"), pk__gt=OuterRef("pk")),
        customer_id=OuterRef("customer_id"),
        purpose=OuterRef("purpose"),
        channel=OuterRef("channel"),
    )
    return statements.filter(~Exists(later))


def statements_of(customer_id: int) -> QuerySet[Consent]:
    """Every statement of a customer, the latest recorded first, with wording and recorder."""
    rows = Consent.everything.filter(customer_id=customer_id).select_related("wording", "recorded_by")
    return rows.order_by("-pk")


def wording_on(purpose: str, day: date) -> ConsentWording | None:
    """The wording of a purpose in force on a day."""
    rows = ConsentWording.objects.filter(purpose=purpose, effective_on__lte=day)
    return rows.order_by("-version").first()


def latest_wording(purpose: str) -> ConsentWording | None:
    """The newest version of a purpose's wording, in force or not yet."""
    return ConsentWording.objects.filter(purpose=purpose).order_by("-version").first()


def wordings_in_force(day: date) -> dict[str, ConsentWording]:
    """The wording in force on a day by purpose."""
    rows = ConsentWording.objects.filter(effective_on__lte=day).order_by("purpose", "-version").distinct("purpose")
    return {row.purpose: row for row in rows}


def wordings() -> QuerySet[ConsentWording]:
    """Every wording there ever was, by purpose, the newest version first."""
    return ConsentWording.objects.select_related("created_by").order_by("purpose", "-version")
