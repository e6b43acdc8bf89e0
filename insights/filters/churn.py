"""The list of lost customers."""

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.pages import Column, ListFilter, ListPage
from customers.models import CustomerPosition
from insights.enums import Loss, LossCause
from insights.filters.bridge import customer_cell, tier_cells

# Read by the view: whose customers.
ASKED = frozenset({"unit", "manager"})


class LostFilter(ListFilter):
    """By the tier at the quarter's opening, the way of loss and its cause, which the rows are annotated with."""

    tier = django_filters.NumberFilter(label=_("Tier at the opening"), field_name="tier_then")
    way = django_filters.ChoiceFilter(label=_("How"), choices=Loss.choices, empty_label=_("All"))
    cause = django_filters.ChoiceFilter(label=_("Reason"), choices=LossCause.choices, empty_label=_("All"))

    class Meta:
        model = CustomerPosition
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[CustomerPosition]) -> QuerySet[CustomerPosition]:
        asked = {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "")}
        tier = asked.pop("tier", None)
        return queryset.filter(**asked, **({} if tier is None else {"tier_then": int(tier)}))


LOST = ListPage(
    columns=(
        Column("customer", _("Customer"), customer_cell, stays=True),
        Column("tier_then", _("Tier at the opening"), per_page=tier_cells("tier_then")),
        Column("opening", _("ADB at the opening"), kind="money", sort="opening", amounts=True),
        Column("closing", _("ADB of the month"), kind="money", sort="closing", amounts=True),
        Column("way", _("How"), lambda row: Loss(row.way).label),
        Column("cause", _("Reason"), lambda row: LossCause(row.cause).label),
        Column("last_contact_on", _("Last contact"), kind="date", sort="last_contact_on"),
        Column("manager", _("Manager"), "manager__name"),
    ),
    default_order=("-opening",),
    filterset=LostFilter,
    caption=_("Lost customers"),
    noun=_("customers"),
    row_url=lambda row: row.customer.get_absolute_url(),
    also=ASKED,
    empty_title=_("Nobody was lost"),
    empty_text=_("No customer of the quarter's opening is lost, or none is left by the filters."),
)
