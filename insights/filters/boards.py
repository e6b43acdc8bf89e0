"""The lists behind the boards' numbers: moved deposits, maturities, customers without contact."""

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY
from core.pages import Cell, Column, ListFilter, ListPage
from customers.models import Account, CustomerPosition
from insights.enums import Direction
from servicing.queries.contacts import units_of
from staff.models import Branch
from tiers.queries import bands_for_display, tier_name

NOBODY = "none"
MOVED = {
    Direction.UP: Q(difference__gt=0),
    Direction.DOWN: Q(difference__lt=0),
    Direction.GAINED: Q(before__lte=0, total__gt=0),
    Direction.EMPTIED: Q(before__gt=0, total__lte=0),
}


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


class MoveFilter(ListFilter):
    """`since` is read by the view: the rows are annotated for that day before they are filtered."""

    since = django_filters.DateFilter(label=_("Since the close of"), method="as_given", widget=DAY)
    direction = django_filters.ChoiceFilter(
        label=_("Direction"), choices=Direction.choices, empty_label=_("All"), method="by_direction"
    )
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), queryset=_units, to_field_name="code", empty_label=_("All")
    )

    class Meta:
        model = CustomerPosition
        fields: list[str] = []

    def as_given(self, rows: QuerySet[CustomerPosition], name: str, value: object) -> QuerySet[CustomerPosition]:
        return rows

    def by_direction(self, rows: QuerySet[CustomerPosition], name: str, value: str) -> QuerySet[CustomerPosition]:
        return rows.filter(MOVED[Direction(value)])


class MaturityFilter(ListFilter):
    """Accounts by the day they mature; both ends included."""

    since = django_filters.DateFilter(label=_("From"), field_name="matures_on", lookup_expr="gte", widget=DAY)
    until = django_filters.DateFilter(label=_("To"), field_name="matures_on", lookup_expr="lte", widget=DAY)
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), field_name="customer__branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    product = django_filters.CharFilter(label=_("Product code"), field_name="product__code", max_length=20)

    class Meta:
        model = Account
        fields: list[str] = []


class SilentFilter(ListFilter):
    """`days` is read by the view."""

    days = django_filters.NumberFilter(label=_("Days without contact"), method="as_given", min_value=1, max_value=3650)
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), queryset=_units, to_field_name="code", empty_label=_("All")
    )

    class Meta:
        model = CustomerPosition
        fields: list[str] = []

    def as_given(self, rows: QuerySet[CustomerPosition], name: str, value: object) -> QuerySet[CustomerPosition]:
        return rows


class BookFilter(ListFilter):
    """Customers by tier, branch and manager ("none" = nobody's)."""

    tier = django_filters.NumberFilter(label=_("Tier"), min_value=0, max_value=9)
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), queryset=_units, to_field_name="code", empty_label=_("All")
    )
    manager = django_filters.CharFilter(label=_("Manager, staff number"), method="of_manager", max_length=20)

    class Meta:
        model = CustomerPosition
        fields: list[str] = []

    def of_manager(self, rows: QuerySet[CustomerPosition], name: str, number: str) -> QuerySet[CustomerPosition]:
        return rows.filter(manager=None) if number == NOBODY else rows.filter(manager__staff_no=number)


def _customer(row: CustomerPosition | Account) -> Cell:
    return Cell(row.customer.name, "main", row.customer.get_absolute_url(), hint=row.customer.customer_no)


MOVES = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer),
        Column("manager", _("Manager"), "manager__name"),
        Column("before", _("Before"), kind="money", sort="before", amounts=True),
        Column("after", _("Now"), "total", kind="money", sort="total", amounts=True),
        Column("difference", _("Movement"), kind="change", sort="difference", amounts=True),
    ),
    default_order=("-size",),
    filterset=MoveFilter,
    caption=_("Moved deposits"),
    noun=_("customers"),
    row_url=lambda row: row.customer.get_absolute_url(),
    empty_title=_("Nothing moved"),
    empty_text=_("No customer's deposits differ from that day's close."),
)

MATURITIES = ListPage(
    columns=(
        Column("matures_on", _("Matures on"), kind="date", sort="due"),
        Column("customer", _("Customer"), _customer),
        Column("product", _("Product"), "product__name"),
        Column("rate", _("Rate, % a year"), kind="num"),
        Column("value", _("Amount, yuan"), "balance__value", kind="money", sort="balance__value", amounts=True),
        Column("rollover", _("Renews automatically"), lambda row: {True: _("Yes"), False: _("No")}.get(row.rollover)),
    ),
    default_order=("due",),
    filterset=MaturityFilter,
    caption=_("Maturities"),
    noun=_("deposits"),
    row_url=lambda row: row.customer.get_absolute_url(),
    empty_title=_("Nothing matures"),
    empty_text=_("No deposit in sight matures in these days."),
)

SILENT = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer),
        Column("manager", _("Manager"), "manager__name"),
        Column("total", _("Deposits, yuan"), kind="money", sort="total", amounts=True),
        Column("last_contact_on", _("Last contact"), kind="date", sort="last_contact_on"),
    ),
    default_order=("-total",),
    filterset=SilentFilter,
    caption=_("Customers without contact"),
    noun=_("customers"),
    row_url=lambda row: row.customer.get_absolute_url(),
    empty_title=_("Everybody was spoken to"),
    empty_text=_("No customer with deposits has been without contact for so long."),
)


def _tier() -> Callable[[CustomerPosition], Cell]:
    bands = bands_for_display(today())
    return lambda row: Cell(tier_name(row.tier, bands), "tier", rank=row.tier)


RHYTHM = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer),
        Column("tier", _("Tier"), per_page=_tier, sort=("tier", "pk")),
        Column("manager", _("Manager"), "manager__name"),
        Column("total", _("Deposits, yuan"), kind="money", sort="total", amounts=True),
        Column("counted", _("Counted from"), "counted", kind="date", sort=("counted", "pk")),
        Column("last_contact_on", _("Last contact"), kind="date"),
    ),
    default_order=("-tier", "counted", "pk"),
    filterset=BookFilter,
    caption=_("Contact overdue"),
    noun=_("customers"),
    row_url=lambda row: row.customer.get_absolute_url(),
    empty_title=_("Every rhythm is kept"),
    empty_text=_("Nobody's last contact is longer ago than the rhythm of the tier allows."),
)

AVERAGES = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer),
        Column("tier", _("Tier"), per_page=_tier, sort=("tier", "pk")),
        Column("manager", _("Manager"), "manager__name"),
        Column("total", _("Deposits, yuan"), kind="money", sort="total", amounts=True),
        Column("adb", _("Average this month"), kind="money", sort="adb", amounts=True),
    ),
    default_order=("-adb",),
    filterset=BookFilter,
    caption=_("Average this month"),
    noun=_("customers"),
    row_url=lambda row: row.customer.get_absolute_url(),
    empty_title=_("No customers"),
    empty_text=_("Averages are those of customers in sight."),
)
