"""The lists of customers, by noun: columns, filters and order, once for page and API."""

from customers.filters.choices import managers_in, units_in
from customers.filters.consents import CONSENTS
from customers.filters.customers import API_CUSTOMERS, CUSTOMERS, PERSONAL
from customers.filters.feeds import FEED_TONES, FEEDS

__all__ = ["API_CUSTOMERS", "CONSENTS", "CUSTOMERS", "FEEDS", "FEED_TONES", "PERSONAL", "managers_in", "units_in"]
