"""What waits for a person's decision, in every app: each source asks its own app who may decide."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from campaigns.enums import CampaignState, ContentState
from campaigns.models import Article, Offer, Template
from campaigns.queries.campaigns import waiting_for as campaigns_waiting
from campaigns.queries.content import DECIDERS as CONTENT_DECIDERS
from complaints.enums import CaseState, ExtensionState, ReviewState
from complaints.models import CaseMove, Complaint, Decision, Extension
from complaints.queries.cases import LEADERS, SUBJECT
from complaints.queries.extensions import may_decide_extension
from complaints.queries.reviews import HANDS, reviews_for
from complaints.rules.moves import OPEN
from core.models import TrailEntry
from customers.enums import HandoverState
from customers.models import Handover
from insights.enums import ApprovalKind
from staff.access import HEADS, has_role, scope_of
from staff.enums import Decision as Decided
from staff.enums import PolicyStatus, Reach, Role
from staff.models import Approval, Policy, User
from staff.queries import exports_to_decide
from staff.queries.targets import targets_to_decide
from tiers.enums import SchemeStatus
from tiers.models import Scheme
from tiers.queries.overrides import overrides_to_decide

# Of each kind the oldest so many are listed: whoever has more has to begin somewhere.
MOST: Final = 100
DECIDERS: Final = (*HEADS, Role.COMPLIANCE, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: who asked when, for which unit, and the page it is decided on. `due_on`: a law's day."""

    kind: str
    pk: int
    title: str
    asker: str
    unit: str
    at: datetime
    url: str
    due_on: date | None = None

    @property
    def key(self) -> str:
        """Names it in addresses of a page and of its parts."""
        return f"{self.kind.replace('.', '-')}-{self.pk}"


@dataclass(frozen=True, slots=True)
class Pile:
    """What waits of one kind; `is_cut`: there is more than the oldest MOST."""

    kind: ApprovalKind
    rows: tuple[Waiting, ...]
    is_cut: bool


Source = Callable[[User, date], Iterator[Waiting]]


def piles_for(user: User, day: date) -> list[Pile]:
    """Everything the person may decide on, by kind, the oldest of each kind first; empty kinds are left out."""
    if not has_role(user, *DECIDERS):
        return []
    found = []
    for kind, source in SOURCES.items():
        rows = tuple(islice(source(user, day), MOST + 1))
        if rows:
            found.append(Pile(kind, rows[:MOST], len(rows) > MOST))
    return found


def count_for(user: User, day: date) -> int:
    """How many things wait for the person; of each kind at most MOST are counted."""
    return sum(len(pile.rows) for pile in piles_for(user, day))


def _policies(user: User, day: date) -> Iterator[Waiting]:
    if not _sets_rules(user):
        return
    waiting = Policy.objects.filter(status=PolicyStatus.SUBMITTED).exclude(drafted_by=user)
    waiting = waiting.filter(_asked_by_others(ApprovalKind.POLICY, user)).select_related("drafted_by__branch")
    for row in waiting.order_by("pk")[: MOST + 1]:
        url = reverse("customers:policy", args=[row.kind])
        yield _by(row.drafted_by, ApprovalKind.POLICY, row, row.drafted_at, url)


def _schemes(user: User, day: date) -> Iterator[Waiting]:
    if not _sets_rules(user):
        return
    waiting = Scheme.objects.filter(status=SchemeStatus.SUBMITTED).exclude(drafted_by=user)
    waiting = waiting.filter(_asked_by_others(ApprovalKind.SCHEME, user)).select_related("drafted_by__branch")
    for row in waiting.order_by("pk")[: MOST + 1]:
        if row.drafted_by is not None:  # only the first one, which nobody has to approve, was drawn up by nobody
            url = reverse("tiers:scheme", args=[row.pk])
            yield _by(row.drafted_by, ApprovalKind.SCHEME, row, row.drafted_at, url)


def _overrides(user: User, day: date) -> Iterator[Waiting]:
    for row in overrides_to_decide(user).select_related("requested_by__branch")[: MOST + 1]:
        url = reverse("tiers:override", args=[row.pk])
        made = _by(row.requested_by, ApprovalKind.OVERRIDE, row, row.requested_at, url)
        yield replace(made, title=f"{row.customer.name} → {row.letter}", unit=row.customer.branch.name)


def _handovers(user: User, day: date) -> Iterator[Waiting]:
    if not has_role(user, *HEADS):
        return
    waiting = Handover.objects.visible_to(user).filter(_here(user), state=HandoverState.PENDING)
    people = ("branch", "to_manager", "from_manager", "requested_by__branch")
    for row in waiting.exclude(requested_by=user).select_related(*people).order_by("requested_at", "pk")[: MOST + 1]:
        url = reverse("customers:handover", args=[row.pk])
        made = _by(row.requested_by, ApprovalKind.HANDOVER, row, row.requested_at, url)
        whose = row.from_manager or row.requested_by
        yield replace(made, title=f"{whose.name} → {row.to_manager.name}", unit=row.branch.name)


def _exports(user: User, day: date) -> Iterator[Waiting]:
    for row in exports_to_decide(user)[: MOST + 1]:
        url = reverse("staff:export_decide", args=[row.pk])
        title = f"{row.said.get('list', row.list_key)}: {row.expected_rows:,}"
        yield replace(_by(row.requested_by, ApprovalKind.EXPORT, row, row.requested_at, url), title=title)


def _targets(user: User, day: date) -> Iterator[Waiting]:
    rows = targets_to_decide(user).select_related("branch", "team", "person", "drafted_by__branch")
    for row in rows[: MOST + 1]:
        made = _by(row.drafted_by, ApprovalKind.TARGET, row, row.drafted_at, row.get_absolute_url())
        yield replace(made, title=f"{row.whose.name}: {row.get_measure_display()}", unit=row.branch.name)


def _campaigns(user: User, day: date) -> Iterator[Waiting]:
    for row in campaigns_waiting(user)[: MOST + 1]:
        kind = ApprovalKind.COMPLIANCE if row.state == CampaignState.CHECKED else ApprovalKind.CHECK
        made = _by(row.created_by, kind, row, row.state_at, reverse("campaigns:approval", args=[row.pk]))
        yield replace(made, title=row.name, unit=row.branch.name)


def _content_of(model: Any, kind: ApprovalKind) -> Source:
    def source(user: User, day: date) -> Iterator[Waiting]:
        if not has_role(user, *CONTENT_DECIDERS):
            return
        waiting = model.objects.filter(state=ContentState.SUBMITTED).exclude(created_by=user)
        # When it was asked for stands with the request alone.
        asked = Approval.objects.filter(kind=kind, subject_id=OuterRef("pk"), decision=Decided.PENDING)
        waiting = waiting.annotate(asked_at=Subquery(asked.values("requested_at")[:1]))
        for row in waiting.select_related("created_by__branch").order_by("pk")[: MOST + 1]:
            yield _by(row.created_by, kind, row, row.asked_at or row.created_at, row.get_absolute_url())

    return source


def _decisions(user: User, day: date) -> Iterator[Waiting]:
    if not has_role(user, *LEADERS):
        return
    latest = Decision.everything.filter(complaint=OuterRef("pk"), round=OuterRef("round")).order_by("-version")
    cases = Complaint.objects.visible_to(user).filter(_here(user, "desk"), state=CaseState.PROPOSED)
    cases = cases.annotate(
        proposer=Subquery(latest.values("proposed_by")[:1]),
        proposer_name=Subquery(latest.values("proposed_by__name")[:1]),
        proposed_at=Subquery(latest.values("proposed_at")[:1]),
    ).exclude(Q(proposer=None) | Q(proposer=user.pk))
    for row in cases.select_related("desk").order_by("due_on", "pk")[: MOST + 1]:
        yield Waiting(
            ApprovalKind.DECISION,
            row.pk,
            row.number,
            row.proposer_name,
            row.desk.name,
            row.proposed_at,
            row.get_absolute_url(),
            row.due_on,
        )


def extensions_to_decide(user: User, day: date) -> Iterator[Extension]:
    """Requests for more time this person may decide on, the one whose deadline is nearest first."""
    if not has_role(user, *HEADS):
        return
    rows = Extension.objects.visible_to(user).filter(
        state=ExtensionState.ASKED,
        round=F("complaint__round"),
        complaint__state__in=OPEN,
        complaint__due_on__gte=day,
    )
    rows = rows.exclude(asked_by=user).select_related("complaint__desk", "asked_by__branch")
    yield from (row for row in rows.order_by("complaint__due_on", "pk") if may_decide_extension(user, row))


def _extensions(user: User, day: date) -> Iterator[Waiting]:
    for row in extensions_to_decide(user, day):
        case = row.complaint
        url = case.get_absolute_url()
        made = _by(row.asked_by, ApprovalKind.EXTENSION, row, row.asked_at, url)
        yield replace(made, title=f"{case.number}: +{row.days}", unit=case.desk.name, due_on=case.due_on)


def _reviews(user: User, day: date) -> Iterator[Waiting]:
    if not has_role(user, *LEADERS):
        return
    rows = reviews_for(user).filter(Q(reviewer=None) | Q(reviewer=user), ~_had_a_hand(user), state=ReviewState.ASKED)
    for row in rows.select_related("recorded_by__branch").order_by("due_on", "pk")[: MOST + 1]:
        url = row.complaint.get_absolute_url()
        made = _by(row.recorded_by, ApprovalKind.REVIEW, row, row.recorded_at, url)
        yield replace(made, title=row.complaint.number, unit=row.desk.name, due_on=row.due_on)


def _had_a_hand(user: User) -> Q:
    """Reviews of what this person helped to decide (complaints.queries.reviews.first_hands, as one condition)."""
    decided = Decision.everything.filter(complaint=OuterRef("complaint")).filter(
        Q(proposed_by=user) | Q(approved_by=user)
    )
    moved = CaseMove.everything.filter(complaint=OuterRef("complaint"), move__in=HANDS, by=user)
    handled = TrailEntry.objects.filter(
        subject=SUBJECT, subject_id=OuterRef("complaint__number"), action="assign", changes__handler__0=user.staff_no
    )
    return Q(complaint__handler=user) | Q(Exists(decided)) | Q(Exists(moved)) | Q(Exists(handled))


def _sets_rules(user: User) -> bool:
    """Who decides on rules and tiers of the whole bank (staff.services.policies, tiers.services.schemes)."""
    return user.role == Role.ADMIN or (user.role == Role.HEAD_OFFICE and user.branch.parent_id is None)


def _asked_by_others(kind: str, user: User) -> Q:
    asked = Approval.objects.filter(kind=kind, subject_id=OuterRef("pk"), decision=Decided.PENDING)
    return Q(Exists(asked.exclude(requested_by=user)))


def _here(user: User, path: str = "branch") -> Q:
    scope = scope_of(user)
    return Q() if scope.reach == Reach.BANK else Q(**{f"{path}_id__in": sorted(scope.branch_ids)})


def _by(asker: User, kind: ApprovalKind, row: Any, at: datetime, url: str) -> Waiting:
    return Waiting(kind, row.pk, str(row), asker.name, asker.branch.name, at, url)


# In the order in which they are shown: what has a law's clock first.
SOURCES: Final[Mapping[ApprovalKind, Source]] = {
    ApprovalKind.DECISION: _decisions,
    ApprovalKind.EXTENSION: _extensions,
    ApprovalKind.REVIEW: _reviews,
    ApprovalKind.HANDOVER: _handovers,
    ApprovalKind.OVERRIDE: _overrides,
    ApprovalKind.EXPORT: _exports,
    ApprovalKind.TARGET: _targets,
    ApprovalKind.CHECK: _campaigns,
    ApprovalKind.TEMPLATE: _content_of(Template, ApprovalKind.TEMPLATE),
    ApprovalKind.OFFER: _content_of(Offer, ApprovalKind.OFFER),
    ApprovalKind.ARTICLE: _content_of(Article, ApprovalKind.ARTICLE),
    ApprovalKind.SCHEME: _schemes,
    ApprovalKind.POLICY: _policies,
}


def asked_by(user: User) -> QuerySet[Approval]:
    """A person's own requests with who decided them, the latest first."""
    return Approval.objects.filter(requested_by=user).select_related("decided_by").order_by("-requested_at", "-pk")


def page_of(approval: Approval) -> str:
    """The page of what a request is about; "" for a kind that has none."""
    if approval.kind == ApprovalKind.POLICY:
        return reverse("customers:policy", args=[approval.summary.rpartition(" v")[0]])
    name = PAGES.get(ApprovalKind(approval.kind)) if approval.kind in ApprovalKind.values else None
    return reverse(name, args=[approval.subject_id]) if name else ""


PAGES: Final[Mapping[ApprovalKind, str]] = {
    ApprovalKind.SCHEME: "tiers:scheme",
    ApprovalKind.OVERRIDE: "tiers:override",
    ApprovalKind.HANDOVER: "customers:handover",
    ApprovalKind.EXPORT: "staff:export_detail",
    ApprovalKind.TARGET: "insights:target",
    ApprovalKind.CHECK: "campaigns:detail",
    ApprovalKind.COMPLIANCE: "campaigns:detail",
    ApprovalKind.TEMPLATE: "campaigns:template",
    ApprovalKind.OFFER: "campaigns:offer",
    ApprovalKind.ARTICLE: "campaigns:article",
}
