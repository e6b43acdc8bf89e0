"""What the page of a bridge shows: its bars, and the bridges of the managers or units it is made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.charts import Chart, Series
from insights.enums import BridgePart, UnitKind
from insights.forms.units import NOBODY
from insights.queries.bridge import Unit, bridge_of, bridges_by_manager, bridges_kept
from insights.queries.units import Part, parts_of
from insights.rules.bridge import Parts
from insights.views.bridge_asked import Asked
from insights.views.links import link
from insights.views.numbers import Number
from servicing.queries.contacts import units_of
from staff.models import Branch, User
from tiers.queries import managers_of

UNITS = "#units"
# The columns of the table below, by the fields of Parts.
COLUMNS = ("opening", "new", "up", "down", "matured_left", "lost", "handed", "closing")
LEVELS = frozenset({"opening", "closing"})
# The address of the customers behind a column's number.
Address = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the bridge."""

    part: BridgePart
    number: Number


@dataclass(frozen=True, slots=True)
class Row:
    """A manager or a unit with its own bridge, in the order of COLUMNS; hand-overs by their net."""

    name: str
    url: str
    cells: Sequence[Number]


@dataclass(frozen=True, slots=True)
class Board:
    """A bridge as it is shown; `hides` = customers who went elsewhere are not named."""

    asked: Asked
    parts: Parts
    bars: Sequence[Bar]
    rows: Sequence[Row]
    chart: Chart
    hides: bool

    @property
    def numbers(self) -> Iterable[Number]:
        """All numbers, most of which lead to rows."""
        yield from (bar.number for bar in self.bars)
        for row in self.rows:
            yield from row.cells

    @property
    def heads(self) -> list[str]:
        """Heads of the table below."""
        return [str(_heading(name)) for name in COLUMNS]

    @property
    def total(self) -> list[Number]:
        """The last line of the table below: what the others add up to."""
        return [Number(getattr(self.parts, name), "", name, name not in LEVELS) for name in COLUMNS]


def board_of(asked: Asked, *, has_rows: bool = True) -> Board | None:
    """The bridge that was asked for; None where the night kept no figures for it. Without `has_rows` only its bars."""
    parts = _parts(asked)
    if parts is None:
        return None
    bars = [Bar(part, _number(parts, part, asked.rows_url(part) if asked.unit else UNITS)) for part in BridgePart]
    hides = asked.unit is not None and not asked.opens(BridgePart.HANDED_OUT)
    return Board(asked, parts, bars, _rows(asked) if has_rows else [], _chart(asked, bars), hides)


def said(asked: Asked) -> str:
    """What is compared, in words."""
    words = {"before": f"{asked.span.opening:%Y-%m}", "after": f"{asked.span.closing:%Y-%m}", "day": asked.span.last}
    if asked.span.is_running:
        sentence = _("%(after)s up to %(day)s against %(before)s") % words
    else:
        sentence = _("%(after)s against %(before)s") % words
    return f"{asked.name} · {sentence}" if asked.name else sentence


def _parts(asked: Asked) -> Parts | None:
    if asked.unit is not None:
        return bridge_of(asked.unit, asked.span)
    if not asked.span.is_next:
        return None
    return bridges_kept(asked.viewer, asked.kind, [asked.key], asked.span).get(asked.key)


def _number(parts: Parts, name: str, url: str) -> Number:
    value = getattr(parts, name)
    return Number(value, url if value else "", name, name not in LEVELS)


def _heading(name: str) -> str:
    return _("Handed over, net") if name == "handed" else str(BridgePart(name).label)


def _rows(asked: Asked) -> list[Row]:
    if asked.unit is not None:
        return _manager_rows(asked, asked.unit) if asked.kind != UnitKind.PERSON else []
    return _unit_rows(asked, asked.branch) if asked.branch else []


def _manager_rows(asked: Asked, unit: Unit) -> list[Row]:
    """By manager, the largest change first, nobody's customers at the end."""
    found = bridges_by_manager(unit, asked.span)
    people = User.objects.in_bulk([key for key in found if key])
    known = set(managers_of(asked.viewer).filter(pk__in=people).values_list("pk", flat=True))
    ordered = sorted(found, key=lambda key: (key is None, -abs(found[key].change), key or 0))
    return [_manager_row(asked, people.get(key or 0), found[key], key is None or key in known) for key in ordered]


def _manager_row(asked: Asked, manager: User | None, parts: Parts, is_known: bool) -> Row:
    params = {name: value for name, value in asked.params.items() if name != "team"}
    one = {**params, "manager": manager.staff_no if manager else NOBODY}

    def address(name: str) -> str:
        # Hand-overs are given by their net, which no one list adds up to.
        if name not in BridgePart.values or not is_known or not asked.opens(BridgePart(name)):
            return ""
        return link("insights:bridge_rows", part=name, **one)

    url = link("insights:bridge", **one) if is_known else ""
    return _row(manager.name if manager else _("Without a manager"), url, parts, address)


def _unit_rows(asked: Asked, top: Branch) -> list[Row]:
    """What lies right under a region or the bank, the largest change first."""
    below = parts_of(top, units_of(asked.viewer))
    kept: Mapping[tuple[str, int], Parts] = {
        (kind, pk): parts
        for kind in (UnitKind.REGION, UnitKind.BRANCH)
        for pk, parts in bridges_kept(
            asked.viewer, kind, [one.unit.pk for one in below if one.kind == kind], asked.span
        ).items()
    }
    found = [(one, kept[one.kind, one.unit.pk]) for one in below if (one.kind, one.unit.pk) in kept]
    found.sort(key=lambda pair: (-abs(pair[1].change), pair[0].unit.code))
    return [_unit_row(asked, one, parts) for one, parts in found]


def _unit_row(asked: Asked, one: Part, parts: Parts) -> Row:
    params = {**asked.params, "unit": one.unit.code}
    url = "" if one.is_own else link("insights:bridge", **params)

    def address(name: str) -> str:
        if one.is_own or name not in BridgePart.values or not asked.opens(BridgePart(name)):
            return ""
        return url + UNITS if one.kind == UnitKind.REGION else link("insights:bridge_rows", part=name, **params)

    return _row(one.unit.name, url, parts, address)


def _row(name: str, url: str, parts: Parts, address: Address) -> Row:
    return Row(name, url, [_number(parts, column, address(column)) for column in COLUMNS])


def _chart(asked: Asked, bars: Sequence[Bar]) -> Chart:
    return Chart(
        id="adb-bridge",
        title=_("From the average daily balance of one month to that of another"),
        kind="bridge",
        label_name=_("Part of the change"),
        labels=[str(bar.part.label) for bar in bars],
        series=[Series(_("Yuan"), [bar.number.value for bar in bars])],
        note=_("the scale does not begin at zero"),
        hrefs=[bar.number.url for bar in bars],
        as_of=asked.span.last,
    )
