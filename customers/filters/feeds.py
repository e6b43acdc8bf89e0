"""The list of feed files, once for page and API."""

import django_filters
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from core.forms import DAY
from core.pages import Cell, Column, ListFilter, ListPage
from customers.enums import FeedKind, FeedStatus
from customers.models import Feed


class FeedFilter(ListFilter):
    """Filters of feed files."""

    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=FeedKind.choices, empty_label=_("All"))
    status = django_filters.ChoiceFilter(label=_("Status"), choices=FeedStatus.choices, empty_label=_("All"))
    business_date = django_filters.DateFilter(label=_("Business date"), widget=DAY)

    class Meta:
        model = Feed
        fields: list[str] = []


FEED_TONES = {
    FeedStatus.WAITING: "info",
    FeedStatus.DRY_RUN: "warn",
    FeedStatus.COMMITTED: "good",
    FeedStatus.ALREADY_IMPORTED: "",
    FeedStatus.REFUSED: "bad",
    FeedStatus.FAILED: "bad",
}


def feed_address(feed: Feed) -> str:
    """The page of a feed file."""
    return reverse("customers:feed", args=[feed.pk])


def _file(row: Feed) -> Cell:
    when = f"{localtime(row.created_at):%Y-%m-%d %H:%M}"
    return Cell(row.file_name, "main", feed_address(row), hint=when)


FEEDS = ListPage(
    columns=(
        Column("file", _("File"), _file),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("business_date", _("Business date"), kind="date", sort=("business_date", "pk")),
        Column(
            "status",
            _("Status"),
            lambda row: Cell(row.get_status_display(), "badge", tone=FEED_TONES[FeedStatus(row.status)]),
        ),
        Column("rows", _("Rows"), kind="num"),
        Column("accepted", _("Accepted"), kind="num"),
        Column("rejected", _("Rejected rows"), kind="num"),
        Column("total", _("Total"), kind="money"),
        Column("seconds", _("Seconds"), lambda row: f"{row.seconds:.1f}", kind="num"),
        Column("actor_no", _("By")),
    ),
    default_order=("-pk",),
    filterset=FeedFilter,
    caption=_("Feed files"),
    noun=_("files"),
    row_url=feed_address,
    empty_title=_("No feed file yet"),
    empty_text=_("Upload the first one, or let the core system drop files into the inbox for the night."),
)
