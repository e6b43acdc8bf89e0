"""What stands against contacting customers for a campaign, whatever the hour: one reading for the launch of a whole
audience and for each send."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from django.db import connection

from campaigns.enums import ContentState
from campaigns.models import Article, Campaign
from campaigns.queries import offers, segments
from complaints.queries.suppression import quiet_customers
from core.sql import statement
from customers.enums import ConsentChannel

# What a way needs on the record; in the app everybody has an inbox.
ADDRESSES: Final = {
    ConsentChannel.PHONE: "c.phone_cipher IS NOT NULL",
    ConsentChannel.SMS: "c.phone_cipher IS NOT NULL",
    ConsentChannel.EMAIL: "c.email_cipher IS NOT NULL",
    ConsentChannel.WECOM: "c.wechat_cipher IS NOT NULL",
    ConsentChannel.MAIL: "c.address_cipher IS NOT NULL",
    ConsentChannel.APP: "TRUE",
}
ASKED: Final = "SELECT unnest(%(ids)s::bigint[]) AS customer_id, ''::text AS occasion_key"


def judged_sql(
    campaign: Campaign, source: str, values: dict[str, Any], *, day: date, ids: Collection[int] | None = None
) -> tuple[str, dict[str, Any]]:
    """A SELECT of customer_id, occasion_key, branch_id, manager_id, tier and reason ("" = none; codes of `LeftOut`).

    `source` is a SELECT of customer_id and occasion_key with its `values`; `ids` are its customers where they are few.
    """
    here, of_unit = segments.within(campaign.branch, campaign.of_book, campaign.created_by, prefix="u")
    out, of_lists = segments.excluded(campaign, day=day)
    allowed, of_offer = "TRUE", dict[str, Any]()
    if campaign.offer is not None:
        allowed, of_offer = offers.eligible_where(campaign.offer, day=day, prefix="e")
    quiet = quiet_customers(day) if ids is None else quiet_customers(day).filter(customer__in=ids)
    # Of few customers each is looked up in the lists; of many the lists are read once.
    by_key = f"EXISTS (SELECT 1 FROM ({out}) x WHERE x.customer_id = s.customer_id)"
    parts = {
        "source": source,
        "within": here,
        "excluded": f"s.customer_id IN ({out})" if ids is None else by_key,
        "address": ADDRESSES[ConsentChannel(campaign.channel)],
        "eligible": allowed,
    }
    sql = statement("campaigns", "outreach_judged")
    for name, text in parts.items():
        sql = sql.replace(f"/*{name}*/", text)
    own = {
        "channel": campaign.channel,
        "day": day,
        "quiet": list(quiet),
        "expired": is_expired(campaign.article, day),
        "ids": list(ids) if ids is not None else None,
    }
    return sql, {**values, **of_unit, **of_lists, **of_offer, **own}


def standing(campaign: Campaign, customer_ids: Collection[int], *, day: date) -> dict[int, str]:
    """By customer id what stands against contacting them on `day`, "" = nothing; in one statement beside the rules."""
    sql, values = judged_sql(campaign, ASKED, {}, day=day, ids=customer_ids)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {row[0]: row[-1] for row in cursor.fetchall()}


def is_expired(article: Article | None, day: date) -> bool:
    """Whether the piece of the library a campaign sends may no longer be sent (M12)."""
    return article is not None and (article.expires_on < day or article.state != ContentState.APPROVED)
