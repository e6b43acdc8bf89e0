"""Whom a campaign is for, as SQL: its segment within its own unit or book, and what its approvers are shown of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg2.extensions import QueryCanceledError

from campaigns.enums import CampaignKind
from campaigns.models import Campaign
from campaigns.queries import segments
from campaigns.rules.holdout import held_out_count
from customers.models import Customer
from staff.models import User
from tiers.queries import bands_for_display, tier_name

SAMPLE: Final = 5
# Milliseconds a page waits for a count.
PATIENCE: Final = 3_000


def audience_of(campaign: Campaign, *, day: date) -> tuple[str, dict[str, Any]]:
    """A SELECT of the customers of the campaign's segment who belong to its own unit or book, before exclusions.

    A segment of a unit above reaches wider than the campaign that takes it.
    """
    found, of_segment = segments.audience(campaign.segment, day=day)
    here, of_unit = segments.within(campaign.branch, campaign.of_book, campaign.created_by, prefix="au")
    sql = f"SELECT p.customer_id FROM customers_customerposition p WHERE {here} AND p.customer_id IN ({found})"
    return sql, {**of_segment, **of_unit}


def reached(campaign: Campaign, *, day: date) -> tuple[str, dict[str, Any]]:
    """The same without those whom exclusions leave out."""
    found, params = audience_of(campaign, day=day)
    without, left_out = segments.excluded(campaign, day=day)
    return f"{found} AND NOT EXISTS (SELECT 1 FROM ({without}) x WHERE x.customer_id = p.customer_id)", {
        **params,
        **left_out,
    }


@dataclass(frozen=True, slots=True)
class TierReach:
    """Customers of one tier a campaign would reach, and how many of them are held out."""

    rank: int
    name: str
    count: int
    held_out: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a campaign would reach today, of the customers one person sees, before consent and hours are asked."""

    tiers: tuple[TierReach, ...] = ()

    @property
    def count(self) -> int:
        """Customers of the audience."""
        return sum(tier.count for tier in self.tiers)

    @property
    def held_out(self) -> int:
        """Of them held out."""
        return sum(tier.held_out for tier in self.tiers)

    @property
    def treated(self) -> int:
        """Of them contacted at most."""
        return self.count - self.held_out


def reach_of(campaign: Campaign, viewer: User | AnonymousUser, day: date) -> Reach | None:
    """The campaign's reach among the viewer's customers, by tier from the highest; on occasions nobody knows before.

    None when counting takes longer than a page waits.
    """
    if campaign.kind == CampaignKind.TRIGGER:
        return Reach()
    found, params = reached(campaign, day=day)
    sight, seen = segments.in_sight(viewer)
    sql = f"""SELECT p.tier, count(*) FROM customers_customerposition p
        WHERE p.customer_id IN ({found}) AND {sight} GROUP BY p.tier ORDER BY p.tier DESC"""
    rows, bands = _patient(sql, {**params, **seen}), bands_for_display(day)
    if rows is None:
        return None
    held = campaign.holdout
    return Reach(tuple(TierReach(rank, tier_name(rank, bands), n, held_out_count(n, held)) for rank, n in rows))


def _patient(sql: str, params: Mapping[str, Any]) -> list[tuple[int, int]] | None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE:d}")
            cursor.execute(sql, dict(params))
            rows = cursor.fetchall()
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return rows
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceledError):
            raise
        return None


def reaches_more_than(campaign: Campaign, most: int, day: date) -> bool:
    """Whether more customers than `most` are of the audience: then the launch is a job of its own."""
    sql, params = audience_of(campaign, day=day)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql} LIMIT %(one_more)s) first_of", {**params, "one_more": most + 1})
        return bool(cursor.fetchone()[0] > most)


def sample_of(campaign: Campaign, viewer: User | AnonymousUser, day: date) -> Sequence[Customer]:
    """A real customer of each tier the campaign would reach, from the highest, of those the viewer sees."""
    if campaign.kind == CampaignKind.TRIGGER:
        found, params = audience_of(campaign, day=day)
    else:
        found, params = reached(campaign, day=day)
    sight, seen = segments.in_sight(viewer)
    sql = f"""SELECT DISTINCT ON (p.tier) p.tier, p.customer_id FROM customers_customerposition p
        WHERE p.customer_id IN ({found}) AND {sight} ORDER BY p.tier DESC, p.customer_id LIMIT {SAMPLE:d}"""
    ids = [customer for _tier, customer in _patient(sql, {**params, **seen}) or ()]
    rows = Customer.objects.visible_to(viewer).filter(pk__in=ids).select_related("position", "manager", "branch")
    return sorted(rows, key=lambda row: -row.position.tier)


def masked_name(name: str) -> str:
    """A name as approvers see it: the first character stays."""
    return f"{name[:1]}{'*' * max(len(name) - 1, 1)}" if name else _("no name")
