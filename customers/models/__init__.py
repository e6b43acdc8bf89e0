"""Tables of customers, by noun."""

from customers.models.accounts import Account, ExchangeRate, Product
from customers.models.balances import AccountBalance, BalanceChange, FedDay, FedDayAccount, PositionChange
from customers.models.customers import Customer, CustomerPosition, CustomerShare, QualityFlag, in_scope
from customers.models.feeds import Feed, FeedReject

__all__ = [
    "Account",
    "AccountBalance",
    "BalanceChange",
    "Customer",
    "CustomerPosition",
    "CustomerShare",
    "ExchangeRate",
    "FedDay",
    "FedDayAccount",
    "Feed",
    "FeedReject",
    "PositionChange",
    "Product",
    "QualityFlag",
    "in_scope",
]
