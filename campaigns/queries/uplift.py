"""What campaigns brought: the balances behind a comparison, and results as somebody may see them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.enums import Arm, CampaignKind
from campaigns.models import Campaign, Member, Uplift
from campaigns.rules.moves import LAUNCHED
from campaigns.rules.uplift import HORIZONS, Part, Result, Stratum, compare
from core.clock import SHANGHAI
from core.sql import statement
from customers.enums import FeedStatus
from customers.models import Feed
from customers.queries.balances import first_ledger_day, ledger_day
from staff.access import scope_of
from staff.enums import Reach
from staff.models import User

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ask:
    """Which campaign, and how many days after its launch."""

    campaign_id: int
    days: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A result: of the whole campaign as the night wrote it down, or (`is_part`) of the reader's own customers, as of
    the same day. `overlap` are customers held out whom a campaign contacted meanwhile all the same."""

    days: int
    result: Result
    overlap: int
    at: datetime
    is_part: bool = False


def strata_of(
    asks: Sequence[Ask], *, until: date, members: Sequence[int] | None = None
) -> dict[Ask, tuple[Stratum, ...]]:
    """The tiers of each campaign and horizon with both parts, from the balances fed by now; one statement for all.

    Members count once their own days are over by `until`. `members` are ids of the only ones to count.
    """
    found: dict[Ask, dict[int, dict[str, Part]]] = {ask: defaultdict(dict) for ask in asks}
    for campaign_id, days, tier, arm, *figures in _rows("uplift_strata", asks, until, members):
        found[Ask(campaign_id, days)][tier][arm] = Part(*figures)
    return {ask: tuple(_strata(tiers)) for ask, tiers in found.items()}


def _strata(tiers: Mapping[int, Mapping[str, Part]]) -> Iterator[Stratum]:
    for tier, parts in tiers.items():
        yield Stratum(tier, parts.get(Arm.TREATED, Part()), parts.get(Arm.HELD_OUT, Part()))


def overlaps_of(asks: Sequence[Ask], *, until: date, members: Sequence[int] | None = None) -> dict[Ask, int]:
    """Customers held out whom a campaign contacted within the days all the same."""
    rows = _rows("uplift_overlap", asks, until, members)
    return {Ask(campaign_id, days): count for campaign_id, days, count in rows}


def _rows(name: str, asks: Sequence[Ask], until: date, members: Sequence[int] | None) -> list[tuple[Any, ...]]:
    values: dict[str, Any] = {
        "campaigns": [ask.campaign_id for ask in asks],
        "days": [ask.days for ask in asks],
        "until": until,
        "members": None if members is None else list(members),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("campaigns", name), values)
        return cursor.fetchall()


def due_for_measuring(until: date) -> list[Ask]:
    """Campaigns and horizons that are full on `until` and not measured yet, or whose balances were fed anew since.

    A campaign on an occasion is measured every night until the last who joined has had their days. Where balances
    begin too late to know as many days before the launch, nothing is measured.
    """
    asks, first = [], first_ledger_day() or until
    launched = Campaign.everything.filter(state__in=LAUNCHED, launched_on__isnull=False).order_by("pk")
    for days in HORIZONS:
        full = launched.filter(launched_on__range=(first + timedelta(days=days), until - timedelta(days=days)))
        done = Uplift.objects.filter(campaign=OuterRef("pk"), days=days)
        late = Feed.objects.filter(
            status=FeedStatus.COMMITTED,
            finished_at__gt=OuterRef("computed_at"),
            business_date__gte=OuterRef("campaign__launched_on") - timedelta(days=days),
            business_date__lte=OuterRef("campaign__launched_on") + timedelta(days=days),
        )
        joining = Q(campaign__kind=CampaignKind.TRIGGER, campaign__ends_on__gte=until - timedelta(days=days + 1))
        settled = done.exclude(joining).exclude(Exists(late))
        asks += [Ask(pk, days) for pk in full.exclude(Exists(settled)).values_list("pk", flat=True)]
    return sorted(asks, key=lambda ask: (ask.campaign_id, ask.days))


def is_known_before(campaign: Campaign, days: int) -> bool:
    """Whether balances reach back as many days before the launch; True while there is none."""
    first = first_ledger_day()
    return not (first and campaign.launched_on) or first <= campaign.launched_on - timedelta(days=days)


def balances_until(business_day: date) -> date | None:
    """The last day that a result may go by: the business day, or earlier where balances are not fed yet."""
    ledger = ledger_day()
    return min(business_day, ledger) if ledger else None


def pack(strata: Iterable[Stratum]) -> list[dict[str, Any]]:
    """Tiers as JSON keeps them."""
    return [
        {"tier": stratum.tier, "treated": _packed(stratum.treated), "held_out": _packed(stratum.held_out)}
        for stratum in strata
    ]


def _packed(part: Part) -> list[float]:
    return [part.count, part.before, part.change, part.variance]


def result_of(uplift: Uplift) -> Result:
    """The result that was written down, with everything that follows from its tiers."""
    return compare(Stratum(one["tier"], Part(*one["treated"]), Part(*one["held_out"])) for one in uplift.strata)


def sees_whole(user: User | AnonymousUser, campaign: Campaign) -> bool:
    """True where every customer of the campaign is, or was at launch, within this person's sight."""
    scope = scope_of(user)
    if scope.reach == Reach.BOOK:
        return campaign.of_book and campaign.created_by_id == scope.user_id
    return scope.reach == Reach.BANK or campaign.branch_id in scope.branch_ids


def measured_campaigns(user: User | AnonymousUser) -> QuerySet[Campaign]:
    """Campaigns in sight that have a result."""
    results = Uplift.objects.filter(campaign=OuterRef("pk"))
    return Campaign.objects.visible_to(user).filter(Exists(results)).select_related("branch")


def results_for(user: User | AnonymousUser, campaign: Campaign) -> list[Measured]:
    """Results of a campaign, the shortest horizon first: of all of it, or of this person's own customers alone."""
    rows = list(Uplift.objects.filter(campaign=campaign).order_by("days"))
    return list(_shown(user, {campaign.pk: campaign}, rows))


def latest_for(
    user: User | AnonymousUser, campaigns: Sequence[Campaign], days: int | None = None
) -> dict[int, Measured]:
    """The result of each campaign over `days`, or over the longest horizon so far; seen as by `results_for`.

    As many statements for one campaign as for fifty.
    """
    rows = Uplift.objects.filter(campaign__in=campaigns).order_by("campaign_id", "days")
    if days is not None:
        rows = rows.filter(days=days)
    last = {row.campaign_id: row for row in rows}
    found = _shown(user, {campaign.pk: campaign for campaign in campaigns}, list(last.values()))
    return dict(zip(last, found, strict=True))


def _shown(user: User | AnonymousUser, campaigns: Mapping[int, Campaign], rows: Sequence[Uplift]) -> Iterator[Measured]:
    part = [row for row in rows if not sees_whole(user, campaigns[row.campaign_id])]
    own = _own(user, part) if part else {}
    return (own.get(Ask(row.campaign_id, row.days)) or _whole(row) for row in rows)


def _whole(row: Uplift) -> Measured:
    return Measured(row.days, result_of(row), row.overlap_count, row.computed_at)


def _own(user: User | AnonymousUser, rows: Sequence[Uplift]) -> dict[Ask, Measured]:
    asks = [Ask(row.campaign_id, row.days) for row in rows]
    seen = Member.objects.visible_to(user).filter(campaign__in={row.campaign_id for row in rows})
    members = list(seen.values_list("pk", flat=True))
    until = ledger_day() or max(row.computed_at for row in rows).astimezone(SHANGHAI).date()
    strata = strata_of(asks, until=until, members=members)
    overlaps = overlaps_of(asks, until=until, members=members)
    return {
        ask: Measured(ask.days, compare(strata[ask]), overlaps.get(ask, 0), row.computed_at, is_part=True)
        for ask, row in zip(asks, rows, strict=True)
    }
