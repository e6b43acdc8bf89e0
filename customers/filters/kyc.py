"""The queue of documents and reviews that fall due."""

from collections.abc import Callable

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.clock import today
from core.pages import Cell, Column, ListFilter, ListPage
from customers.enums import KycKind, KycNotice
from customers.filters.choices import managers_in, units_of
from customers.models import KycItem
from customers.models.kyc import KycItemQuerySet
from customers.queries import kyc as queries
from customers.rules.kyc import due_between
from staff.access import scope_of
from staff.enums import Reach
from staff.models import User


def _managers(request: HttpRequest | None) -> QuerySet[User]:
    """A whole bank has thousands: those of the chosen branch only."""
    if request is None:
        return User.objects.none()
    scope, branch = scope_of(request.user), request.GET.get("branch", "")
    people = managers_in(scope)
    if branch:
        return people.filter(branch__code=branch)
    return people.filter(staff_no=request.GET.get("manager", "")) if scope.reach == Reach.BANK else people


class KycFilter(ListFilter):
    """Filters of the queue. Units and managers are named by their numbers, as everywhere outside."""

    notice = django_filters.ChoiceFilter(
        label=_("Notice"), choices=KycNotice.choices, method="noticed", empty_label=_("All")
    )
    kind = django_filters.ChoiceFilter(label=_("What"), choices=KycKind.choices, empty_label=_("All"))
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), field_name="customer__branch", queryset=units_of, to_field_name="code", empty_label=_("All")
    )
    manager = django_filters.ModelChoiceFilter(
        label=_("Manager"),
        field_name="customer__manager",
        queryset=_managers,
        to_field_name="staff_no",
        empty_label=_("All"),
    )

    class Meta:
        model = KycItem
        fields: list[str] = []

    def noticed(self, rows: KycItemQuerySet, name: str, notice: str) -> KycItemQuerySet:
        return rows.filter(due_on__range=due_between(notice, today(), queries.kyc_policy(today())))


def _customer(row: KycItem) -> Cell:
    return Cell(row.customer.name, "main", item_address(row), hint=row.customer.customer_no)


def _stood() -> Callable[[KycItem], Cell]:
    """The badge of a row, by the rules of today."""
    day = today()
    policy = queries.kyc_policy(day)

    def badge(row: KycItem) -> Cell:
        found = queries.standing_of(row, day, policy)
        return Cell(KycNotice(found.notice).label, "badge", tone=found.tone) if found else Cell("")

    return badge


def _left() -> Callable[[KycItem], Cell]:
    day = today()
    return lambda row: Cell(days_left((row.due_on - day).days))


def days_left(days: int) -> str:
    """How long there is left, or how long it is overdue, in words."""
    if days >= 0:
        return ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}
    return ngettext("%(days)s day overdue", "%(days)s days overdue", -days) % {"days": -days}


def item_address(row: KycItem) -> str:
    """The page on which an item is settled."""
    return reverse("customers:kyc_item", args=[row.pk])


KYC = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer),
        Column("kind", _("What"), lambda row: row.get_kind_display()),
        Column("due_on", _("Due on"), kind="date", sort=("due_on", "pk")),
        Column("left", _("Time left"), per_page=_left),
        Column("notice", _("Notice"), per_page=_stood),
        Column("grade", _("Risk grade"), "customer__risk_grade"),
        Column("branch", _("Branch"), "customer__branch__name"),
        Column("manager", _("Manager"), "customer__manager__name"),
    ),
    default_order=("due_on", "pk"),
    filterset=KycFilter,
    caption=_("Documents and reviews that fall due"),
    noun=_("items"),
    row_url=item_address,
    empty_title=_("Nothing falls due"),
    empty_text=_("Documents and reviews appear here 90 days before their day; the night looks for them."),
)
