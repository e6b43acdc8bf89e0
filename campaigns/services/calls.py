"""Calls of a campaign: planned for managers by book and capacity, read back when made, taken away when it is over."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from campaigns.enums import CampaignKind, CampaignState, LeftOut, OutreachState
from campaigns.models import Campaign, Outreach
from campaigns.queries.calls import crew_of, days_left, waiting
from campaigns.queries.standing import standing
from campaigns.rules.calls import Planned, Waiting, split
from core.trail import NIGHT, Actor
from customers.services.sharing import share_several, unshare_several
from servicing.enums import FollowUpState
from servicing.services.campaign_calls import CampaignCall, make_calls, take_calls_away
from staff.models import User

CHUNK = 2_000
LINK = """
UPDATE campaigns_outreach o SET follow_up_id = c.follow_up_id, owner_id = c.owner_id, score = c.score, reason = ''
FROM unnest(%(keys)s::bigint[], %(follow_ups)s::bigint[], %(owners)s::bigint[], %(scores)s::float8[])
    c(id, follow_up_id, owner_id, score)
WHERE o.id = c.id AND o.id = ANY(%(keys)s)
"""
# Plan: the waiting rows with a follow-up, few beside what was sent, each with its follow-up by key.
SETTLE = """
UPDATE campaigns_outreach o SET reason = '',
    state = CASE f.state WHEN 'done' THEN 'sent' ELSE 'cancelled' END,
    sent_at = CASE f.state WHEN 'done' THEN coalesce(i.happened_at, f.closed_at) END
FROM servicing_followup f LEFT JOIN servicing_interaction i ON i.id = f.interaction_id
WHERE o.follow_up_id = f.id AND o.state = 'queued' AND f.state <> 'open'
  AND (%(campaign)s::bigint IS NULL OR o.campaign_id = %(campaign)s)
RETURNING o.state
"""


def plan_calls(*, campaign: Campaign, at: datetime, actor: Actor = NIGHT) -> dict[str, int]:
    """Give the customers of a running campaign nobody is to call yet to managers as follow-ups, in short transactions.

    Run again it plans only what is left. "planned", "full" (no room in the days left) and "nobody" (to call) count
    customers; those stay waiting with the reason, and are tried again the next night.
    """
    found = dict.fromkeys(("planned", "full", "nobody"), 0)
    if campaign.kind != CampaignKind.CALL or campaign.state != CampaignState.RUNNING:
        return {**found, "rows": 0}
    days = days_left(campaign, at)
    crew, rows = crew_of(campaign, days), waiting(campaign, at.date())
    done = split(rows, days=days, capacity=campaign.capacity, crew=crew)
    for first in range(0, len(done.planned), CHUNK):
        found["planned"] += _plan(campaign, done.planned[first : first + CHUNK], actor, at)
    found["full"] = _leave(done.full, LeftOut.CAPACITY)
    found["nobody"] = _leave(done.nobody, LeftOut.NO_MANAGER)
    return {**found, "rows": found["planned"]}


@transaction.atomic
def _plan(campaign: Campaign, calls: Iterable[Planned], actor: Actor, at: datetime) -> int:
    """Make the calls of those that still wait, and note them; returns how many."""
    by_key = {call.waiting.key: call for call in calls}
    rows = Outreach.everything.select_for_update().filter(pk__in=by_key, state=OutreachState.QUEUED, follow_up=None)
    still = [by_key[key] for key in rows.order_by("pk").values_list("pk", flat=True)]
    made = make_calls(
        calls=[CampaignCall(one.waiting.customer_id, one.owner_id, one.on, one.stands_in) for one in still],
        title=campaign.name,
        facts={"campaign": campaign.pk, "script": campaign.script},
        actor=actor,
        at=at,
    )
    _link(still, made)
    _open_to(campaign, still, actor, at)
    return len(made)


def _open_to(campaign: Campaign, calls: Sequence[Planned], actor: Actor, at: datetime) -> None:
    """Customers of nobody are opened to whoever is to call them, until the campaign is over."""
    pairs = [
        (one.waiting.customer_id, one.owner_id)
        for one in calls
        if one.waiting.manager_id is None and one.owner_id != one.waiting.backup_id
    ]
    if pairs:
        share_several(pairs=pairs, reason=_reason(campaign), granted_by=_granted_by(campaign), actor=actor, at=at)


def _reason(campaign: Campaign) -> str:
    """Why a customer was opened to a caller; the number keeps two campaigns of one name apart."""
    return f"{campaign.name} (#{campaign.pk})"


def _granted_by(campaign: Campaign) -> User:
    return campaign.approved_by or campaign.created_by


def _link(calls: Sequence[Planned], made: dict[int, int]) -> None:
    values: dict[str, Any] = {
        "keys": [one.waiting.key for one in calls],
        "follow_ups": [made[one.waiting.customer_id] for one in calls],
        "owners": [one.owner_id for one in calls],
        "scores": [one.waiting.score for one in calls],
    }
    with connection.cursor() as cursor:
        cursor.execute(LINK, values)


def _leave(rows: Sequence[Waiting], why: LeftOut) -> int:
    """Say why these are not called yet."""
    still = Outreach.everything.filter(pk__in=[one.key for one in rows], state=OutreachState.QUEUED, follow_up=None)
    still.exclude(reason=why).update(reason=why)
    return len(rows)


@transaction.atomic
def settle_calls(*, at: datetime, campaign: Campaign | None = None, actor: Actor = NIGHT) -> dict[str, int]:
    """Bring calls and follow-ups together: what was called is noted as such, what is not to be called is taken away.

    "made" were called, "dropped" closed by their owner without a call, "taken" left out since they were planned. Of
    one campaign, or of all. Safe to run again.
    """
    values = {"campaign": campaign.pk if campaign else None}
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, values)
        states = Counter(state for (state,) in cursor.fetchall())
    gone = Outreach.everything.filter(
        state__in=[OutreachState.SUPPRESSED, OutreachState.CANCELLED], follow_up__state=FollowUpState.OPEN
    )
    gone = gone.filter(campaign=campaign) if campaign else gone
    taken = take_calls_away(ids=list(gone.values_list("follow_up_id", flat=True)), actor=actor, at=at)
    made, dropped = states[OutreachState.SENT], states[OutreachState.CANCELLED]
    return {"made": made, "dropped": dropped, "taken": taken, "rows": made + dropped + taken}


@transaction.atomic
def lift_calls(*, campaign: Campaign, at: datetime, actor: Actor = NIGHT) -> int:
    """Take back the calls nobody made yet, when a campaign pauses or ends; returns how many.

    Those customers wait again, so that `plan_calls` gives them out anew when it goes on. Customers who were opened to a
    caller are closed to them again.
    """
    settle_calls(at=at, campaign=campaign, actor=actor)
    waiting_rows = Outreach.everything.filter(
        campaign=campaign, state=OutreachState.QUEUED, follow_up__state=FollowUpState.OPEN
    )
    keys = dict(waiting_rows.values_list("pk", "follow_up_id"))
    lifted = take_calls_away(ids=list(keys.values()), actor=actor, at=at)
    Outreach.everything.filter(pk__in=keys).update(follow_up=None)
    if campaign.kind == CampaignKind.CALL:
        unshare_several(reason=_reason(campaign), granted_by=_granted_by(campaign), actor=actor, at=at)
    return lifted


def run(*, business_day: date, at: datetime, actor: Actor = NIGHT) -> dict[str, int]:
    """The night's part: of the running campaigns leave out who may no longer be called, settle all calls, and give out
    what is left. Returns what `settle_calls` does, with "left_out" and "planned"."""
    running = list(Campaign.everything.filter(kind=CampaignKind.CALL, state=CampaignState.RUNNING).order_by("pk"))
    left_out = sum(_leave_out(campaign, business_day) for campaign in running)
    counts = settle_calls(at=at, actor=actor)
    planned = sum(plan_calls(campaign=campaign, at=at, actor=actor)["planned"] for campaign in running)
    return {**counts, "left_out": left_out, "planned": planned, "rows": counts["rows"] + planned}


def _leave_out(campaign: Campaign, day: date) -> int:
    """Mark waiting customers something stands against by now: consent, an alert, a complaint, an exclusion."""
    waiting_rows = Outreach.everything.filter(campaign=campaign, state=OutreachState.QUEUED)
    still = waiting_rows.filter(Q(follow_up=None) | Q(follow_up__state=FollowUpState.OPEN)).order_by("customer")
    ids = list(still.values_list("customer_id", flat=True))
    left_out = 0
    for first in range(0, len(ids), CHUNK):
        by_reason: defaultdict[str, list[int]] = defaultdict(list)
        for customer_id, reason in standing(campaign, ids[first : first + CHUNK], day=day).items():
            by_reason[reason].append(customer_id)
        for reason, customers in by_reason.items():
            if reason:
                rows = waiting_rows.filter(customer__in=customers)
                left_out += rows.update(state=OutreachState.SUPPRESSED, reason=reason)
    return left_out
