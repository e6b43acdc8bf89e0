"""Key figures taken slowly, customer by customer and row by row, from the words of the definitions."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q

from complaints.models import Complaint
from complaints.rules.moves import OPEN
from core.clock import SHANGHAI
from core.money import yuan
from customers.models import Account, BalanceChange, Customer, CustomerPosition, OwnershipChange, PositionChange
from insights.models import MonthClose, OutflowWarning
from insights.queries.definitions import definitions_on
from insights.rules.bridge import change_of
from insights.rules.churn import Standing, quarter_start, way_of_loss
from insights.rules.kpis import month_before
from servicing.models import FollowUp, Interaction, Invitation, Maturity, SurveyAnswer
from staff.models import Branch, TeamMember, User
from tests.tiers.ledgers import sum_until, total_on
from tiers.models import TierChange
from tiers.queries.standards import standards_on

ZERO, DAY = Decimal(0), timedelta(days=1)
BY_TIER = {
    *("deposits", "customers", "churn", "churn_closed", "churn_fallen", "churn_inactive", "maturing", "in_rhythm"),
    *("satisfaction", "satisfaction_squares", "response", "adb"),
}
Key = tuple[str, int, int, str]


@dataclass(frozen=True)
class Held:
    """A customer at the close of a day."""

    branch: int
    manager: int | None
    tier: int
    total: Decimal
    adb: Decimal
    is_there: bool
    moved_on: date | None
    contacted_on: date | None
    since: date | None


class Sums:
    """Values and bases by unit, tier and measure."""

    def __init__(self, day: date) -> None:
        self.found: dict[Key, list[Decimal | None]] = defaultdict(lambda: [ZERO, None])
        teams = TeamMember.objects.on(day).values_list("user_id", "team_id")
        self.teams: dict[int, list[int]] = defaultdict(list)
        for user, team in teams:
            self.teams[user].append(team)
        self.branches = {branch.pk: branch for branch in Branch.objects.all()}
        tops = [b.pk for b in self.branches.values() if b.kind == "head_office" and not b.parent_id]
        self.top = min(tops, default=None)

    def units(self, branch: int, person: int | None) -> Iterable[tuple[str, int]]:
        yield "branch", branch
        node: Branch | None = self.branches[branch]
        while node:
            if node.kind == "region":
                yield "region", node.pk
            node = self.branches[node.parent_id] if node.parent_id else None
        if self.top:
            yield "bank", self.top
        if person:
            yield "person", person
            for team in self.teams[person]:
                yield "team", team

    def add(self, units: Iterable[tuple[str, int]], tier: int, measure: str, value: Any, base: Any = None) -> None:
        for kind, unit in units:
            tiers = [-1]
            is_kept = measure in BY_TIER or measure.startswith("adb")
            if tier >= 0 and is_kept and kind in ("bank", "region", "branch"):
                tiers.append(tier)
            for one in tiers:
                pair = self.found[kind, unit, one, measure]
                pair[0] = (pair[0] or ZERO) + Decimal(value)
                if base is not None:
                    pair[1] = (pair[1] or ZERO) + Decimal(base)

    @property
    def rows(self) -> dict[Key, tuple[Decimal, Decimal | None]]:
        kept = {key: (yuan(value or ZERO), base) for key, (value, base) in self.found.items()}
        return {key: pair for key, pair in kept.items() if pair[0] or pair[1]}


def held_at(position: CustomerPosition, day: date, ledger_day: date) -> Held:
    history = {c.on: c.total for c in PositionChange.objects.filter(customer_id=position.pk)}
    changes = list(TierChange.everything.filter(customer_id=position.pk, on__lte=day).order_by("on"))
    moves = [change for change in changes if change.from_tier != change.to_tier]
    is_now = position.tier_since is None or position.tier_since <= day
    later = OwnershipChange.everything.filter(
        customer_id=position.pk, role="owner", on__gt=day, from_user__isnull=False
    )
    first = later.order_by("at").first()
    contacts = Interaction.everything.filter(customer_id=position.pk).exclude(origin="campaign")
    days = [i.happened_at.astimezone(SHANGHAI).date() for i in contacts.exclude(outcome="not_reached")]
    opening = sum_until(history, day.replace(day=1) - DAY) if history else ZERO
    closing = sum_until(history, day) if history else ZERO
    known = [on for on in history if on <= day]
    tier = position.tier if is_now else (changes[-1].to_tier if changes else 0)
    since = position.tier_since if is_now else (moves[-1].on if moves else None)
    return Held(
        position.branch_id,
        first.from_user_id if first else position.manager_id,
        tier,
        total_on(history, day),
        yuan((closing - opening) / day.day),
        day >= ledger_day or bool(known) or tier > 0,
        max(known, default=None),
        max((d for d in days if d <= day), default=None),
        since,
    )


def oracle(day: date, ledger_day: date) -> dict[Key, tuple[Decimal, Decimal | None]]:
    """Every row of a day: (kind, unit, tier, measure) to (value, base)."""
    sums = Sums(day)
    held = {p.pk: held_at(p, day, ledger_day) for p in CustomerPosition.everything.all()}
    became = dict(Customer.everything.exclude(merged_into=None).values_list("pk", "merged_into_id"))
    _holding(sums, held, day)
    _bridge(sums, held, became, day)
    _churn(sums, held, became, day)
    _events(sums, day)
    return sums.rows


def _holding(sums: Sums, held: dict[int, Held], day: date) -> None:
    promised = standards_on(day)
    letters = {1: "D", 2: "C", 3: "B", 4: "A"}
    until = day + timedelta(days=definitions_on(day).maturing_days)
    for pk, one in held.items():
        units = list(sums.units(one.branch, one.manager))
        if one.is_there:
            sums.add(units, one.tier, "customers", 1)
            sums.add(units, one.tier, "deposits", one.total)
        sums.add(units, one.tier, "adb", one.adb)
        every = promised[letters[one.tier]].contact_days if one.tier in letters else None
        counted = one.contacted_on or one.since
        if every and counted:
            sums.add(units, one.tier, "in_rhythm", int(counted + timedelta(days=every) >= day), 1)
        now = CustomerPosition.everything.get(pk=pk)
        for account in Account.everything.filter(customer_id=pk, matures_on__gt=day, matures_on__lte=until):
            if account.status in ("open", "frozen") and account.balance.balance > 0:
                changes = BalanceChange.objects.filter(account=account)
                history = {c.on: c.value for c in changes} or {account.balance.on: account.balance.value}
                sums.add(sums.units(now.branch_id, now.manager_id), now.tier, "maturing", total_on(history, day))


def _bridge(sums: Sums, held: dict[int, Held], became: dict[int, int], day: date) -> None:
    month = month_before(day)
    rows = list(MonthClose.everything.filter(month=month))
    if not rows:
        return
    of: dict[int, list[MonthClose]] = defaultdict(list)
    for row in rows:
        of[became.get(row.customer_id, row.customer_id)].append(row)
    for pk in {*held, *of}:
        then, one = of[pk], held.get(pk)
        opening = sum((row.adb for row in then), ZERO)
        place = (one.branch, one.manager) if one else (then[0].branch_id, then[0].manager_id)
        tier = one.tier if one else then[0].tier
        units = set(sums.units(*place))
        left = Maturity.everything.filter(
            customer_id__in=[pk, *(old for old, new in became.items() if new == pk)],
            matures_on__range=(month, day),
            measured_on__lte=day,
        )
        gone = sum((m.amount - m.stayed for m in left if m.amount and m.stayed is not None), ZERO)
        parts = change_of(opening, one.adb if one else ZERO, gone)
        for name in ("new", "up", "down", "lost", "matured_left"):
            sums.add(units, tier, f"adb_{name}", getattr(parts, name))
        for row in then:
            were = set(sums.units(row.branch_id, row.manager_id))
            sums.add(were, tier, "adb_before", row.adb)
            sums.add(units - were, tier, "adb_handed_in", row.adb)
            sums.add(were - units, tier, "adb_handed_out", -row.adb)


def _churn(sums: Sums, held: dict[int, Held], became: dict[int, int], day: date) -> None:
    opening = month_before(quarter_start(day))
    of: dict[int, list[MonthClose]] = defaultdict(list)
    for row in MonthClose.everything.filter(month=opening, total__gt=0).order_by("-adb"):
        of[became.get(row.customer_id, row.customer_id)].append(row)
    numbers = definitions_on(day)
    for pk, rows in of.items():
        if pk not in held:
            continue
        one = held[pk]
        accounts = Account.everything.filter(~Q(status="closed") | Q(closed_on__gt=day), customer_id=pk)
        standing = Standing(
            sum((row.adb for row in rows), ZERO),
            one.adb,
            one.total > 0 or accounts.exists(),
            one.moved_on,
            one.contacted_on,
            accounts.filter(matures_on__gt=day).exists(),
        )
        way = way_of_loss(standing, day, fall=numbers.churn_fall, inactive=numbers.churn_inactive)
        own = next((row for row in rows if row.customer_id == pk), rows[0])
        units = list(sums.units(one.branch, one.manager))
        sums.add(units, own.tier, "churn", int(way is not None), 1)
        if way:
            sums.add(units, own.tier, f"churn_{way}", 1)


def _on(at: datetime | None, day: date) -> bool:
    return at is not None and at.astimezone(SHANGHAI).date() == day


def _by(at: datetime | None, day: date) -> bool:
    return at is not None and at.astimezone(SHANGHAI).date() <= day


def _events(sums: Sums, day: date) -> None:
    places = {p.pk: p for p in CustomerPosition.everything.all()}
    homes = dict(User.objects.values_list("pk", "branch_id"))
    for i in Interaction.everything.exclude(origin="campaign"):
        if _on(i.happened_at, day):
            sums.add(sums.units(i.branch_id, i.author_id), -1, "contacts", 1)
    for t in TierChange.everything.filter(on=day, event__in=["up", "down"]):
        sums.add(sums.units(t.branch_id, t.manager_id), -1, f"moved_{t.event}", 1)
    for f in FollowUp.everything.select_related("interaction"):
        branch = places[f.customer_id].branch_id if f.customer_id in places else homes[f.owner_id]
        units = list(sums.units(branch, f.owner_id))
        is_done = f.state == "done"
        if f.due_on == day and f.state not in ("skipped", "cancelled"):
            for name in ("follow_ups", *(["calls"] if f.kind == "campaign" else [])):
                sums.add(units, -1, name, int(is_done and _by(f.closed_at, day)), 1)
        if f.due_on <= day and _by(f.created_at, day) and not _by(f.closed_at, day):
            sums.add(units, -1, "overdue", 1)
        if f.kind == "campaign" and is_done and _on(f.closed_at, day) and f.interaction:
            sums.add(units, -1, "calls_agreed", int(f.interaction.outcome in ("done", "interested")))
    for c in Complaint.everything.filter(received_on__lte=day):
        units = list(sums.units(c.branch_id, c.handler_id))
        ended = c.answered_on or c.closed_on
        is_open = c.state in OPEN or (ended is not None and ended > day)
        sums.add(units, -1, "complaints", int(c.received_on == day))
        sums.add(units, -1, "complaints_open", int(is_open))
        sums.add(units, -1, "complaints_late", int(is_open and c.due_on <= day))
    _voices(sums, places, day)


def _voices(sums: Sums, places: dict[int, CustomerPosition], day: date) -> None:
    for a in SurveyAnswer.everything.select_related("invitation"):
        if _on(a.answered_at, day):
            n = a.invitation
            tier = places[n.customer_id].tier if n and n.customer_id in places else -1
            units = list(sums.units(a.branch_id, n.about_id if n else None))
            sums.add(units, tier, "satisfaction", a.score, 1)
            sums.add(units, tier, "satisfaction_squares", a.score**2, 1)
    for n in Invitation.everything.filter(Q(sent_at__isnull=False) | Q(used_at__isnull=False)):
        if _on(n.used_at, day) or _on(n.sent_at, day):
            tier = places[n.customer_id].tier if n.customer_id in places else -1
            units = list(sums.units(n.branch_id, n.about_id))
            sums.add(units, tier, "response", int(_on(n.used_at, day)), int(_on(n.sent_at, day)))
    for w in OutflowWarning.everything.all():
        place = places[w.customer_id]
        units = list(sums.units(place.branch_id, place.manager_id))
        if w.raised_on <= day and (w.closed_on is None or w.closed_on > day):
            sums.add(units, -1, "warnings", 1)
        if _on(w.judged_at, day) and w.verdict in ("right", "wrong"):
            sums.add(units, -1, "warnings_right", int(w.verdict == "right"), 1)
