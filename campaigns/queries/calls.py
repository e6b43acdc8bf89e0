"""Calls of campaigns: who waits for one, who can make it, how each stands, and how far each manager is."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from campaigns.enums import CallResult, LeftOut, OutreachState
from campaigns.models import Campaign, Outreach
from campaigns.queries.scores import scores_for
from campaigns.rules.calls import OUTCOMES, Away, Crew, Waiting, call_days
from core.calendar import bank_calendar
from core.clock import SHANGHAI
from customers.enums import ConsentDecision, ConsentPurpose
from customers.models import Consent
from servicing.enums import Direction, FollowUpState, SkipReason
from servicing.models import FollowUp, Interaction
from servicing.queries.choices import known_choices
from staff.access import BOOK_KEEPERS
from staff.models import Absence, User


def days_left(campaign: Campaign, at: datetime) -> list[date]:
    """Workdays of the campaign on which a call can still be planned at `at`."""
    at = at.astimezone(SHANGHAI)
    return call_days(campaign.starts_on, campaign.ends_on, at=at, is_workday=bank_calendar().is_workday)


def waiting(campaign: Campaign, day: date) -> list[Waiting]:
    """Customers of the campaign nobody is to call yet, with their people as they are now."""
    rows = Outreach.everything.filter(campaign=campaign, state=OutreachState.QUEUED, follow_up=None)
    known = rows.order_by("pk").annotate(
        unit=F("customer__branch"),
        manager=F("customer__manager"),
        backup=F("customer__backup"),
        tier=Coalesce("customer__position__tier", 0),
    )
    names = ("pk", "customer_id", "unit", "manager", "backup", "tier")
    found: list[tuple[Any, ...]] = list(known.values_list(*names))
    scores = scores_for([customer_id for _key, customer_id, *_people in found], day)
    return [
        Waiting(key, customer_id, unit, manager, backup, tier, scores.get(customer_id))
        for key, customer_id, unit, manager, backup, tier in found
    ]


def crew_of(campaign: Campaign, days: Collection[date]) -> Crew:
    """Who can call on these days, and what was planned of the campaign before."""
    people = User.objects.filter(is_active=True, role__in=BOOK_KEEPERS).order_by("pk").values_list("pk", "branch_id")
    by_branch: dict[int, list[int]] = {}
    for person, branch_id in people:
        by_branch.setdefault(branch_id, []).append(person)
    callers = frozenset(person for ids in by_branch.values() for person in ids)
    return Crew(callers, by_branch, _away(days), _used(campaign, days))


def _away(days: Collection[date]) -> dict[int, list[Away]]:
    """Absences that touch the days; a deputy counts only of the same unit, as elsewhere."""
    if not days:
        return {}
    rows = Absence.objects.filter(cancelled_at=None, starts_on__lte=max(days), ends_on__gte=min(days))
    found: dict[int, list[Away]] = {}
    names = ("user_id", "starts_on", "ends_on", "deputy_id", "user__branch_id", "deputy__branch_id")
    for user_id, starts_on, ends_on, deputy_id, unit, deputy_unit in rows.order_by("pk").values_list(*names):
        deputy = deputy_id if deputy_unit == unit else None
        found.setdefault(user_id, []).append(Away(starts_on, ends_on, deputy))
    return found


def _used(campaign: Campaign, days: Collection[date]) -> dict[tuple[int, date], int]:
    """Calls of the campaign by person and day, made or to be made."""
    planned = Outreach.everything.filter(campaign=campaign, follow_up__isnull=False).values("follow_up")
    rows = FollowUp.everything.filter(pk__in=planned, due_on__in=list(days)).order_by()
    counts = rows.values_list("owner_id", "due_on").annotate(n=Count("pk"))
    return {(owner_id, on): n for owner_id, on, n in counts}


def calls_of(campaign: Campaign, viewer: User | AnonymousUser) -> QuerySet[Outreach]:
    """The customers of a call campaign the viewer sees, whom somebody is or was to call, each with its `result`.

    `result` is a CallResult; `due` the day of the call (date.max without one); `caller` the id of who has or had it.
    """
    rows = Outreach.objects.visible_to(viewer).filter(campaign=campaign)
    rows = rows.exclude(state=OutreachState.SUPPRESSED, owner=None)
    named = ("customer__position", "customer__branch", "follow_up__owner", "owner")
    return rows.select_related(*named).annotate(
        result=_result(campaign),
        due=Coalesce("follow_up__due_on", Value(date.max)),
        caller=Coalesce("follow_up__owner_id", "owner_id"),
    )


def _result(campaign: Campaign) -> Case:
    """How a call stands, the first condition that holds (`rules.calls.OUTCOMES` says what an outcome means)."""
    withdrawn = Consent.everything.filter(
        customer=OuterRef("customer"),
        purpose=ConsentPurpose.MARKETING,
        channel=campaign.channel,
        decision=ConsentDecision.WITHDRAWN,
        stated_at__gte=OuterRef("created_at"),
    )
    tried = Interaction.everything.filter(
        customer=OuterRef("customer"),
        direction=Direction.OUT,
        outcome__in=known_choices().unreached,
        happened_at__gte=OuterRef("created_at"),
    )
    said = [
        When(follow_up__state=FollowUpState.DONE, follow_up__interaction__outcome=outcome, then=Value(result.value))
        for outcome, result in OUTCOMES.items()
    ]
    talked = Q(follow_up__state=FollowUpState.DONE, follow_up__interaction__isnull=False)
    unwanted = Q(follow_up__state=FollowUpState.SKIPPED, follow_up__skip_reason=SkipReason.NOT_WANTED)
    return Case(
        When(Q(reason=LeftOut.OPTED_OUT) | Exists(withdrawn), then=Value(CallResult.OPTED_OUT.value)),
        When(follow_up=None, state=OutreachState.QUEUED, then=Value(CallResult.WAITING.value)),
        When(Q(follow_up__state=FollowUpState.OPEN) & Exists(tried), then=Value(CallResult.TRIED.value)),
        When(follow_up__state=FollowUpState.OPEN, then=Value(CallResult.OPEN.value)),
        *said,
        When(talked, then=Value(CallResult.REACHED.value)),
        When(unwanted, then=Value(CallResult.REFUSED.value)),
        default=Value(CallResult.NOT_CALLED.value),
        output_field=CharField(),
    )


# Still to do; everything else is over, but for those nobody has yet.
TO_DO = (CallResult.OPEN, CallResult.TRIED)


def late_on(day: date) -> Q:
    """Of rows of `calls_of` the condition that a call is overdue on a day."""
    return Q(result__in=TO_DO, follow_up__due_on__lt=day)


@dataclass(frozen=True, slots=True)
class CallerProgress:
    """How far one caller is: calls by result, and how many of the open ones are late. Without a person, those nobody
    has yet."""

    person: User | None
    by_result: dict[str, int]
    late: int

    @property
    def place(self) -> tuple[bool, str, str, int]:
        """By unit and name; those nobody has come last."""
        one = self.person
        return (False, one.branch.code, one.name, one.pk) if one else (True, "", "", 0)

    @property
    def count(self) -> int:
        """All their calls."""
        return sum(self.by_result.values())

    @property
    def to_do(self) -> int:
        """Calls not made yet."""
        return sum(self.by_result.get(result, 0) for result in TO_DO)

    @property
    def done_percent(self) -> int:
        """Calls made or closed, in whole per cent rounded down."""
        left = self.to_do + self.by_result.get(CallResult.WAITING, 0)
        return (self.count - left) * 100 // self.count if self.count else 0


def progress_of(rows: QuerySet[Any], day: date) -> list[CallerProgress]:
    """Progress by caller over rows of `calls_of`, by unit and name; two queries. Those nobody has come last."""
    counts = rows.order_by().values("caller", "result").annotate(n=Count("pk"), late=Count("pk", filter=late_on(day)))
    by_caller: dict[int | None, dict[str, int]] = {}
    late: Counter[int | None] = Counter()
    for row in counts:
        by_caller.setdefault(row["caller"], {})[row["result"]] = row["n"]
        late[row["caller"]] += row["late"]
    people = User.objects.select_related("branch").in_bulk([pk for pk in by_caller if pk])
    found = [CallerProgress(people.get(pk or 0), by_result, late[pk]) for pk, by_result in by_caller.items()]
    return sorted(found, key=lambda one: one.place)


def totals_of(progress: Collection[CallerProgress]) -> dict[CallResult, int]:
    """Calls by result over all callers, in the order of the results."""
    return {result: sum(one.by_result.get(result, 0) for one in progress) for result in CallResult}
