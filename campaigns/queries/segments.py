"""Who is in a segment, now: as SQL for what works on whole sets, as counts for a page, in words for a reader."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg2.extensions import QueryCanceledError

from campaigns.enums import ExclusionUse, SegmentKind
from campaigns.enums.rule_words import RuleField
from campaigns.models import Campaign, Segment
from campaigns.queries.rule_sql import where
from campaigns.rules.segments import Names, Rule, condition_words, leaves, numbers_asked, sentence
from customers.models import CustomerShare
from staff.access import scope_of
from staff.enums import Reach
from staff.models import Branch, User
from tiers.queries.display import bands_for_display, tier_name

__all__ = [
    "Count",
    "Met",
    "audience",
    "count_of",
    "excluded",
    "excluding",
    "in_sight",
    "met_by",
    "names_of",
    "sentence_of",
    "source_of",
    "where",
    "within",
]

FROM: Final = "customers_customerposition p LEFT JOIN customers_customer c ON c.id = p.customer_id"
# A page waits for a count no longer than this; then it says "counting" and a job finishes it.
PATIENCE: Final = 900
# A conditions' look-up tables of a whole bank, kept in memory while one count runs.
MEMORY: Final = "128MB"


@dataclass(frozen=True, slots=True)
class Count:
    """How many customers, by rank of tier and by branch id; `number` None and not exact when it took too long."""

    number: int | None
    is_exact: bool
    tiers: tuple[tuple[int, int], ...] = ()
    branches: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Met:
    """A condition in words, and whether a customer meets it."""

    words: str
    is_met: bool


def within(branch: Branch, of_book: bool, maker: User, *, prefix: str = "w") -> tuple[str, dict[str, Any]]:
    """Customers of the unit and those below it, or only those the maker manages; none merged into another."""
    alive = (
        "NOT EXISTS (SELECT 1 FROM customers_customer g WHERE g.id = p.customer_id AND g.merged_into_id IS NOT NULL)"
    )
    if of_book:
        return f"{alive} AND p.manager_id = %({prefix}_maker)s", {f"{prefix}_maker": maker.pk}
    if branch.parent_id is None:
        return alive, {}
    units = list(Branch.objects.below(branch).order_by("pk").values_list("pk", flat=True))
    return f"{alive} AND p.branch_id = ANY(%({prefix}_units)s)", {f"{prefix}_units": units}


def audience(segment: Segment, *, day: date, prefix: str = "s") -> tuple[str, dict[str, Any]]:
    """A SELECT of the ids of the customers in a segment on `day` (saved or not), with its named parameters."""
    source, values = source_of(segment, day=day, prefix=prefix)
    return f"SELECT p.customer_id FROM {source}", values


def source_of(segment: Segment, *, day: date, prefix: str = "s") -> tuple[str, dict[str, Any]]:
    """What stands behind FROM: the positions `p` and customers `c` in a segment; more conditions may follow."""
    limits, values = within(segment.branch, segment.of_book, segment.created_by, prefix=f"{prefix}_w")
    condition, asked = _condition(segment, day, prefix)
    return f"{FROM} WHERE {limits} AND {condition}", {**values, **asked}


def _condition(segment: Segment, day: date, prefix: str) -> tuple[str, dict[str, Any]]:
    if segment.kind == SegmentKind.RULE:
        return where(segment.rule, day=day, prefix=prefix)
    return where(_on_list(segment.pk), day=day, prefix=prefix) if segment.pk else ("FALSE", {})


def _on_list(pk: int) -> Rule:
    return {"field": RuleField.LIST, "op": "in", "value": [pk]}


def excluded(campaign: Campaign, *, day: date, prefix: str = "x") -> tuple[str, dict[str, Any]]:
    """A SELECT of the ids of customers left out of a campaign: by the segments it names, and by those that leave out
    of every campaign of its unit and of the units above."""
    selects, values = ["SELECT NULL::bigint AS customer_id WHERE FALSE"], dict[str, Any]()
    for segment in excluding(campaign):
        select, asked = _left_out(segment, day, f"{prefix}{segment.pk}")
        selects.append(select)
        values |= asked
    return " UNION ALL ".join(selects), values


def excluding(campaign: Campaign) -> list[Segment]:
    """The segments that leave customers out of a campaign."""
    above = [int(part) for part in campaign.branch.path.strip("/").split("/") if part]
    always = Segment.everything.filter(archived_at=None, exclusion=ExclusionUse.ALWAYS, branch__in=above)
    named = Segment.everything.filter(pk__in=campaign.exclusions)
    return list((always | named).select_related("branch", "created_by").order_by("pk"))


def _left_out(segment: Segment, day: date, prefix: str) -> tuple[str, dict[str, Any]]:
    if segment.kind == SegmentKind.RULE:
        return audience(segment, day=day, prefix=prefix)
    # A list holds whoever moved to another unit since.
    name = f"{prefix}_list"
    return f"SELECT m.customer_id FROM campaigns_segmentmember m WHERE m.segment_id = %({name})s", {name: segment.pk}


def in_sight(viewer: User | AnonymousUser, *, prefix: str = "v") -> tuple[str, dict[str, Any]]:
    """The customers a person may see, as a condition on `p`."""
    scope = scope_of(viewer)
    if scope.reach == Reach.BANK:
        return "TRUE", {}
    if scope.reach == Reach.BRANCHES:
        return f"p.branch_id = ANY(%({prefix}_units)s)", {f"{prefix}_units": sorted(scope.branch_ids)}
    if scope.reach != Reach.BOOK:
        return "FALSE", {}
    shared = list(CustomerShare.objects.filter(user_id=scope.user_id).values_list("customer_id", flat=True))
    text = (
        f"(p.manager_id = ANY(%({prefix}_books)s) OR p.customer_id = ANY(%({prefix}_shared)s) OR p.customer_id IN"
        f" (SELECT k.id FROM customers_customer k WHERE k.backup_id = %({prefix}_self)s))"
    )
    books = sorted({scope.user_id, *scope.stood_in})
    return text, {f"{prefix}_books": books, f"{prefix}_shared": shared, f"{prefix}_self": scope.user_id}


def count_of(
    segment: Segment, *, day: date, viewer: User | AnonymousUser | None = None, patience: int | None = PATIENCE
) -> Count:
    """How many customers are in a segment (saved or not), of those the viewer may see; None = all.

    Gives up after `patience` milliseconds (None = never) with a count that is not exact. Raises RuleError.
    """
    source, values = source_of(segment, day=day)
    sight, seen = in_sight(viewer) if viewer is not None else ("TRUE", {})
    text = f"SELECT p.tier, p.branch_id, count(*) FROM {source} AND {sight} GROUP BY 1, 2"
    try:
        return _counted(_patient(text, {**values, **seen}, patience))
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceledError):
            raise
        return Count(None, False)


def _patient(text: str, values: Mapping[str, Any], patience: int | None) -> list[tuple[int, int, int]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{MEMORY}'")
        if patience is not None:
            cursor.execute(f"SET LOCAL statement_timeout = {patience:d}")
        cursor.execute(text, dict(values))
        rows = cursor.fetchall()
        # Within a larger transaction what is set locally would outlive this block.
        cursor.execute("SET LOCAL work_mem TO DEFAULT; SET LOCAL statement_timeout TO DEFAULT")
        return rows


def _counted(rows: Iterable[tuple[int, int, int]]) -> Count:
    tiers, branches = Counter[int](), Counter[int]()
    for tier, branch, number in rows:
        tiers[tier] += number
        branches[branch] += number
    return Count(tiers.total(), True, tuple(sorted(tiers.items())), tuple(branches.most_common()))


def names_of(rules: Iterable[Rule], *, day: date) -> Names:
    """Words for the tiers, branches, managers and lists that rules name: at most four queries for any number."""
    known = list(rules)

    def asked(field: RuleField) -> set[int]:
        return set().union(*(numbers_asked(rule, field) for rule in known))

    ranks, found = asked(RuleField.TIER), {}
    if ranks:
        bands = bands_for_display(day)
        found[RuleField.TIER.value] = {rank: tier_name(rank, bands) for rank in ranks}
    for field, rows in (
        (RuleField.BRANCH, Branch.objects.all()),
        (RuleField.MANAGER, User.objects.all()),
        (RuleField.LIST, Segment.everything.all()),
    ):
        if keys := asked(field):
            found[field.value] = dict(rows.filter(pk__in=keys).values_list("pk", "name"))
    if 0 in asked(RuleField.MANAGER):
        found[RuleField.MANAGER.value][0] = _("nobody")
    return found


def sentence_of(rule: Rule, *, day: date) -> str:
    """A rule as a person reads it, in the active language."""
    return sentence(rule, names_of([rule], day=day))


def met_by(rule: Rule, customer_id: int, *, day: date) -> list[Met]:
    """Every condition of a rule in words, and whether the customer meets it on its own; one query beside the names."""
    found = list(leaves(rule))
    if not found:
        return []
    names, values, columns = names_of([rule], day=day), {"customer": customer_id}, []
    for place, leaf in enumerate(found):
        text, asked = where(leaf, day=day, prefix=f"l{place}")
        columns.append(f"({text})")
        values |= asked
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {FROM} WHERE p.customer_id = %(customer)s", values)
        row = cursor.fetchone() or [False] * len(found)
    return [Met(condition_words(leaf, names), bool(is_met)) for leaf, is_met in zip(found, row, strict=True)]
