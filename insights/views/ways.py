"""Which list has the rows of which measure, and how an address narrows it to a figure: one table, at the end."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from complaints.models import Complaint
from complaints.queries.inbox import band_is, cases_for, handlers_seen, stage_is
from core.clock import today
from customers import queries as customers
from customers.models import Account, CustomerPosition
from insights.enums import BridgePart, Loss, UnitKind
from insights.filters.boards import AVERAGES, MATURITIES, RHYTHM
from insights.filters.bridge import BRIDGE_ROWS
from insights.filters.churn import LOST
from insights.filters.outflow import WARNINGS
from insights.queries import boards
from insights.queries.definitions import definitions_on
from insights.queries.outflow import warnings_of
from insights.rules.bridge import months_before
from insights.views.behind import Asked, Params, Way
from insights.views.bridge import bar_of
from insights.views.bridge_asked import may_open
from insights.views.churn import lost_of
from servicing.models import FollowUp, Interaction
from servicing.queries.contacts import colleagues_of, contacts_between
from servicing.queries.follow_ups import colleagues, of_whom, readable_by
from staff.access import HEADS, has_role
from staff.models import Branch, Team, User
from tiers import queries as tiers
from tiers.models import TierChange

DAY = timedelta(days=1)
# Paths of people: lists offer some of them only.
PERSONAL = ("manager", "author", "owner", "handler")


def _narrowed(rows: QuerySet[Any], request: HttpRequest, people: QuerySet[User], **paths: str) -> QuerySet[Any]:
    """Rows by the parameters of an address, each at its path; a person counts only if that list offers the person."""
    for name, path in paths.items():
        asked = request.GET.get(name)
        if asked and path in PERSONAL:
            rows = rows.filter(**{f"{path}__in": people.filter(staff_no=asked)})
        elif asked:
            rows = rows.filter(**{path: asked})
    return rows


def _positions(request: HttpRequest) -> QuerySet[CustomerPosition]:
    return CustomerPosition.objects.visible_to(request.user)


def _customers(request: HttpRequest) -> QuerySet[CustomerPosition]:
    rows, ranks = _positions(request), request.GET.getlist("tier")
    rows = rows.filter(tier__in=ranks) if ranks else rows
    return _narrowed(rows, request, tiers.managers_of(request.user), branch="branch__code", manager="manager")


def _averages(request: HttpRequest) -> QuerySet[CustomerPosition]:
    return _positions(request).annotate(adb=boards.month_average(customers.ledger_day() or date.max))


def _late(request: HttpRequest) -> QuerySet[CustomerPosition]:
    return boards.with_rhythm(_positions(request).filter(boards.rhythm_overdue(today())))


def _maturities(request: HttpRequest) -> QuerySet[Account]:
    first, last = (date.fromisoformat(request.GET[name]) for name in ("since", "until"))
    return customers.maturities(request.user, first, last)


def _moves(request: HttpRequest) -> QuerySet[TierChange]:
    rows, paths = tiers.moves_of(request.user).moved(request.GET["direction"]), {"since": "on__gte", "until": "on__lte"}
    return _narrowed(rows, request, tiers.managers_of(request.user), branch="branch__code", manager="manager", **paths)


def _contacts(request: HttpRequest) -> QuerySet[Interaction]:
    first, last = (date.fromisoformat(request.GET[name]) for name in ("since", "until"))
    rows = contacts_between(Interaction.objects.visible_to(request.user).by_people(), first, last)
    return _narrowed(rows, request, colleagues_of(request.user), unit="branch__code", author="author")


def _follow_ups(request: HttpRequest) -> QuerySet[FollowUp]:
    asked, viewer = request.GET, request.user
    rows = readable_by(FollowUp.objects.visible_to(viewer), viewer)
    rows = rows if asked.get("owner") else of_whom(rows, viewer, asked["whose"])
    rows = rows if asked["state"] == "all" else rows.filter(state=asked["state"])
    people = colleagues(viewer, asked.get("unit", ""), asked.get("owner", ""))
    paths = {"kind": "kind", "since": "due_on__gte", "until": "due_on__lte", "owner": "owner"}
    return _narrowed(rows, request, people, unit="customer__branch__code", **paths)


def _complaints(request: HttpRequest) -> QuerySet[Complaint]:
    rows = cases_for(request.user).filter(stage_is(request.GET.get("state", "open")))
    if request.GET.get("law"):
        rows = rows.filter(band_is(request.GET["law"], today(), "due_on"))
    if top := Branch.objects.filter(code=request.GET.get("area", "")).first():
        rows = rows.filter(branch__in=Branch.objects.below(top))
    paths = {"handler": "handler", "received_from": "received_on__gte", "received_to": "received_on__lte"}
    return _narrowed(rows, request, handlers_seen(request.user), unit="branch__code", **paths)


def _holdings(asked: Asked) -> Params | None:
    found = asked.named("branch", "manager") if asked.is_latest else None
    return None if found is None else {**found, **({"tier": asked.place.tiers} if asked.place.tiers else {})}


def _of_one_tier(asked: Asked) -> Params | None:
    return _holdings(asked) if len(asked.place.tiers) < 2 else None


def _maturing(asked: Asked) -> Params | None:
    is_own = asked.unit == asked.viewer.pk and not has_role(asked.viewer, *HEADS)
    found = {} if is_own and asked.place.kind == UnitKind.PERSON else asked.named("branch")
    if found is None or asked.place.tiers or not asked.is_latest:
        return None
    days = definitions_on(asked.day).maturing_days
    return {**found, "since": asked.day + DAY, "until": asked.day + days * DAY}


def _days(asked: Asked, first: str, last: str) -> Params:
    return {first: asked.place.first, last: asked.place.last}


def _spoken(asked: Asked) -> Params | None:
    found = asked.named("unit", "author")
    return None if found is None else {**found, **_days(asked, "since", "until")}


def _moved(direction: str) -> Callable[[Asked], Params | None]:
    def params(asked: Asked) -> Params | None:
        found = asked.named("branch", "manager", bank=True)
        return None if found is None else {**found, **_days(asked, "since", "until"), "direction": direction}

    return params


def _tasks(asked: Asked) -> Params | None:
    """Whose follow-ups: the team's of a unit, one's own, or somebody's."""
    if asked.place.kind == UnitKind.PERSON and asked.unit == asked.viewer.pk:
        return {"whose": "mine"}
    found = asked.named("unit", "owner", bank=True)
    return None if found is None else {"whose": "team", **found}


def _due(**more: str) -> Callable[[Asked], Params | None]:
    def params(asked: Asked) -> Params | None:
        found = _tasks(asked)
        return None if found is None else {**found, **more, **_days(asked, "since", "until")}

    return params


def _still_open(asked: Asked) -> Params | None:
    found = _tasks(asked) if asked.is_latest else None
    return None if found is None else {**found, "state": "open", "until": asked.place.last}


def _received(asked: Asked) -> Params | None:
    found = asked.named("unit", "handler", "area", bank=True)
    return None if found is None else {**found, **_days(asked, "received_from", "received_to"), "state": "all"}


def _undecided(**more: str) -> Callable[[Asked], Params | None]:
    def params(asked: Asked) -> Params | None:
        found = asked.named("unit", "handler", "area", bank=True) if asked.is_latest else None
        return None if found is None else {**found, **more}

    return params


def _warned(asked: Asked) -> Params | None:
    if not asked.is_latest:
        return None
    if asked.place.kind == UnitKind.PERSON and asked.unit == asked.viewer.pk:
        return {"whose": "mine"}
    return asked.named("unit", bank=True)


def _whose(asked: Asked) -> Params | None:
    """A unit as the bridge and churn say it: a person with the unit the person belongs to."""
    kind = asked.place.kind
    if kind == UnitKind.PERSON and not has_role(asked.viewer, *HEADS):
        return {} if asked.unit == asked.viewer.pk else None
    if kind == UnitKind.TEAM and has_role(asked.viewer, *HEADS):
        code = Team.objects.filter(pk=asked.unit).values_list("branch__code").first()
        return {"unit": code[0], "team": asked.unit} if code else None
    found = asked.named("unit", "manager")
    if found is None or kind == UnitKind.BRANCH:
        return found
    return {**found, "unit": User.objects.values_list("branch__code", flat=True).get(pk=asked.unit)}


def _lost(way: str) -> Callable[[Asked], Params | None]:
    def params(asked: Asked) -> Params | None:
        kinds = (UnitKind.BRANCH, UnitKind.PERSON)
        is_listed = asked.is_latest and len(asked.place.tiers) < 2 and asked.place.kind in kinds
        found = _whose(asked) if is_listed else None
        if found is None:
            return None
        tier = {"tier": asked.place.tiers} if asked.place.tiers else {}
        return {**found, **tier, **({"way": way} if way else {})}

    return params


def _bar(part: BridgePart) -> Callable[[Asked], Params | None]:
    """The bar of the bridge from the month before to that of the day: the running one, or one that is over."""

    def params(asked: Asked) -> Params | None:
        last, month = asked.place.last, asked.place.last.replace(day=1)
        is_end = (last + DAY).day == 1 or asked.is_latest
        is_listed = is_end and not asked.place.tiers and may_open(part, asked.viewer)
        found = _whose(asked) if is_listed else None
        return None if found is None else {**found, "month": month, "against": months_before(month, 1), "part": part}

    return params


def _bars(part: BridgePart) -> Way:
    return Way("insights:bridge_rows", lambda request: bar_of(request)[2], _bar(part), "part", BRIDGE_ROWS)


def _losses(way: str = "") -> Way:
    return Way("insights:churned", lambda request: lost_of(request)[1], _lost(way), page=LOST)


def _tasks_of(params: Callable[[Asked], Params | None]) -> Way:
    return Way("servicing:follow_ups", _follow_ups, params)


def _cases(params: Callable[[Asked], Params | None]) -> Way:
    return Way("complaints:inbox", _complaints, params)


# The rows of a figure; of a share those that count. What is not here has no list of its own: its figure page shows the
# parts it adds up from.
WAYS: Mapping[str, Way] = {
    "deposits": Way("customers:list", _customers, _holdings, "total"),
    "customers": Way("customers:list", _customers, _holdings),
    "adb_before": _bars(BridgePart.OPENING),
    **{f"adb_{part}": _bars(part) for part in BridgePart if part not in (BridgePart.OPENING, BridgePart.CLOSING)},
    "churn": _losses(),
    **{f"churn_{loss}": _losses(loss) for loss in Loss},
    "moved_up": Way("tiers:movers", _moves, _moved(tiers.UP)),
    "moved_down": Way("tiers:movers", _moves, _moved(tiers.DOWN)),
    "maturing": Way("insights:maturities", _maturities, _maturing, "balance__value", MATURITIES),
    "contacts": Way("servicing:contacts", _contacts, _spoken),
    "follow_ups": _tasks_of(_due(state="done")),
    "overdue": _tasks_of(_still_open),
    "calls": _tasks_of(_due(state="done", kind="campaign")),
    "complaints": _cases(_received),
    "complaints_open": _cases(_undecided()),
    "complaints_late": _cases(_undecided(law="overdue")),
    "warnings": Way("insights:warnings", lambda request: warnings_of(request.user), _warned, page=WARNINGS),
}
# The average of the running month has a list that sorts and narrows by tier; of one that is over, the bridge has it.
RUNNING = Way("insights:averages", _averages, _of_one_tier, "adb", AVERAGES)
OVER = _bars(BridgePart.CLOSING)
# What a share is out of, and what of that does not count.
BASES: Mapping[str, Way] = {
    "follow_ups": _tasks_of(_due(state="all")),
    "calls": _tasks_of(_due(state="all", kind="campaign")),
}
OTHERS: Mapping[str, Way] = {"in_rhythm": Way("insights:rhythm", _late, _of_one_tier, page=RHYTHM)}


def way_of(asked: Asked) -> Way | None:
    """The list of a measure's rows."""
    if asked.place.code == "adb":
        return RUNNING if asked.is_latest else OVER
    return WAYS.get(asked.place.code)
