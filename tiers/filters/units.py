"""What several lists of tiers share: choices of unit, manager and tier, and their cells."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.pages import Cell, ListFilter
from core.pages.choices import LoadedChoiceFilter
from customers.models import Customer, CustomerPosition
from staff.models import Branch, User
from staff.queries import people_offered
from tiers.models import TierChange
from tiers.queries import bands_for_display, branches_of, managers_of, tier_name

UNITS = ("branch", "manager")


def branches(request: Any) -> QuerySet[Branch]:
    """Units the reader may choose from."""
    return branches_of(request.user) if request else Branch.objects.none()


def managers(request: Any) -> QuerySet[User]:
    """Owners the reader may choose from."""
    return managers_of(request.user) if request else User.objects.none()


def tiers() -> list[tuple[int, str]]:
    """Tiers as they are called now, highest first."""
    bands = bands_for_display(today())
    return [(band.rank, tier_name(band.rank, bands)) for band in reversed(bands)]


class UnitFilter(ListFilter):
    """A list of customers by branch and manager, as far as the reader may see them."""

    branch = LoadedChoiceFilter(label=_("Branch"), queryset=branches, to_field_name="code", empty_label=_("All"))
    manager = LoadedChoiceFilter(label=_("Manager"), queryset=managers, to_field_name="staff_no", empty_label=_("All"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What a list itself filters by comes first.
        self.form.order_fields([*(name for name in self.form.fields if name not in UNITS), *UNITS])
        fields = self.form.fields
        if self.request is not None:
            given = [self.data.get(name) or "" for name in UNITS]
            people = people_offered(fields["manager"].queryset, self.request.user, *given)
            fields["manager"].offer(people)


def customer_cell(row: TierChange | CustomerPosition) -> Cell:
    """The customer of a row."""
    return Cell(row.customer.name, "main", row.customer.get_absolute_url(), hint=row.customer.customer_no)


def tier_cell(rank: int) -> Cell:
    """A tier as it is called now."""
    return Cell(tier_name(rank, bands_for_display(today())), "tier", rank=rank)


def customer_url(row: TierChange) -> str:
    """The page of a row's customer."""
    return Customer.get_absolute_url(row.customer)
