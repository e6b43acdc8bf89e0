"""Tables of customers, by noun."""

from customers.models.accounts import Account, ExchangeRate, Product
from customers.models.balances import AccountBalance, BalanceChange, FedDay, FedDayAccount, PositionChange
from customers.models.care import CustomerAlert, Promise
from customers.models.consents import Consent, ConsentWording
from customers.models.customers import Customer, CustomerPosition, CustomerRows, CustomerShare, QualityFlag, in_scope
from customers.models.feeds import Feed, FeedReject
from customers.models.history import CustomerVersion
from customers.models.kyc import KycItem, KycReview
from customers.models.lifecycle import LifecycleChange
from customers.models.merging import Merge
from customers.models.openings import PageOpening
from customers.models.portfolio import Handover, HandoverItem, OwnershipChange
from customers.models.profile import FieldRefusal, FieldSource, Preference
from customers.models.prospects import Prospect

__all__ = [
    "Account",
    "AccountBalance",
    "BalanceChange",
    "Consent",
    "ConsentWording",
    "Customer",
    "CustomerAlert",
    "CustomerPosition",
    "CustomerRows",
    "CustomerShare",
    "CustomerVersion",
    "ExchangeRate",
    "FedDay",
    "FedDayAccount",
    "Feed",
    "FeedReject",
    "FieldRefusal",
    "FieldSource",
    "Handover",
    "HandoverItem",
    "KycItem",
    "KycReview",
    "LifecycleChange",
    "Merge",
    "OwnershipChange",
    "PageOpening",
    "PositionChange",
    "Preference",
    "Product",
    "Promise",
    "Prospect",
    "QualityFlag",
    "in_scope",
]
