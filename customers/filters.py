"""The lists of customers and of feeds: columns, filters and order, once for page and API."""

from copy import copy
from dataclasses import replace
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from core.pages import Cell, Column, ListFilter, ListPage
from customers import queries
from customers.enums import CustomerKind, FeedKind, FeedStatus
from customers.models import Customer, Feed
from customers.models.customers import CustomerQuerySet
from customers.rules.search import read_search
from customers.services import records
from staff.access import BOOK_KEEPERS, Scope, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User

RANKS = range(10)
NOBODY = "none"
PERSONAL = _("Whole identity and telephone numbers are searched in the box on top: they must not stand in an address.")
SEARCH = forms.TextInput(
    {
        "type": "search",
        "autocomplete": "off",
        "spellcheck": "false",
        "placeholder": _("Name, pinyin, phone tail, number"),
    }
)
DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


def _tier_word(rank: int) -> str:
    # What a rank is called is the policy of an upper app: only its template tag knows.
    return render_to_string("customers/tier_name.txt", {"rank": rank}).strip()


tier_word = lazy(_tier_word, str)


def refuse_personal(text: str) -> None:
    """Keep whole identity and telephone numbers out of addresses. Raises ValidationError."""
    if read_search(text).is_personal:
        raise ValidationError(PERSONAL, code="not_in_an_address")


def units_in(scope: Scope) -> QuerySet[Branch]:
    """Units whose customers the scope may hold."""
    units = Branch.objects.order_by("code")
    return units if scope.reach == Reach.BANK else units.filter(pk__in=scope.branch_ids)


def managers_in(scope: Scope) -> QuerySet[User]:
    """People who may own customers the scope may hold."""
    people = User.objects.filter(role__in=[*BOOK_KEEPERS, Role.BRANCH_HEAD]).order_by("name", "pk")
    return people if scope.reach == Reach.BANK else people.filter(branch__in=scope.branch_ids)


def _units(request: HttpRequest | None) -> QuerySet[Branch]:
    return units_in(scope_of(request.user)) if request else Branch.objects.none()


def _managers(request: HttpRequest | None) -> QuerySet[User]:
    return managers_in(scope_of(request.user)) if request else User.objects.none()


class CustomerFilter(ListFilter):
    """Filters of customers. Units and managers are named by their numbers, as everywhere outside."""

    tier = django_filters.TypedMultipleChoiceFilter(
        label=_("Tier"),
        field_name="position__tier",
        coerce=int,
        choices=[(rank, tier_word(rank)) for rank in RANKS],
        widget=forms.CheckboxSelectMultiple,
        distinct=False,
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=CustomerKind.choices, empty_label=_("All"))
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), queryset=_units, to_field_name="code", empty_label=_("All")
    )
    manager = django_filters.ModelChoiceFilter(
        label=_("Manager"),
        queryset=_managers,
        to_field_name="staff_no",
        empty_label=_("All"),
        null_label=_("Without a manager"),
        null_value=NOBODY,
    )

    class Meta:
        model = Customer
        fields: list[str] = []

    def searched(self, rows: CustomerQuerySet, name: str, text: str) -> CustomerQuerySet:
        return queries.search(rows, text)


class CustomerPageFilter(CustomerFilter):
    """With the search text of the page, which its own box sends."""

    q = django_filters.CharFilter(
        label=_("Search"), method="searched", widget=SEARCH, max_length=60, validators=[refuse_personal]
    )
    field_order = ("q", "tier", "kind", "branch", "manager")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form.order_fields(self.field_order)
        fields = self.form.fields
        fields["tier"].widget.choices = [(rank, word) for rank in (*RANKS[1:], 0) if (word := str(tier_word(rank)))]
        # A whole bank has thousands: those of the chosen branch only.
        shown = copy(fields["manager"])  # the copy shares the widget, and puts its own choices there
        shown.queryset = self._managers_shown(fields["manager"].queryset)

    def _managers_shown(self, people: QuerySet[User]) -> QuerySet[User]:
        code = self.data.get("branch")
        if code:
            return people.filter(branch__code=code)
        is_bank = self.request is not None and scope_of(self.request.user).reach == Reach.BANK
        return people.filter(staff_no=self.data.get("manager", "")) if is_bank else people


class CustomerApiFilter(CustomerFilter):
    """With the names the API has for them."""

    search = django_filters.CharFilter(
        label=_("Search"), method="searched", max_length=60, validators=[refuse_personal]
    )
    stage = django_filters.CharFilter(label=_("Life-cycle stage"), method="in_stage", max_length=20)

    def in_stage(self, rows: CustomerQuerySet, name: str, stage: str) -> CustomerQuerySet:
        # No customer has a stage yet, so none is in any.
        return rows.none()


def _name(row: Customer) -> Cell:
    return Cell(row.name, "main", row.get_absolute_url(), hint=row.customer_no)


def _tier(row: Any) -> Cell:
    return Cell(_tier_word(row.tier), "tier", rank=row.tier)


CUSTOMERS = ListPage(
    columns=(
        Column("name", _("Customer"), _name, sort="name_pinyin"),
        Column("tier", _("Tier"), _tier),
        Column("balance", _("Balance"), kind="wan", sort="balance", amounts=True),
        Column("adb_month", _("Average this month"), kind="wan", sort="adb_month", amounts=True),
        Column("next_maturity", _("Next maturity"), "next_maturity_on", kind="date"),
        Column("manager", _("Manager"), "manager__name"),
        Column("branch", _("Branch"), "branch__name"),
        Column("last_contact", _("Last contact"), "last_contact_on", kind="date"),
        Column("phone", _("Phone"), lambda row: records.masked(row, "phone")),
    ),
    default_order=("name_pinyin",),
    filterset=CustomerPageFilter,
    caption=_("Customers"),
    noun=_("customers"),
    row_url=Customer.get_absolute_url,
    empty_title=_("No customer matches"),
    empty_text=_(
        "Take a filter away, or search by the last four digits of the phone. Only customers you may see are searched."
    ),
)
API_CUSTOMERS = replace(CUSTOMERS, filterset=CustomerApiFilter)


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
