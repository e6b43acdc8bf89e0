"""Preparing outreach: an audience frozen, drawn into arms and queued, in one statement over the whole set."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction

from campaigns.models import Campaign, Member, Outreach
from campaigns.queries.audience import audience_of
from campaigns.queries.gate import campaign_now
from campaigns.queries.standing import judged_sql
from campaigns.services.splitting import arm_on_joining_sql, split_sql
from core import trail
from core.jobs import Counts
from core.sql import statement
from core.trail import NIGHT

SUBJECT: Final = "campaigns.campaign"
# Tables of an audience, kept in memory while it is drawn.
MEMORY: Final = "128MB"


@transaction.atomic
def prepare_outreach(
    *,
    campaign: Campaign,
    business_day: date,
    at: datetime,
    found: tuple[str, dict[str, Any]] | None = None,
) -> Counts:
    """Freeze whom a campaign reaches on a day: members with their arm, outreach queued for those treated.

    Who stands out of reach (no consent, an alert, a complaint, an exclusion, no address, not eligible) gets an outreach
    row that says why, and is no member. At launch the audience is the segment's, once: doing it again changes nothing.
    On an occasion `found` is a SELECT of customer_id and occasion_key with its named values; each key counts once, and
    each customer is drawn alone. Returns "rows" (queued), "members", "held_out", and "left_out" by reason.
    """
    campaign = campaign_now(campaign.pk)
    if found is None and _is_prepared(campaign):
        return {"rows": 0, "members": 0, "held_out": 0, "left_out": {}}
    source, values = found or _audience(campaign, business_day)
    judged, values = judged_sql(campaign, source, values, day=business_day)
    own = {"campaign": campaign.pk, "at": at, "seed": campaign.seed, "holdout": campaign.holdout}
    sql = statement("campaigns", "outreach_prepare").replace("/*judged*/", judged)
    counts = _counted(sql.replace("/*drawn*/", _drawn(on_occasion=found is not None)), {**values, **own})
    trail.record(
        actor=NIGHT,
        action="prepare",
        subject=SUBJECT,
        subject_id=campaign.pk,
        at=at,
        changes={"day": business_day.isoformat(), **counts},
    )
    return counts


def _is_prepared(campaign: Campaign) -> bool:
    rows = Outreach.everything.filter(campaign=campaign)
    return rows.exists() or Member.everything.filter(campaign=campaign).exists()


def _audience(campaign: Campaign, day: date) -> tuple[str, dict[str, Any]]:
    sql, values = audience_of(campaign, day=day)
    return f"SELECT f.customer_id, ''::text AS occasion_key FROM ({sql}) f", values


def _drawn(*, on_occasion: bool) -> str:
    """Those nothing stands against, with their arm."""
    free = "SELECT j.* FROM judged j WHERE j.reason = ''"
    if not on_occasion:
        return split_sql(free)
    return f"SELECT f.*, {arm_on_joining_sql('f.customer_id')} AS arm FROM ({free}) f"


def _counted(sql: str, values: dict[str, Any]) -> dict[str, Any]:
    counts: dict[str, Any] = {"rows": 0, "members": 0, "held_out": 0}
    left_out: defaultdict[str, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{MEMORY}'")
        cursor.execute(sql, values)
        for what, which, number in cursor.fetchall():
            if what == "member":
                counts["members"] += number
                counts["held_out"] += number if which == "held_out" else 0
            elif what == "queued":
                counts["rows"] += number
            else:
                left_out[which] += number
        cursor.execute("SET LOCAL work_mem TO DEFAULT")
    return {**counts, "left_out": dict(left_out)}
