"""The calls of a campaign as a list: filters and columns."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.enums import CallResult
from campaigns.models import Outreach
from campaigns.queries.calls import TO_DO, late_on
from campaigns.queries.scores import Explained
from core.clock import today
from core.pages import Cell, Column, ListFilter, ListPage, ListRow
from core.pages.choices import LoadedChoiceFilter
from servicing.queries.follow_ups import colleagues
from staff.models import User
from tiers.queries import bands_for_display, tier_name

TONES = {
    CallResult.AGREED: "good",
    CallResult.CALL_BACK: "info",
    CallResult.REACHED: "info",
    CallResult.OPEN: "neutral",
    CallResult.TRIED: "warn",
    CallResult.WAITING: "warn",
    CallResult.OPTED_OUT: "bad",
}

LIKELY = _("Likely to agree")
STANDS = [("todo", _("To do")), ("late", _("Overdue")), *CallResult.choices]


def _people(request: Any) -> QuerySet[User]:
    if not request:
        return User.objects.none()
    return colleagues(request.user, "", request.GET.get("owner", ""))


class CallFilter(ListFilter):
    """By how the call stands and who makes it."""

    result = django_filters.ChoiceFilter(label=_("Result"), choices=STANDS, method="stands", empty_label=_("All"))
    owner = LoadedChoiceFilter(
        label=_("Caller"),
        method="called_by",
        queryset=_people,
        to_field_name="staff_no",
        empty_label=_("All"),
    )

    class Meta:
        model = Outreach
        fields: list[str] = []

    def called_by(self, rows: QuerySet[Any], name: str, person: User) -> QuerySet[Any]:
        return rows.filter(caller=person.pk)

    def stands(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "todo":
            return rows.filter(result__in=TO_DO)
        if value == "late":
            return rows.filter(late_on(today()))
        return rows.filter(result=value)


def call_url(row: Outreach) -> str:
    """The follow-up of the call, where there is one; else the customer."""
    if row.follow_up_id is None:
        return row.customer.get_absolute_url()
    return reverse("servicing:follow_up", args=[row.follow_up_id])


def tier_cells() -> Callable[[Any], Cell]:
    """Badges of the tiers of a page's rows, each with a `customer`."""
    bands = bands_for_display(today())

    def cell(row: Any) -> Cell:
        rank = row.customer.position.tier
        return Cell(tier_name(rank, bands), "tier", rank=rank)

    return cell


def result_cell(row: Any) -> Cell:
    """How the call stands, as a badge; of one nobody has, why."""
    result = CallResult(row.result)
    hint = str(row.get_reason_display()) if result == CallResult.WAITING and row.reason else ""
    return Cell(result.label, "badge", tone=TONES.get(result, "neutral"), hint=hint)


def _due(row: Any) -> Cell:
    return Cell(row.due if row.due != date.max else "", "date")


def _caller(row: Outreach) -> str:
    person = row.follow_up.owner if row.follow_up else row.owner
    return person.name if person else ""


def _score(row: Outreach) -> Cell:
    return Cell("" if row.score is None else f"{row.score:.0%}", "wrap")


def explain_scores(rows: Iterable[ListRow], explained: Mapping[int, Explained]) -> None:
    """Say under each score what speaks for a call and what against it; `explained` by customer id."""
    for row in rows:
        found = explained.get(row.object.customer_id)
        if found is None:
            continue
        words = [f"+ {reason.words}" for reason in found.pros] + [f"− {reason.words}" for reason in found.cons]
        hint = "; ".join(words)
        row.cells[:] = [replace(cell, hint=hint) if cell.label == LIKELY else cell for cell in row.cells]


def _tone(row: Any) -> str:
    follow_up = row.follow_up
    return "bad" if follow_up and row.result in TO_DO and follow_up.due_on < today() else ""


CALLS = ListPage(
    columns=(
        Column(
            "customer",
            _("Customer"),
            lambda row: Cell(row.customer.name, "main", call_url(row), hint=row.customer.customer_no),
            stays=True,
        ),
        Column("tier", _("Tier"), per_page=tier_cells),
        Column("result", _("Result"), result_cell),
        Column("due", _("Day of the call"), _due, sort=("due", "pk")),
        Column("owner", _("Caller"), _caller),
        Column("score", LIKELY, _score, kind="wrap"),
        Column("branch", _("Branch"), "customer__branch__name"),
    ),
    default_order=("due", "pk"),
    filterset=CallFilter,
    caption=_("Calls"),
    noun=_("calls"),
    row_url=call_url,
    row_tone=_tone,
    empty_title=_("No calls"),
    empty_text=_("Calls are given to managers when the campaign is launched."),
)
