"""The API of customers with what only apps above them know: the names of their tiers, and complaints."""

from datetime import date
from typing import Any

from django.utils.translation import get_language

from complaints.queries.cases import open_cases_of
from customers.api import CustomerViewSet
from tiers.queries import bands_for_display


class NamedCustomerViewSet(CustomerViewSet):
    """Customers with `tier_name` and `open_complaints` filled in."""

    def tier_names(self, day: date) -> dict[int, str]:
        """The ranks' names in the language of the request."""
        language = get_language() or "zh-hans"
        return {band.rank: band.name(language) for band in bands_for_display(day)}

    def get_serializer_context(self) -> dict[str, Any]:
        """What the serializers ask for besides: the complaints of a customer still to be decided, in sight."""
        viewer = self.request.user
        return {**super().get_serializer_context(), "open_cases": lambda customer: open_cases_of(customer.pk, viewer)}
