"""The list of scheme versions."""

from collections.abc import Callable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.pages import Cell, Column, ListPage
from tiers.enums import SchemeStatus
from tiers.models import Scheme
from tiers.queries.schemes import content_of, measure_words

SCHEME_TONES = {
    SchemeStatus.DRAFT: "neutral",
    SchemeStatus.SUBMITTED: "warn",
    SchemeStatus.APPROVED: "good",
    SchemeStatus.REJECTED: "bad",
}


def _standing() -> Callable[[Scheme], Cell]:
    """Where versions stand today, read once a page."""
    day = today()
    in_force = Scheme.objects.in_force_on(day)

    def badge(row: Scheme) -> Cell:
        if row.status != SchemeStatus.APPROVED:
            return Cell(row.get_status_display(), "badge", tone=SCHEME_TONES[SchemeStatus(row.status)])
        if row == in_force:
            return Cell(_("In force"), "badge", tone="good")
        if row.effective_on > day:
            return Cell(_("From %(day)s") % {"day": row.effective_on.isoformat()}, "badge", tone="info")
        return Cell(_("Replaced"), "badge", tone="neutral")

    return badge


def scheme_url(row: Scheme) -> str:
    """The page of a version."""
    return reverse("tiers:scheme", args=[row.pk])


SCHEMES = ListPage(
    columns=(
        Column("version", _("Version"), lambda row: Cell(str(row), "main", scheme_url(row))),
        Column("status", _("State"), per_page=_standing),
        Column("effective_on", _("Effective from"), kind="date"),
        Column("measure", _("Measure"), lambda row: Cell(measure_words(content_of(row)), "wrap")),
        Column("bands", _("Tiers"), lambda row: len(row.bands.all()), kind="num"),
        Column("note", _("Reason"), kind="wrap"),
        Column("drafted_by", _("Drawn up by"), lambda row: row.drafted_by.name if row.drafted_by else ""),
        Column("approved_by", _("Approved by"), lambda row: row.approved_by.name if row.approved_by else ""),
    ),
    default_order=("-version",),
    caption=_("All versions"),
    noun=_("versions"),
    row_url=scheme_url,
    size=20,
)
