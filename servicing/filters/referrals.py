"""The lists of referrals and of fraud prompts: columns, filters and order."""

from datetime import date, timedelta
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.forms import DAY, choose_from
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from servicing.enums import FraudOutcome, ReferralState
from servicing.models import FraudCheck, Referral
from servicing.queries.choices import known, word_for
from servicing.queries.contacts import colleagues_of, midnight, units_of
from staff.models import Branch, User
from staff.queries import people_offered

TONES = {
    ReferralState.WAITING: "warn",
    ReferralState.ACCEPTED: "info",
    ReferralState.DECLINED: "neutral",
    ReferralState.SUCCEEDED: "good",
    ReferralState.FAILED: "neutral",
}
FRAUD_TONES = {FraudOutcome.POLICE: "bad", FraudOutcome.PERSUADED: "good", FraudOutcome.INSISTED: "warn"}


def _colleagues(request: Any) -> QuerySet[User]:
    return colleagues_of(request.user) if request else User.objects.none()


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


class DaysFilter(ListFilter):
    """Days are Shanghai's, both ends included; `moment` is the column they are looked for in."""

    moment = ""
    since = django_filters.DateFilter(label=_("From"), method="from_day", widget=DAY)
    until = django_filters.DateFilter(label=_("To"), method="to_day", widget=DAY)

    def from_day(self, rows: QuerySet[Any], name: str, day: date) -> QuerySet[Any]:
        return rows.filter(**{f"{self.moment}__gte": midnight(day)})

    def to_day(self, rows: QuerySet[Any], name: str, day: date) -> QuerySet[Any]:
        return rows.filter(**{f"{self.moment}__lt": midnight(day + timedelta(days=1))})


class ReferralFilter(DaysFilter):
    """Referrals by state, topic, colleague and the day they were made on."""

    moment = "made_at"

    state = django_filters.ChoiceFilter(label=_("State"), choices=ReferralState.choices, empty_label=_("All"))
    topic = django_filters.ChoiceFilter(label=_("Topic"), choices=lambda: known("topics"), empty_label=_("All"))
    sender = LoadedChoiceFilter(
        label=_("Sent by"),
        field_name="from_user",
        queryset=_colleagues,
        to_field_name="staff_no",
        empty_label=_("All"),
    )

    class Meta:
        model = Referral
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self.form, topic=known("topics"))
        if self.request is not None:
            sender: Any = self.form.fields["sender"]
            people = people_offered(sender.queryset, self.request.user, "", self.data.get("sender") or "")
            sender.offer(people)


def referral_url(row: Referral) -> str:
    """The page of a referral."""
    return reverse("servicing:referral", args=[row.pk])


def waited(span: timedelta) -> str:
    """A span of time as people say it: minutes, hours or days."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}


def _customer(row: Referral) -> Cell:
    if not row.in_sight:  # type: ignore[attr-defined]  # annotated by queries.referrals
        return Cell(_t("Named once it is taken"), "main", referral_url(row))
    return Cell(row.customer.name, "main", referral_url(row), hint=row.customer.customer_no)


def _first(row: Referral) -> str:
    return waited(row.first_contact_at - row.made_at) if row.first_contact_at else ""


def state_cell(row: Referral) -> Cell:
    """How a referral stands, as a badge."""
    return Cell(row.get_state_display(), "badge", tone=TONES[ReferralState(row.state)])


REFERRALS = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer, stays=True),
        Column("state", _("State"), state_cell),
        Column("topic", _("Topic"), lambda row: word_for("topics", row.topic)),
        Column("from_user", _("Sent by"), "from_user__name"),
        Column("to_user", _("Sent to"), lambda row: row.to_user.name if row.to_user else _("nobody yet")),
        Column(
            "made_at",
            _("Made on"),
            lambda row: localtime(row.made_at).strftime("%Y-%m-%d %H:%M"),
            sort=("made_at", "pk"),
        ),
        Column("first", _("First contact after"), _first),
        Column("result", _("What came of it"), "result", kind="wrap"),
    ),
    default_order=("-made_at", "-pk"),
    filterset=ReferralFilter,
    caption=_("Referrals"),
    noun=_("referrals"),
    row_url=referral_url,
    also=frozenset({"box"}),
    empty_title=_("No referrals"),
    empty_text=_("Send a customer on from the counter card or from the customer's page."),
)


class FraudFilter(DaysFilter):
    """Prompts by how they ended, unit and day."""

    moment = "at"
    outcome = django_filters.ChoiceFilter(label=_("How it ended"), choices=FraudOutcome.choices, empty_label=_("All"))
    unit = LoadedChoiceFilter(
        label=_("Branch"),
        field_name="branch",
        queryset=_units,
        to_field_name="code",
        empty_label=_("All"),
    )

    class Meta:
        model = FraudCheck
        fields: list[str] = []


def _fraud_url(row: FraudCheck) -> str:
    return reverse("servicing:fraud_check", args=[row.pk])


FRAUD_CHECKS = ListPage(
    columns=(
        Column("at", _("When"), lambda row: localtime(row.at).strftime("%Y-%m-%d %H:%M"), sort=("at", "pk")),
        Column(
            "customer",
            _("Customer"),
            lambda row: Cell(row.customer.name, "main", _fraud_url(row), hint=row.customer.customer_no),
            stays=True,
        ),
        Column(
            "outcome",
            _("How it ended"),
            lambda row: Cell(row.get_outcome_display(), "badge", tone=FRAUD_TONES.get(row.outcome, "neutral")),
        ),
        Column("signs", _("Warning signs"), "signs"),
        Column("author", _("Colleague"), "author__name"),
        Column("branch", _("Branch"), "branch__name"),
    ),
    default_order=("-at", "-pk"),
    filterset=FraudFilter,
    caption=_("Fraud prompts"),
    noun=_("fraud prompts"),
    row_url=_fraud_url,
    empty_title=_("No fraud prompts"),
    empty_text=_("The counter asks before large cash and transfers to somebody new: one key on the counter card."),
)
