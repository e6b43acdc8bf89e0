"""Whose occasion has come (product.md M20): for each occasion a SELECT of customers with the key it counts once by."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from campaigns.enums import Occasion
from campaigns.models import Campaign
from campaigns.queries.approval import top_tier
from campaigns.queries.audience import audience_of
from campaigns.queries.campaigns import was_judged
from campaigns.rules.occasions import SMALLEST, birthdays_in, span_of
from core.calendar import bank_calendar

# A total that changed lately against what it was at the end of the workday before. Plan: one pass over the narrow
# positions, the earlier total of those that changed by the key of the history.
MOVED: Final = """
    SELECT m.customer_id, '{name}:' || to_char(m."on", 'YYYYMMDD') AS occasion_key FROM (
        SELECT p.customer_id, p."on", p.total - coalesce((
            SELECT x.total FROM customers_positionchange x
            WHERE x.customer_id = p.customer_id AND x."on" <= %(o_before)s ORDER BY x."on" DESC LIMIT 1
        ), 0) AS moved
        FROM customers_customerposition p WHERE p."on" > %(o_before)s AND p."on" <= %(o_day)s
    ) m WHERE {condition}
"""
TIERED: Final = """
    SELECT t.customer_id, 'tier:' || t.id AS occasion_key FROM tiers_tierchange t
    WHERE t."on" > %(o_before)s AND t."on" <= %(o_day)s AND t.event = '{event}' AND t.from_tier > 0
"""
BELOW_TOP: Final = """ AND NOT EXISTS (
    SELECT 1 FROM customers_customerposition top WHERE top.customer_id = f.customer_id AND top.tier = %(o_top)s)"""
FINDERS: Final[Mapping[str, str]] = {
    # Days since the first account; what was due on the last night's days is found again and counts once.
    Occasion.OPENED: """
        SELECT c.id AS customer_id, 'opened:' || to_char(c.opened_on, 'YYYYMMDD') AS occasion_key
        FROM customers_customer c
        WHERE c.opened_on > %(o_before)s::date - %(o_days)s::int
          AND c.opened_on <= least(%(o_ahead)s::date - %(o_days)s::int, %(o_day)s::date)
    """,
    Occasion.INFLOW: MOVED.format(name="inflow", condition="m.moved >= %(o_amount)s"),
    Occasion.OUTFLOW: MOVED.format(name="outflow", condition="m.moved <= -%(o_amount)s"),
    # Several deposits of a customer that mature together are occasions of their own; the weekly cap spaces them.
    Occasion.MATURITY: """
        SELECT a.customer_id, 'maturity:' || a.id || ':' || to_char(a.matures_on, 'YYYYMMDD') AS occasion_key
        FROM customers_account a JOIN customers_accountbalance b ON b.account_id = a.id
        WHERE a.matures_on > %(o_day)s AND a.matures_on > %(o_before)s::date + %(o_days)s::int
          AND a.matures_on <= %(o_ahead)s::date + %(o_days)s::int
          AND a.status IN ('open', 'frozen') AND b.value >= %(o_amount)s
    """,
    Occasion.BIRTHDAY: """
        SELECT c.id AS customer_id, 'birthday:' || to_char(u."on", 'YYYY') AS occasion_key
        FROM customers_customer c
        JOIN unnest(%(o_months)s::int[], %(o_monthdays)s::int[], %(o_birthdays)s::date[]) u(month, day, "on")
          ON u.month = extract(month FROM c.birth_date) AND u.day = extract(day FROM c.birth_date)
        WHERE c.kind = 'person' AND c.birth_date < u."on"
    """,
    Occasion.TIER_UP: TIERED.format(event="up"),
    Occasion.TIER_DOWN: TIERED.format(event="down"),
}


def occasions_of(campaign: Campaign, day: date) -> tuple[str, dict[str, Any]]:
    """A SELECT of customer_id and occasion_key (each once) of the campaign's audience, for the night after `day`.

    Nobody of the highest tier unless compliance let the campaign pass: who rose to it later was never judged (M06).
    """
    span = span_of(day, bank_calendar())
    born = birthdays_in(span, campaign.days) if campaign.occasion == Occasion.BIRTHDAY else {}
    values: dict[str, Any] = {
        "o_before": span.before,
        "o_day": span.day,
        "o_ahead": span.ahead,
        "o_days": campaign.days,
        "o_amount": max(campaign.amount, SMALLEST),
        "o_months": [month for month, _day in born],
        "o_monthdays": [monthday for _month, monthday in born],
        "o_birthdays": list(born.values()),
    }
    audience, of_audience = audience_of(campaign, day=day)
    sql = f"""SELECT f.customer_id, f.occasion_key FROM ({FINDERS[campaign.occasion]}) f
        WHERE f.customer_id IN ({audience})"""
    top = top_tier(day)
    if top is not None and not was_judged(campaign):
        sql += BELOW_TOP
        values["o_top"] = top
    return sql, {**of_audience, **values}
