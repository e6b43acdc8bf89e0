"""The lists of templates, offers and the library: filters and columns."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from campaigns.enums import ContentState, OfferKind, Subject
from campaigns.models import Article, Offer, Template
from campaigns.queries.articles import to_review
from core.clock import today
from core.pages import Cell, Column, ListFilter, ListPage
from core.wording import listed
from customers.enums import ConsentChannel
from tiers.queries.display import bands_for_display, tier_name

TONES = {
    ContentState.DRAFT: "neutral",
    ContentState.SUBMITTED: "warn",
    ContentState.APPROVED: "good",
    ContentState.RETIRED: "neutral",
}
Content = Template | Offer | Article


def state_cell(row: Content) -> Cell:
    """How a version stands, as a badge; out of date where its days are over."""
    last = None if isinstance(row, Template) else row.ends_on if isinstance(row, Offer) else row.expires_on
    if row.state == ContentState.APPROVED and last is not None and last < today():
        return Cell(_t("Out of date"), "badge", tone="bad")
    return Cell(row.get_state_display(), "badge", tone=TONES[ContentState(row.state)])


def content_url(row: Content) -> str:
    """The page of a version."""
    return row.get_absolute_url()


def tier_names(ranks: list[int]) -> str:
    """Tiers in words; without any, everybody."""
    bands = bands_for_display(today())
    return listed(tier_name(rank, bands) for rank in ranks) if ranks else _t("everybody")


class TemplateFilter(ListFilter):
    """Templates by how they stand, and channel."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=ContentState.choices, empty_label=_("All"))
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=ConsentChannel.choices, empty_label=_("All"))

    class Meta:
        model = Template
        fields: list[str] = []


class OfferFilter(ListFilter):
    """Offers by how they stand, and kind."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=ContentState.choices, empty_label=_("All"))
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=OfferKind.choices, empty_label=_("All"))

    class Meta:
        model = Offer
        fields: list[str] = []


class ArticleFilter(ListFilter):
    """Pieces by how they stand, what they are about, and whether somebody has to look at them."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=ContentState.choices, empty_label=_("All"))
    subject = django_filters.ChoiceFilter(label=_("About"), choices=Subject.choices, empty_label=_("All"))
    review = django_filters.ChoiceFilter(
        label=_("Review"), choices=[("due", _("Due within two weeks"))], method="due", empty_label=_("All")
    )

    class Meta:
        model = Article
        fields: list[str] = []

    def due(self, rows: QuerySet[Article], name: str, value: str) -> QuerySet[Article]:
        """Pieces in use that are to be looked at, or run out."""
        return rows.filter(to_review(today()))


def _named(text: str, row: Any) -> Cell:
    return Cell(text, "main", content_url(row), hint=pgettext("content", "Version %(n)s") % {"n": row.version})


def _offer(row: Offer) -> Cell:
    return Cell(row.name, "main", content_url(row))


def _who(row: Content) -> str:
    return row.approved_by.name if row.approved_by else ""


TEMPLATES = ListPage(
    columns=(
        Column(
            "name", pgettext_lazy("thing", "Name"), lambda row: _named(row.name, row), sort=("name", "pk"), stays=True
        ),
        Column("state", _("State"), state_cell),
        Column("channel", _("Channel"), lambda row: row.get_channel_display()),
        Column("body", _("Words"), kind="wrap"),
        Column("created_by", _("Drawn up by"), "created_by__name"),
        Column("approved_by", _("Approved by"), _who),
    ),
    default_order=("-pk",),
    filterset=TemplateFilter,
    caption=_("Templates"),
    noun=_("templates"),
    row_url=content_url,
    empty_title=_("No template yet"),
    empty_text=_("A template holds the words of a message, approved by a second person."),
)
OFFERS = ListPage(
    columns=(
        Column(
            "name",
            pgettext_lazy("thing", "Name"),
            lambda row: Cell(row.name, "main", content_url(row)),
            sort=("name", "pk"),
            stays=True,
        ),
        Column("state", _("State"), state_cell),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("least", _("Smallest amount"), kind="money"),
        Column("starts_on", _("From"), kind="date"),
        Column("ends_on", _("Until"), kind="date", sort=("ends_on", "pk")),
        Column("created_by", _("Drawn up by"), "created_by__name"),
        Column("approved_by", _("Approved by"), _who),
    ),
    default_order=("-pk",),
    filterset=OfferFilter,
    caption=_("Offers"),
    noun=_("offers"),
    row_url=content_url,
    empty_title=_("No offer yet"),
    empty_text=_("An offer puts products together for the customers it suits."),
)
ARTICLES = ListPage(
    columns=(
        Column("title", _("Title"), lambda row: _named(row.title, row), sort=("title", "pk"), stays=True),
        Column("state", _("State"), state_cell),
        Column("subject", _("About"), lambda row: row.get_subject_display()),
        Column("tiers", _("For tiers"), lambda row: tier_names(row.tiers)),
        Column("expires_on", _("Valid until"), kind="date", sort=("expires_on", "pk")),
        Column("review_on", _("Next review on"), kind="date", sort=("review_on", "pk")),
        Column("used", _("Times given"), kind="num"),
        Column("approved_by", pgettext_lazy("content", "Reviewer"), _who),
    ),
    default_order=("-pk",),
    filterset=ArticleFilter,
    caption=_("Library"),
    noun=_("pieces"),
    row_url=content_url,
    empty_title=_("The library is empty"),
    empty_text=_("Pieces for customers about rates, interest, deposit insurance and fraud, each with its reviewer."),
)
