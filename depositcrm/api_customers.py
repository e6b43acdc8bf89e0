"""The API of customers with the names of their tiers, which an app above customers owns."""

from datetime import date

from django.utils.translation import get_language

from customers.api import CustomerViewSet
from tiers.queries import bands_for_display


class NamedCustomerViewSet(CustomerViewSet):
    """Customers with `tier_name` filled in."""

    def tier_names(self, day: date) -> dict[int, str]:
        """The ranks' names in the language of the request."""
        language = get_language() or "zh-hans"
        return {band.rank: band.name(language) for band in bands_for_display(day)}
