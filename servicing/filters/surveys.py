"""The lists of survey waves and of a wave's answers: filters and columns."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from core.wording import listed
from servicing.enums import SurveyChannel, WaveState
from servicing.models import SurveyAnswer, Wave
from servicing.queries.contacts import units_of
from servicing.rules.surveys import DETRACTOR, PROMOTER
from staff.models import Branch

TONES = {WaveState.DRAFT: "neutral", WaveState.RUNNING: "good", WaveState.CLOSED: "info"}
BANDS = [("low", _("0 to 6")), ("middle", _("7 and 8")), ("high", _("9 and 10"))]


class WaveFilter(ListFilter):
    """Waves by how they stand."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=WaveState.choices, empty_label=_("All"))

    class Meta:
        model = Wave
        fields: list[str] = []


def wave_url(row: Wave) -> str:
    """The page of a wave."""
    return reverse("servicing:survey", args=[row.pk])


def state_cell(row: Wave) -> Cell:
    """How a wave stands, as a badge."""
    return Cell(row.get_state_display(), "badge", tone=TONES[WaveState(row.state)])


def channel_names(row: Wave) -> str:
    """The channels of a wave in words."""
    return listed(SurveyChannel(channel).label for channel in row.channels)


WAVES = ListPage(
    columns=(
        Column("name", _("Survey"), lambda row: Cell(row.name, "main", wave_url(row)), sort="name"),
        Column("branch", _("Unit"), "branch__name"),
        Column("state", _("State"), state_cell),
        Column("starts_on", _("Contacts from"), kind="date", sort=("starts_on", "pk")),
        Column("ends_on", _("Contacts until"), kind="date"),
        Column("percent", _("Sample, %"), kind="num"),
        Column("channels", _("Channels"), channel_names),
    ),
    default_order=("-pk",),
    filterset=WaveFilter,
    caption=_("Surveys"),
    noun=_("surveys"),
    row_url=wave_url,
    empty_title=_("No survey yet"),
    empty_text=_("A survey asks a sample of the customers you were in contact with how it was."),
)


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


class SurveyAnswerFilter(ListFilter):
    """Answers by score, channel and unit, and whether a word was left."""

    band = django_filters.ChoiceFilter(label=_("Score"), choices=BANDS, method="in_band", empty_label=_("All"))
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=SurveyChannel.choices, empty_label=_("All"))
    unit = LoadedChoiceFilter(
        label=_("Branch"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    words = django_filters.ChoiceFilter(
        label=_("What the customer wrote"),
        choices=[("yes", _("With a comment"))],
        method="commented",
        empty_label=_("All"),
    )

    class Meta:
        model = SurveyAnswer
        fields: list[str] = []

    def in_band(self, rows: QuerySet[SurveyAnswer], name: str, band: str) -> QuerySet[SurveyAnswer]:
        if band == "middle":
            return rows.filter(score__gt=DETRACTOR, score__lt=PROMOTER)
        return rows.filter(score__lte=DETRACTOR) if band == "low" else rows.filter(score__gte=PROMOTER)

    def commented(self, rows: QuerySet[SurveyAnswer], name: str, value: str) -> QuerySet[SurveyAnswer]:
        return rows.exclude(comment="")


def _followed(row: SurveyAnswer) -> Cell:
    if row.feedback is None:
        return Cell("")
    url = reverse("servicing:feedback_item", args=[row.feedback_id])
    return Cell(
        _t("Feedback no. %(number)s") % {"number": row.feedback_id}, url=url, hint=row.feedback.get_state_display()
    )


ANSWERS = ListPage(
    columns=(
        Column("score", _("Score"), lambda row: Cell(row.score, "num"), sort=("score", "pk")),
        Column("comment", _("What the customer wrote"), kind="wrap"),
        Column("followed", _("Looked into"), _followed),
        Column("channel", _("Channel"), lambda row: row.get_channel_display()),
        Column("branch", _("Branch"), "branch__name"),
        Column(
            "answered",
            _("Answered on"),
            lambda row: localtime(row.answered_at).date(),
            kind="date",
            sort=("answered_at", "pk"),
        ),
    ),
    default_order=("-answered_at", "-pk"),
    filterset=SurveyAnswerFilter,
    caption=_("Answers"),
    noun=_("answers"),
    empty_title=_("No answer yet"),
    empty_text=_("Answers appear here as customers give them, without anybody's name."),
)
