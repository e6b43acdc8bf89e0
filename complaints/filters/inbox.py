"""The list of complaints: its columns, and the counts on top."""

from collections.abc import Callable, Iterator

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.enums import CaseState, Finding, Grade
from complaints.filters.cases import CaseFilter
from complaints.models import Complaint
from complaints.queries import inbox as queries
from complaints.queries.choices import word_for
from complaints.queries.clocks import Clocks, ClockState, clocks_of
from core.clock import today
from core.pages import BulkAction, Cell, Column, ListPage, Tile, count_tile
from staff.access import HEADS
from staff.enums import Role
from tiers.queries import bands_for_display, tier_name

LEADERS = (*HEADS, Role.COMPLIANCE)
STATE_TONES = {
    CaseState.REGISTERED: "warn",
    CaseState.REOPENED: "warn",
    CaseState.ANSWERED: "good",
    CaseState.CLOSED: "neutral",
    CaseState.WITHDRAWN: "neutral",
}
GRADE_TONES = {Grade.SERIOUS: "warn", Grade.CRITICAL: "bad"}


def case_url(row: Complaint) -> str:
    """The page of a case."""
    return reverse("complaints:detail", args=[row.number])


def state_cell(row: Complaint) -> Cell:
    """Where a case stands, as a badge."""
    return Cell(row.get_state_display(), "badge", tone=STATE_TONES.get(CaseState(row.state), "info"))


def grade_cell(row: Complaint) -> Cell:
    """How serious a case is, as a badge where it is not ordinary."""
    tone = GRADE_TONES.get(Grade(row.grade))
    return Cell(row.get_grade_display(), "badge" if tone else "text", tone=tone or "")


def clock_cell(clock: ClockState | None) -> Cell:
    """Where a clock stands, in words."""
    if clock is None:
        return Cell("")
    loud = clock.tone in {"bad", "warn"} and clock.state in {"running", "missed"}
    return Cell(clock.words, "badge" if loud else "text", tone=clock.tone if loud else "")


def _next_cell(clock: ClockState | None) -> Cell:
    if clock is None:
        return Cell("")
    loud = clock.tone in {"bad", "warn"}
    return Cell(clock.words, "badge" if loud else "text", tone=clock.tone if loud else "", hint=clock.label)


def _clock(pick: Callable[[Clocks], Cell]) -> Callable[[], Callable[[Complaint], Cell]]:
    def per_page() -> Callable[[Complaint], Cell]:
        day = today()
        return lambda row: pick(clocks_of(row, day=day))

    return per_page


def _tier() -> Callable[[Complaint], Cell]:
    bands = bands_for_display(today())
    return lambda row: Cell(tier_name(row.tier, bands) if row.tier else "", "tier", rank=row.tier)


def _customer(row: Complaint) -> Cell:
    if row.customer is None:
        return Cell(row.get_complainant_display())
    return Cell(row.customer.name, hint=row.customer.customer_no)


def _finding(row: Complaint) -> str:
    finding: str | None = getattr(row, "finding", None)
    return str(Finding(finding).label) if finding else ""


def row_tone(row: Complaint) -> str:
    """Red past the statutory deadline, amber when any deadline is today or past."""
    day = today()
    if row.next_due_on is None:
        return ""
    if row.due_on < day:
        return "bad"
    return "warn" if row.next_due_on <= day else ""


INBOX = ListPage(
    columns=(
        Column(
            "case",
            _("Complaint"),
            lambda row: Cell(row.summary, "main", case_url(row), hint=row.number),
            stays=True,
        ),
        Column(
            "next",
            _("Next deadline"),
            per_page=_clock(lambda clocks: _next_cell(clocks.next)),
            sort=("next_due_on", "-pk"),
        ),
        Column(
            "law",
            _("Statutory clock"),
            per_page=_clock(lambda clocks: clock_cell(clocks.statutory)),
            sort=("due_on", "-pk"),
        ),
        Column(
            "internal",
            _("Internal clock"),
            per_page=_clock(lambda clocks: clock_cell(clocks.internal)),
            sort=("internal_due_on", "-pk"),
        ),
        Column("state", _("State"), state_cell),
        Column("grade", _("How serious"), grade_cell, sort=("grade", "-pk")),
        Column("customer", _("Customer"), _customer),
        Column("category", _("Category"), lambda row: word_for("categories", row.category), is_default=False),
        Column("handler", _("Handler"), lambda row: row.handler.name if row.handler else _t("Nobody yet")),
        Column("received", _("Received on"), "received_on", kind="date", sort=("received_on", "pk"), is_default=False),
        Column("tier", _("Tier"), per_page=_tier, is_default=False),
        Column("branch", _("Unit complained of"), "branch__name", is_default=False),
        Column("desk", _("Desk"), "desk__name", is_default=False),
        Column("source", _("Way in"), lambda row: row.get_source_display(), is_default=False),
        Column("source_no", _("Number given by the sender"), is_default=False),
        Column("product", _("Product"), lambda row: word_for("products", row.product), is_default=False),
        Column("cause", _("Root cause"), lambda row: word_for("causes", row.cause), is_default=False),
        Column("finding", pgettext_lazy("complaint", "Finding"), _finding, is_default=False),
        Column("answered", _("Answered on"), "answered_on", kind="date", is_default=False),
        Column("closed", _("Ended on"), "closed_on", kind="date", sort=("closed_on", "pk"), is_default=False),
    ),
    default_order=("next_due_on", "-pk"),
    filterset=CaseFilter,
    caption=_("Complaints"),
    noun=pgettext_lazy("counted", "cases"),
    row_url=case_url,
    row_tone=row_tone,
    list_key="complaints",
    row_key="number",
    row_path="number",
    bulk=(BulkAction(_("Give to a handler"), "complaints:assign_several", "user-check", LEADERS),),
    empty_title=_("No complaints here"),
    empty_text=_("Cases to be decided stand here by their next deadline."),
)


TILES = (
    ("overdue", _("Overdue"), "due=overdue", "bad"),
    ("today", _("Due today"), "due=today", "warn"),
    ("soon", _("Within 3 days"), "due=soon", ""),
    ("law_overdue", _("Past the statutory deadline"), "law=overdue", "bad"),
    ("nobody", _("Without a handler"), "handler=none", "warn"),
)


def tiles(rows: QuerySet[Complaint]) -> Iterator[Tile]:
    """The counts on top of the list, by the list's own conditions, so that each equals the rows behind it."""
    counts = queries.count_waiting(rows, today())
    for name, label, query, tone in TILES:
        count = getattr(counts, name)
        yield count_tile(label, count, f"{reverse('complaints:inbox')}?{query}", tone)
