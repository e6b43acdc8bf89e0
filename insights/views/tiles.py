"""The tiles of boards: what each number is, and the list behind it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from complaints.models import Complaint
from complaints.models.cases import ComplaintQuerySet
from complaints.queries.inbox import count_waiting, stage_is
from core.money import ZERO
from customers import queries as customers
from insights.enums import BoardKind, Direction
from insights.queries import boards
from insights.rules import moves as rules
from insights.views.about import about
from insights.views.links import link
from insights.views.numbers import Number, Text, Tile
from insights.views.tables import over, units_url
from insights.views.units import CONTACT_DAYS, DAY, MATURING_DAYS, Unit
from servicing.models import FollowUp, Interaction
from servicing.models.follow_ups import FollowUpQuerySet
from servicing.queries import contacts as servicing
from servicing.queries.follow_ups import of_whom
from tiers import queries as tiers


def book_tiles(unit: Unit) -> list[Tile]:
    """A manager's first figures: what the book holds, what moved, what matures, who waits."""
    return [
        *_holdings(unit, _("Deposits in my book")),
        _average(unit),
        *_movements(unit),
        _maturing(unit),
        _waiting(unit),
        _overdue(unit),
    ]


def branch_tiles(unit: Unit) -> list[Tile]:
    """A branch's first figures: the same, and complaints whose time is over."""
    deposits, _heads = _holdings(unit, _("Deposits of the branch"))
    return [
        deposits,
        _average(unit),
        *_movements(unit),
        _maturing(unit),
        _waiting(unit),
        _overdue(unit),
        clock_tiles(unit)[0],
    ]


def bank_tiles(unit: Unit) -> list[Tile]:
    """The first figures of several units: those of the table below, added up."""
    tiles = [*_holdings(unit, _("Deposits"), units_url(unit) if unit.ids is not None else "")]
    tiles += [tile for tile in _closings(unit) if tile]
    return [*tiles, clock_tiles(unit)[0]]


def movement_tiles(unit: Unit) -> list[Tile]:
    """What moved in detail: rises and falls of the day, who came and who went in the month, who changed tier."""
    day, month = unit.moved
    words = about("movement", unit.days.day)

    def tile(label: Text, value: Any, since: date, way: Direction, icon: str, hint: str, **more: Any) -> Tile:
        url = link("insights:moves", since=since, direction=way, **unit.params)
        measure = "difference" if way in {Direction.UP, Direction.DOWN} else ""
        return Tile(label, Number(value, url, measure, bool(measure)), icon, hint, **{"about": words, **more})

    return [
        tile(_("Rises"), day.up_amount, day.since, Direction.UP, "trending-up", _people(day.up)),
        tile(_("Falls"), day.down_amount, day.since, Direction.DOWN, "trending-down", _people(day.down)),
        tile(
            *(_("Customers with first deposits"), month.gained, month.since, Direction.GAINED, "user-plus"),
            _since(month.since),
            about=about("gained", unit.days.day),
        ),
        tile(
            *(_("Customers emptied out"), month.emptied, month.since, Direction.EMPTIED, "flag"),
            _since(month.since),
            about=about("emptied", unit.days.day),
            tone="warn" if month.emptied else "",
        ),
        *mover_tiles(unit),
    ]


def unit_mover_tiles(unit: Unit) -> list[Tile]:
    """Who moved to another tier on the day, of several units: those of the table, added up."""
    day, found = unit.days.day, []
    for name, label, icon in (
        ("moved_up", _("Moved to a higher tier"), "arrow-up"),
        ("moved_down", _("Moved to a lower tier"), "arrow-down"),
    ):
        value = over(unit.lines, name)
        if value is not None:
            number = Number(value, units_url(unit), f"line.{name}", is_count=True)
            found.append(Tile(label, number, icon, day.isoformat(), about=about(name, day)))
    return found


def mover_tiles(unit: Unit) -> list[Tile]:
    """Who moved to another tier since the close the board compares with."""
    first, last = unit.days.opening.day + DAY, unit.days.day
    found = []
    for way, label, icon in (
        (tiers.UP, _("Moved to a higher tier"), "arrow-up"),
        (tiers.DOWN, _("Moved to a lower tier"), "arrow-down"),
    ):
        url = link("tiers:movers", since=first, until=last, direction=way, **unit.params)
        number = Number(movers(unit, way).count(), url)
        found.append(Tile(label, number, icon, last.isoformat(), about=about("moved", last)))
    return found


def movers(unit: Unit, direction: str = "") -> QuerySet[Any]:
    """Tier changes of the unit since the close the board compares with."""
    found = tiers.movers(unit.viewer, unit.days.opening.day + DAY, unit.days.day, direction)
    return found if unit.ids is None else found.filter(branch_id__in=sorted(unit.ids))


def case_tiles(unit: Unit) -> list[Tile]:
    """Complaints about the unit that are to be decided: how many, and whose time is over."""
    rows, params = _cases(unit)
    count = rows.filter(stage_is("open")).count()
    number = Number(count, link("complaints:inbox", **params))
    opened = Tile(_("Open complaints"), number, "message-report", about=about("cases", unit.days.day))
    return [opened, *clock_tiles(unit)]


def clock_tiles(unit: Unit) -> list[Tile]:
    """Of the complaints to be decided those that wait too long, the overdue ones first."""
    rows, params = _cases(unit)
    counts, day = count_waiting(rows, unit.days.today), unit.days.day

    def tile(label: Text, value: int, icon: str, words: str, tone: str, **more: str) -> Tile:
        number = Number(value, link("complaints:inbox", **params, **more))
        return Tile(label, number, icon, tone=tone if value else "", about=about(words, day))

    return [
        tile(_("Complaints overdue"), counts.overdue, "calendar-time", "cases_overdue", "bad", due="overdue"),
        tile(_("Past the statutory deadline"), counts.law_overdue, "alert-triangle", "cases_law", "bad", law="overdue"),
        tile(_("Without a handler"), counts.nobody, "user-check", "cases_nobody", "warn", handler="none"),
    ]


def _cases(unit: Unit) -> tuple[ComplaintQuerySet, dict[str, str]]:
    """The cases about the unit, and what narrows the list of cases to them."""
    rows = Complaint.objects.visible_to(unit.viewer)
    if unit.kind not in {BoardKind.BRANCH, BoardKind.REGION} or unit.ids is None:
        return rows, {}
    params = {"unit" if unit.kind == BoardKind.BRANCH else "area": unit.code}
    return rows.filter(branch_id__in=sorted(unit.ids)), params


def service_tiles(unit: Unit) -> list[Tile]:
    """How customers are served: complaints by their clocks, and contacts."""
    return [*case_tiles(unit), *([_contacts(unit)] if unit.kind != BoardKind.REGION else [])]


def risk_tiles(unit: Unit) -> list[Tile]:
    """Customers about to lose their tier."""
    held, day = unit.held, unit.days.day
    watched = Number(held.watched, link("customers:list", watched="true", **unit.params))
    near = Number(held.near_down, link("customers:list", near="down", **unit.params))
    return [
        Tile(_("On watch"), watched, "eye", tone="warn" if held.watched else "", about=about("watched", day)),
        Tile(_("Close to losing their tier"), near, "trending-down", about=about("near_down", day)),
    ]


def overdue_follow_ups(unit: Unit) -> FollowUpQuerySet:
    """Open follow-ups of the unit that were due before today; a manager's own."""
    rows = FollowUp.objects.visible_to(unit.viewer).open().filter(due_on__lt=unit.days.today)
    rows = of_whom(rows, unit.viewer, "mine" if unit.kind == BoardKind.MANAGER else "team")
    return rows if unit.ids is None else rows.filter(customer__branch_id__in=sorted(unit.ids))


def _since(day: date) -> str:
    return _("since the close of %(day)s") % {"day": day.isoformat()}


def _people(count: int) -> str:
    return _("%(count)s customers") % {"count": count}


def _holdings(unit: Unit, label: Text, url: str = "") -> tuple[Tile, Tile]:
    held, day = unit.held, unit.days.day
    names = url or link("customers:list", **unit.params)
    total = Number(held.total, names, "line.held.total" if url else "balance")
    heads = Number(held.customers, names, "line.held.customers" if url else "", is_count=True)
    return (
        Tile(label, total, "coins", about=about("deposits", day)),
        Tile(_("Customers"), heads, "users", about=about("customers", day)),
    )


def _average(unit: Unit) -> Tile:
    number = Number(unit.held.adb, link("insights:averages", **unit.params), "adb")
    hint = _("up to %(day)s") % {"day": unit.days.day.isoformat()}
    return Tile(_("Average this month"), number, "chart-bar", hint, about=about("adb", unit.days.day))


def _movements(unit: Unit) -> Iterator[Tile]:
    words = about("movement", unit.days.day)
    labels = ((_("Movement"), "arrows-exchange"), (_("Movement of the month"), "calendar"))
    for moved, (label, icon) in zip(unit.moved, labels, strict=True):
        number = Number(moved.net, link("insights:moves", since=moved.since, **unit.params), "difference", True)
        yield Tile(label, number, icon, _since(moved.since), about=words)


def _closings(unit: Unit) -> Iterator[Tile]:
    """What the night rolled up of the units below, added up; left out where it did not."""
    opening, day = unit.days.opening, unit.days.day
    for label, name, icon, hint, words in (
        (_("Average this month"), "adb", "chart-bar", _("up to %(day)s") % {"day": day.isoformat()}, "adb"),
        (_("Growth of the average"), "growth", "trending-up", _("without hand-overs"), "growth"),
        (_("Movement"), "since_day", "arrows-exchange", _since(opening.day), "closing"),
        (_("Movement of the month"), "since_month", "calendar", _since(opening.month), "closing"),
        (_("Maturing"), "maturing", "calendar-due", "", "maturing"),
    ):
        value = over(unit.lines, name)
        if value is not None:
            is_change = name in {"growth", "since_day", "since_month"}
            number = Number(value, units_url(unit), f"line.{name}", is_change)
            yield Tile(label, number, icon, hint, about=about(words, day))


def _maturing(unit: Unit) -> Tile:
    today, until = unit.days.today, unit.days.matures_until
    found = customers.maturities(unit.viewer, today, until).order_by()
    if unit.ids is not None:
        found = found.filter(customer__branch_id__in=sorted(unit.ids))
    sums = found.aggregate(n=Count("pk"), amount=Sum("balance__value"))
    url = link("insights:maturities", since=today, until=until, **unit.params)
    hint = _("%(count)s deposits in %(days)s days") % {"count": sums["n"], "days": MATURING_DAYS}
    number = Number(sums["amount"] or ZERO, url, "balance.value")
    return Tile(_("Maturing"), number, "calendar-due", hint, about=about("maturing", unit.days.day))


def _waiting(unit: Unit) -> Tile:
    count = unit.held.waiting
    number = Number(count, link("insights:rhythm", **unit.params))
    words = about("waiting", unit.days.day)
    return Tile(_("Contact overdue"), number, "clock", "", "warn" if count else "", words)


def _overdue(unit: Unit) -> Tile:
    count = overdue_follow_ups(unit).count()
    params = {"due": "overdue", **({"unit": unit.code} if unit.kind == BoardKind.BRANCH else {})}
    number = Number(count, link("servicing:follow_ups", **params))
    words = about("overdue", unit.days.day)
    return Tile(_("Follow-ups overdue"), number, "list-check", "", "warn" if count else "", words)


def _contacts(unit: Unit) -> Tile:
    since, today = unit.days.contacts_since, unit.days.today
    found = servicing.contacts_between(Interaction.objects.visible_to(unit.viewer).by_people(), since, today)
    params = {"unit": unit.code} if unit.kind == BoardKind.BRANCH else {}
    if unit.ids is not None:
        found = found.filter(branch_id__in=sorted(unit.ids))
    url = link("servicing:contacts", since=since, until=today, **params)
    hint = _("in %(days)s days") % {"days": CONTACT_DAYS}
    return Tile(_("Contacts"), Number(found.count(), url), "message", hint, about=about("contacts", unit.days.day))


def silent_tile(unit: Unit) -> Tile:
    """Customers with deposits nobody has spoken to for long."""
    count = boards.silent_since(unit.positions, unit.days.today, rules.SILENT_DAYS).count()
    url = link("insights:silent", days=rules.SILENT_DAYS)
    hint = _("no contact for %(days)s days") % {"days": rules.SILENT_DAYS}
    words = about("silent", unit.days.day)
    return Tile(_("Customers without contact"), Number(count, url), "message", hint, "warn" if count else "", words)
