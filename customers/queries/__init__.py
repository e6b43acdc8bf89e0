"""Reads of customers, balances and holdings."""

from customers.queries.balances import (
    Average,
    DayTotal,
    average_balance,
    carried_days,
    daily_totals,
    day_sum_until,
    ledger_day,
)
from customers.queries.customers import (
    Holding,
    Move,
    biggest_moves,
    holdings,
    maturities,
    search,
    total_balance,
    with_figures,
)

__all__ = [
    "Average",
    "DayTotal",
    "Holding",
    "Move",
    "average_balance",
    "biggest_moves",
    "carried_days",
    "daily_totals",
    "day_sum_until",
    "holdings",
    "ledger_day",
    "maturities",
    "search",
    "total_balance",
    "with_figures",
]
