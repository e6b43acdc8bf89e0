"""Who of the quarter's opening is lost, by tier, by way and by cause, and the customers behind it (K04)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.pages import BadQuery
from core.sql import any_of
from customers.models import CustomerPosition
from customers.queries import ledger_day
from insights.enums import Loss, LossCause, UnitKind
from insights.filters.churn import LOST
from insights.forms.units import NOBODY, UnitForm
from insights.queries.attached import amount_of, number_of, text_of
from insights.queries.bridge import Unit
from insights.queries.churn import Churn, Held, by_tier, causes_of, held_of, kept_by_tier, kept_by_unit, opening_of
from insights.queries.definitions import Defined, definition_of, definitions_on
from insights.queries.units import Part, parts_of
from insights.views.bridge_asked import KINDS
from insights.views.links import link
from insights.views.numbers import Number
from servicing.queries.contacts import units_of
from staff.access import BOOK_KEEPERS, HEADS, has_role, roles
from staff.models import Branch, User
from tiers.queries import bands_for_display, tier_name

READERS = (*BOOK_KEEPERS, *HEADS)
UNITS = "#units"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose churn as of which day; `unit` None = from the figures of the night."""

    viewer: User
    kind: UnitKind
    key: int
    name: str
    unit: Unit | None
    branch: Branch | None
    params: Mapping[str, str]
    day: date


@dataclass(frozen=True, slots=True)
class Row:
    """A tier or a unit: its base, who of it is lost and what share that is, and by what way."""

    name: str
    rank: int | None
    url: str
    base: str
    lost: Number
    share: str
    ways: Sequence[Number]


@dataclass(frozen=True, slots=True)
class Board:
    """Churn as it is shown; `causes` only where customers are known one by one."""

    asked: Asked
    defined: Defined
    opening: date
    tiers: Sequence[Row]
    units: Sequence[Row]
    causes: Sequence[tuple[str, Number]]
    total: Row

    @property
    def ways(self) -> list[str]:
        """Heads of the ways of loss."""
        return [str(way.label) for way in Loss]

    @property
    def numbers(self) -> Iterable[Number]:
        """All numbers that lead to rows."""
        for row in (self.total, *self.tiers, *self.units):
            yield from (row.lost, *row.ways)
        yield from (number for _name, number in self.causes)


@roles(*READERS)
@require_GET
def churn(request: HttpRequest) -> HttpResponse:
    """A unit to choose and its churn of the running quarter."""
    form = _form(request)
    asked = _asked(form, request.user)
    board = board_of(asked) if asked else None
    context = {"page_title": _("Churn"), "page_subtitle": said(asked), "form": form, "asked": asked, "board": board}
    return render(request, "insights/churn.html", context)


@roles(*READERS)
@require_GET
def churn_widget(request: HttpRequest) -> HttpResponse:
    """The churn of the running quarter by tier, for a board; `unit` for another than the person's own."""
    asked = _asked(_form(request), request.user)
    context = {"board": board_of(asked) if asked else None}
    context["url"] = link("insights:churn", **asked.params) if asked else link("insights:churn")
    return render(request, "insights/_churn_widget.html", context)


@roles(*READERS)
@require_GET
def churned(request: HttpRequest) -> HttpResponse:
    """The lost customers, those who held most first."""
    asked, rows = lost_of(request)
    context = {
        "listing": LOST.show(request, rows, amounts=True),
        "export": "insights:churned_export",
        "page_title": _("Lost customers"),
        "page_subtitle": said(asked),
        "needs_branch": asked is not None and asked.unit is None,
        "back": link("insights:churn", **asked.params) if asked else link("insights:churn"),
        "back_label": _("Churn"),
    }
    return render(request, "insights/truth_rows.html", context)


def lost_of(request: HttpRequest) -> tuple[Asked | None, QuerySet[CustomerPosition]]:
    """Whose churn an address asks for, and the lost customers. Raises BadQuery."""
    asked = _asked(_form(request), request.user)
    if asked is None and ledger_day() is not None:
        raise BadQuery()
    return asked, _lost(asked, asked.unit) if asked and asked.unit else _nobody(request.user)


def _form(request: HttpRequest) -> UnitForm:
    given = {name: request.GET[name] for name in ("unit", "manager") if request.GET.get(name)}
    return UnitForm({"unit": request.user.branch.code, **given}, user=request.user)


def _asked(form: UnitForm, viewer: User) -> Asked | None:
    """What a valid form asks for; None when it is not valid or nothing was fed yet."""
    day = ledger_day()
    if day is None or not form.is_valid():
        return None
    if has_role(viewer, *BOOK_KEEPERS):
        own = Unit(manager_ids=frozenset({viewer.pk}))
        return Asked(viewer, UnitKind.PERSON, viewer.pk, viewer.name, own, None, {}, day)
    branch, manager = form.cleaned_data["unit"], form.cleaned_data.get("manager")
    params = {"unit": branch.code}
    if manager:
        person = None if manager == NOBODY else manager
        unit = Unit(frozenset({branch.pk}), frozenset({person.pk if person else None}))
        name, number = (person.name, person.staff_no) if person else (_("Without a manager"), NOBODY)
        return Asked(viewer, UnitKind.PERSON, 0, name, unit, branch, {**params, "manager": number}, day)
    kind = KINDS.get(branch.kind, UnitKind.BRANCH)
    found = Unit(frozenset({branch.pk})) if kind == UnitKind.BRANCH else None
    return Asked(viewer, kind, branch.pk, branch.name, found, branch, params, day)


def said(asked: Asked | None) -> str:
    """Whose churn it is and of which days, in words."""
    if asked is None:
        return ""
    words = {"name": asked.name, "month": f"{opening_of(asked.day):%Y-%m}", "day": asked.day}
    return _("%(name)s · customers of the close of %(month)s, lost by %(day)s") % words


def _nobody(viewer: User) -> QuerySet[CustomerPosition]:
    return _annotated(CustomerPosition.objects.visible_to(viewer).none(), {}, {})


def _lost(asked: Asked, unit: Unit) -> QuerySet[CustomerPosition]:
    """Positions in sight of lost customers, with tier_then, opening, closing (yuan), way and cause."""
    found = {one.customer_id: one for one in _held(asked, unit) if one.way}
    rows = CustomerPosition.objects.visible_to(asked.viewer).filter(any_of("customer_id", found))
    return _annotated(rows, found, causes_of(found, asked.day))


def _annotated(
    rows: QuerySet[CustomerPosition], found: Mapping[int, Held], causes: Mapping[int, LossCause]
) -> QuerySet[CustomerPosition]:
    return rows.select_related("customer", "manager").annotate(
        tier_then=number_of({key: one.tier for key, one in found.items()}),
        opening=amount_of({key: one.opening for key, one in found.items()}),
        closing=amount_of({key: one.adb for key, one in found.items()}),
        way=text_of({key: one.way or "" for key, one in found.items()}),
        cause=text_of({key: cause.value for key, cause in causes.items()}),
    )


def _held(asked: Asked, unit: Unit) -> list[Held]:
    return held_of(unit, asked.day, definitions_on(asked.day))


def board_of(asked: Asked) -> Board | None:
    """The churn that was asked for; None where no quarter's opening was closed, or the night kept no figures."""
    held = _held(asked, asked.unit) if asked.unit else []
    found = by_tier(held) if asked.unit else kept_by_tier(asked.viewer, asked.kind, asked.key, asked.day)
    if not found:
        return None
    bands = bands_for_display(asked.day)
    rows = [_row(asked, tier_name(one.tier, bands), one, rank=one.tier) for one in found]
    ways = Counter[Loss]()
    for one in found:
        ways.update(one.ways)
    total = _row(asked, _("All"), Churn(0, sum(one.base for one in found), ways))
    defined = definition_of("churn", asked.day)
    return Board(asked, defined, opening_of(asked.day), rows, _units(asked), _causes(asked, held), total)


def _row(asked: Asked, name: str, one: Churn, *, rank: int | None = None, url: str = "", unit: str = "") -> Row:
    def number(value: int, way: str = "") -> Number:
        if not value:
            return Number(value, "")
        if unit:
            return Number(value, unit)
        if asked.unit is None:
            return Number(value, "" if rank is not None else UNITS)
        return Number(value, link("insights:churned", **asked.params, tier=rank, way=way))

    share = "–" if one.share is None else f"{one.share:.1f}%"
    ways = [number(one.ways.get(way, 0), way) for way in Loss]
    return Row(name, rank, url, f"{one.base:,}", number(one.lost), share, ways)


def _causes(asked: Asked, held: Sequence[Held]) -> list[tuple[str, Number]]:
    lost = [one.customer_id for one in held if one.way]
    count = Counter(causes_of(lost, asked.day).values()) if lost else Counter[LossCause]()
    url = {cause: link("insights:churned", **asked.params, cause=cause) for cause in LossCause}
    return [(str(cause.label), Number(count[cause], url[cause])) for cause in LossCause if count[cause]]


def _units(asked: Asked) -> list[Row]:
    """What lies right under the bank or a region, the largest share first."""
    if asked.unit is not None or asked.branch is None:
        return []
    below = parts_of(asked.branch, units_of(asked.viewer))
    kept = {
        (kind, key): one
        for kind in (UnitKind.REGION, UnitKind.BRANCH)
        for key, one in kept_by_unit(
            asked.viewer, kind, [part.unit.pk for part in below if part.kind == kind], asked.day
        ).items()
    }
    found = [(part, kept[part.kind, part.unit.pk]) for part in below if (part.kind, part.unit.pk) in kept]
    found.sort(key=lambda pair: (-(pair[1].share or 0), pair[0].unit.code))
    return [_unit_row(asked, part, one) for part, one in found]


def _unit_row(asked: Asked, part: Part, one: Churn) -> Row:
    url = "" if part.is_own else link("insights:churn", unit=part.unit.code)
    is_region = part.kind == UnitKind.REGION
    return _row(
        asked,
        part.unit.name,
        one,
        url=url,
        unit=url + UNITS if is_region else link("insights:churned", unit=part.unit.code),
    )
