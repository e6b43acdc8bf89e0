"""Tables of insights, by noun."""

from insights.models.deposits import BranchDay, DepositDay
from insights.models.kpis import Kpi, KpiDay, MonthClose

__all__ = ["BranchDay", "DepositDay", "Kpi", "KpiDay", "MonthClose"]
