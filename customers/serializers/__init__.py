"""Customers, accounts and feeds as the API shows and takes them, by noun."""

from customers.serializers.consents import ConsentSerializer, NewConsentSerializer
from customers.serializers.customers import (
    AlertSerializer,
    ConsentStateSerializer,
    CustomerSerializer,
    DetailSerializer,
    MaturitySerializer,
    PreferenceSerializer,
)
from customers.serializers.feeds import FeedSerializer, NewFeedSerializer
from customers.serializers.money import BalancesSerializer, DayTotalSerializer, HoldingSerializer, WindowSerializer
from customers.serializers.records import (
    FindSerializer,
    FoundSerializer,
    NewRecordSerializer,
    RecordSerializer,
    RevealedSerializer,
    RevealSerializer,
)

__all__ = [
    "AlertSerializer",
    "BalancesSerializer",
    "ConsentSerializer",
    "ConsentStateSerializer",
    "CustomerSerializer",
    "DayTotalSerializer",
    "DetailSerializer",
    "FeedSerializer",
    "FindSerializer",
    "FoundSerializer",
    "HoldingSerializer",
    "MaturitySerializer",
    "NewConsentSerializer",
    "NewFeedSerializer",
    "NewRecordSerializer",
    "PreferenceSerializer",
    "RecordSerializer",
    "RevealSerializer",
    "RevealedSerializer",
    "WindowSerializer",
]
