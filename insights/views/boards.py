"""What stands on a manager's, a branch's and the bank's board, and where each number leads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from core.charts import Chart
from core.money import ZERO
from customers import queries as customers
from customers.models import CustomerPosition
from insights import charts
from insights.enums import Direction
from insights.queries import boards, moves
from insights.rules import moves as rules
from insights.views.links import link
from insights.views.numbers import Number, Tile
from servicing.models import Interaction
from servicing.queries import contacts as servicing
from staff.models import Branch, User
from tiers import queries as tiers

MATURING_DAYS = 30
CONTACT_DAYS = 7
SHOWN = 5
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TierRow:
    """A line of the table by tier."""

    rank: int
    name: str
    customers: Number
    total: Number
    share: str


@dataclass(frozen=True, slots=True)
class Board:
    """Everything a board shows. `day` is the day the figures are of; without balances there is nothing to show."""

    day: date
    tiles: Sequence[Tile]
    tiers: Sequence[TierRow]
    trend: Chart
    moves: Sequence[CustomerPosition] = ()
    movers: Sequence[Any] = ()
    maturities: Sequence[Any] = ()
    managers: Sequence[Any] = ()
    colleagues: Sequence[Any] = ()
    branches: Sequence[Any] = ()
    moves_url: str = ""
    links: dict[str, str] = field(default_factory=dict)

    @property
    def numbers(self) -> Iterable[Number]:
        """All numbers that lead to a list."""
        yield from (tile.number for tile in self.tiles)
        for row in (*self.tiers, *self.managers, *self.colleagues, *self.branches):
            yield from (value for value in _values(row) if isinstance(value, Number))


def _values(row: Any) -> Iterable[Any]:
    return (getattr(row, name) for name in row.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Unit:
    """Whose board it is: the positions on it and the query parameters that narrow lists to them."""

    viewer: User
    positions: QuerySet[CustomerPosition]
    params: dict[str, str]
    trend_days: int
    branch: Branch | None = None


@dataclass(frozen=True, slots=True)
class ManagerRow:
    """A line of the table by manager; `manager` None = customers nobody owns."""

    manager: User | None
    customers: Number
    total: Number


@dataclass(frozen=True, slots=True)
class ColleagueRow:
    """A line of the table of contacts."""

    user: User
    contacts: Number
    people: int
    last_on: date | None


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A line of the table by branch."""

    line: boards.BranchLine
    url: str
    customers: Number
    total: Number


def manager_board(user: User, day: date, today: date, trend_days: int) -> Board:
    """A manager's book: what it holds, what moved, what matures, who has been silent."""
    unit = Unit(user, CustomerPosition.objects.visible_to(user), {}, trend_days)
    opening = moves.openings(day)
    tier_rows = _tier_rows(unit, day)
    tiles = [
        *_holding_tiles(unit, tier_rows, _("Deposits in my book")),
        *_movement_tiles(unit, opening),
        *_mover_tiles(unit, opening.day + DAY, day),
        *_maturity_tiles(unit, today),
        _silent_tile(unit, today),
    ]
    maturing = customers.maturities(user, today, today + MATURING_DAYS * DAY)
    return Board(
        day,
        tiles,
        tier_rows,
        _trend(unit, boards.book_trend(user, day - trend_days * DAY, day), day),
        moves=moves.biggest_moves(unit.positions, opening.day, SHOWN),
        moves_url=link("insights:moves", since=opening.day),
        movers=_latest_movers(unit, opening.day + DAY, day),
        maturities=list(maturing[:SHOWN]),
        links=_links(unit, today),
    )


def branch_board(user: User, branch: Branch, day: date, today: date, trend_days: int) -> Board:
    """One branch: deposits and heads by tier, movement, movers, contacts per colleague, managers."""
    positions = CustomerPosition.objects.visible_to(user).filter(branch=branch)
    unit = Unit(user, positions, {"branch": branch.code}, trend_days, branch)
    opening = moves.openings(day)
    tier_rows = _tier_rows(unit, day)
    tiles = [
        *_holding_tiles(unit, tier_rows, _("Deposits of the branch")),
        *_movement_tiles(unit, opening),
        *_mover_tiles(unit, opening.day + DAY, day),
        *_maturity_tiles(unit, today),
        _contact_tile(unit, today),
    ]
    return Board(
        day,
        tiles,
        tier_rows,
        _trend(unit, boards.branch_trend(user, [branch.pk], day - trend_days * DAY, day), day),
        moves=moves.biggest_moves(positions, opening.day, SHOWN),
        moves_url=link("insights:moves", since=opening.day, **unit.params),
        movers=_latest_movers(unit, opening.day + DAY, day),
        managers=_manager_rows(unit),
        colleagues=_colleague_rows(user, branch, today),
        links=_links(unit, today),
    )


def bank_board(user: User, day: date, today: date, trend_days: int) -> Board:
    """Several branches: the same by branch, with movement as closing less opening of each."""
    unit = Unit(user, CustomerPosition.objects.visible_to(user), {}, trend_days)
    opening = moves.openings(day)
    tier_rows = _tier_rows(unit, day)
    rows = _branch_rows(unit, opening)
    tiles = [
        *_holding_tiles(unit, tier_rows, _("Deposits")),
        *_closing_tiles(rows, opening),
        *_mover_tiles(unit, opening.day + DAY, day),
        *_maturity_tiles(unit, today),
        _contact_tile(unit, today),
    ]
    trend = charts.deposit_trend(boards.branch_trend(user, None, day - trend_days * DAY, day), day)
    return Board(
        day,
        tiles,
        tier_rows,
        trend,
        branches=rows,
        movers=_latest_movers(unit, opening.day + DAY, day),
        links=_links(unit, today),
    )


def _trend(unit: Unit, days: Sequence[boards.DayTotal], day: date) -> Chart:
    """Each close opens who moved since."""
    return charts.deposit_trend(days, day, [link("insights:moves", since=found.on, **unit.params) for found in days])


def _tier_rows(unit: Unit, day: date) -> list[TierRow]:
    bands = tiers.bands_for_display(day)
    lines = boards.tier_lines(unit.positions, [band.rank for band in bands])
    whole = sum((line.total for line in lines), ZERO)
    return [
        TierRow(
            line.rank,
            tiers.tier_name(line.rank, bands),
            Number(line.customers, _tier_link(unit, line.rank)),
            Number(line.total, _tier_link(unit, line.rank), "balance"),
            f"{line.total / whole:.1%}" if whole > 0 else "–",
        )
        for line in lines
    ]


def _tier_link(unit: Unit, rank: int) -> str:
    # Customers nobody has tiered yet have no filter of their own; there are none after the first night.
    return link("customers:list", tier=rank, **unit.params) if rank else ""


def _holding_tiles(unit: Unit, rows: Sequence[TierRow], label: str) -> list[Tile]:
    url = link("customers:list", **unit.params)
    total = sum((row.total.value for row in rows), ZERO)
    heads = sum(int(row.customers.value) for row in rows)
    return [
        Tile(label, Number(total, url, "balance"), "coins"),
        Tile(_("Customers"), Number(heads, url), "users"),
    ]


def _movement_tiles(unit: Unit, opening: moves.Openings) -> list[Tile]:
    day = moves.movement_since(unit.positions, opening.day)
    month = moves.movement_since(unit.positions, opening.month)

    def to(since: date, direction: str = "") -> str:
        return link("insights:moves", since=since, direction=direction, **unit.params)

    since_day = _("since the close of %(day)s") % {"day": opening.day.isoformat()}
    since_month = _("since the close of %(day)s") % {"day": opening.month.isoformat()}
    return [
        Tile(_("Movement"), Number(day.net, to(day.since), "difference", True), "arrows-exchange", since_day),
        Tile(
            _("Rises"),
            Number(day.up_amount, to(day.since, Direction.UP), "difference", True),
            "trending-up",
            _("%(count)s customers") % {"count": day.up},
        ),
        Tile(
            _("Falls"),
            Number(day.down_amount, to(day.since, Direction.DOWN), "difference", True),
            "trending-down",
            _("%(count)s customers") % {"count": day.down},
        ),
        Tile(
            _("Movement of the month"), Number(month.net, to(month.since), "difference", True), "calendar", since_month
        ),
        Tile(
            _("Customers with first deposits"),
            Number(month.gained, to(month.since, Direction.GAINED)),
            "user-plus",
            since_month,
        ),
        Tile(
            _("Customers emptied out"),
            Number(month.emptied, to(month.since, Direction.EMPTIED)),
            "flag",
            since_month,
            "warn" if month.emptied else "",
        ),
    ]


def _closing_tiles(rows: Sequence[BranchRow], opening: moves.Openings) -> list[Tile]:
    ends = (
        (_("Movement"), "since_day", opening.day, "arrows-exchange"),
        (_("Movement of the month"), "since_month", opening.month, "calendar"),
    )
    found = []
    for label, name, since, icon in ends:
        changes = [getattr(row.line, name) for row in rows]
        if rows and None not in changes:
            hint = _("since the close of %(day)s") % {"day": since.isoformat()}
            found.append(Tile(label, Number(sum(changes, ZERO), "#branches", name, True), icon, hint))
    return found


def _mover_tiles(unit: Unit, first: date, last: date) -> list[Tile]:
    up, down = (_movers(unit, first, last, direction).count() for direction in (tiers.UP, tiers.DOWN))
    url = {d: link("tiers:movers", since=first, until=last, direction=d, **unit.params) for d in (tiers.UP, tiers.DOWN)}
    return [
        Tile(_("Moved to a higher tier"), Number(up, url[tiers.UP]), "arrow-up", last.isoformat()),
        Tile(_("Moved to a lower tier"), Number(down, url[tiers.DOWN]), "arrow-down", last.isoformat()),
    ]


def _movers(unit: Unit, first: date, last: date, direction: str = "") -> QuerySet[Any]:
    """Tier changes since the close the board compares with."""
    found = tiers.movers(unit.viewer, first, last, direction)
    return found if unit.branch is None else found.filter(branch=unit.branch)


def _latest_movers(unit: Unit, first: date, last: date) -> list[Any]:
    return list(_movers(unit, first, last).order_by("-to_tier", "-value", "pk")[:SHOWN])


def _maturity_tiles(unit: Unit, today: date) -> list[Tile]:
    until = today + MATURING_DAYS * DAY
    found = customers.maturities(unit.viewer, today, until).order_by()
    if unit.branch is not None:
        found = found.filter(customer__branch=unit.branch)
    sums = found.aggregate(n=Count("pk"), amount=Sum("balance__value"))
    url = link("insights:maturities", since=today, until=until, **unit.params)
    hint = _("%(count)s deposits in %(days)s days") % {"count": sums["n"], "days": MATURING_DAYS}
    return [Tile(_("Maturing"), Number(sums["amount"] or ZERO, url, "balance.value"), "calendar-due", hint)]


def _silent_tile(unit: Unit, today: date) -> Tile:
    count = boards.silent_since(unit.positions, today, rules.SILENT_DAYS).count()
    url = link("insights:silent", days=rules.SILENT_DAYS)
    hint = _("no contact for %(days)s days") % {"days": rules.SILENT_DAYS}
    return Tile(_("Customers without contact"), Number(count, url), "message", hint, "warn" if count else "")


def _contact_tile(unit: Unit, today: date) -> Tile:
    since = today - (CONTACT_DAYS - 1) * DAY
    found = servicing.contacts_between(Interaction.objects.visible_to(unit.viewer).by_people(), since, today)
    if unit.branch is not None:
        found = found.filter(branch=unit.branch)
    params = {"unit": unit.branch.code} if unit.branch else {}
    url = link("servicing:contacts", since=since, until=today, **params)
    return Tile(_("Contacts"), Number(found.count(), url), "message", _("in %(days)s days") % {"days": CONTACT_DAYS})


def _manager_rows(unit: Unit) -> list[ManagerRow]:
    rows = []
    for line in boards.manager_lines(unit.positions):
        manager = line.unit if isinstance(line.unit, User) else None
        url = link("customers:list", manager=manager.staff_no if manager else "none", **unit.params)
        rows.append(ManagerRow(manager, Number(line.customers, url), Number(line.total, url, "balance")))
    return rows


def _colleague_rows(viewer: User, branch: Branch, today: date) -> list[ColleagueRow]:
    since = today - (CONTACT_DAYS - 1) * DAY
    rows = []
    for line in servicing.contacts_per_colleague(viewer, branch, since, today):
        url = link("servicing:contacts", since=since, until=today, author=line.user.staff_no)
        rows.append(ColleagueRow(line.user, Number(line.contacts, url), line.customers, line.last_on))
    return rows


def _branch_rows(unit: Unit, opening: moves.Openings) -> list[BranchRow]:
    rows = []
    for line in boards.branch_lines(unit.viewer, unit.positions, opening.day, opening.month):
        url = link("customers:list", branch=line.branch.code)
        row = BranchRow(
            line,
            link("insights:branch", line.branch.code),
            Number(line.customers, url),
            Number(line.total, url, "balance"),
        )
        rows.append(row)
    return rows


def _links(unit: Unit, today: date) -> dict[str, str]:
    until = today + MATURING_DAYS * DAY
    return {
        "customers": link("customers:list", **unit.params),
        "maturities": link("insights:maturities", since=today, until=until, **unit.params),
        "movers": link("tiers:movers", **unit.params),
        "history": link("insights:tier_history", **unit.params),
        "contacts": link("servicing:contacts"),
    }
