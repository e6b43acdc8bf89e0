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
from customers.queries.history import FieldChange, HistoryEntry, HistoryPage, field_history
from customers.queries.profile import (
    LABELS,
    Alike,
    alike,
    mask_value,
    masked_value,
    phone_shared_by,
    preferences,
    same_document,
    sources_of,
)

__all__ = [
    "LABELS",
    "Alike",
    "Average",
    "DayTotal",
    "FieldChange",
    "HistoryEntry",
    "HistoryPage",
    "Holding",
    "Move",
    "alike",
    "average_balance",
    "biggest_moves",
    "carried_days",
    "daily_totals",
    "day_sum_until",
    "field_history",
    "holdings",
    "ledger_day",
    "mask_value",
    "masked_value",
    "maturities",
    "phone_shared_by",
    "preferences",
    "same_document",
    "search",
    "sources_of",
    "total_balance",
    "with_figures",
]
