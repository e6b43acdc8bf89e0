"""The list of statements, as the API has it."""

import django_filters
from django.utils.translation import gettext_lazy as _

from core.pages import ListFilter, ListPage
from customers.enums import ConsentChannel, ConsentDecision, ConsentPurpose
from customers.models import Consent
from customers.models.consents import ConsentQuerySet
from customers.queries.consents import only_current


class ConsentFilter(ListFilter):
    """Filters of statements; `current` leaves those that hold now."""

    customer_no = django_filters.CharFilter(
        label=_("Customer number"), field_name="customer__customer_no", max_length=32
    )
    purpose = django_filters.ChoiceFilter(label=_("Purpose"), choices=ConsentPurpose.choices)
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=ConsentChannel.choices)
    decision = django_filters.ChoiceFilter(label=_("Statement"), choices=ConsentDecision.choices)
    current = django_filters.BooleanFilter(label=_("Only what holds now"), method="holding_now")

    class Meta:
        model = Consent
        fields: list[str] = []

    def holding_now(self, rows: ConsentQuerySet, name: str, wanted: bool) -> ConsentQuerySet:
        return only_current(rows) if wanted else rows


CONSENTS = ListPage(columns=(), default_order=("-pk",), filterset=ConsentFilter, caption=_("Statements"))
