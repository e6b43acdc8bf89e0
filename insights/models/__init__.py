"""Tables of insights, by noun."""

from insights.models.deposits import BranchDay, DepositDay, PositionWrite
from insights.models.kpis import Kpi, KpiDay, MonthClose
from insights.models.layouts import BoardLayout
from insights.models.outflow import OutflowLoss, OutflowTrial, OutflowWarning
from insights.models.reports import Report, ReportRecipient, ReportRun

__all__ = [
    "BoardLayout",
    "BranchDay",
    "DepositDay",
    "Kpi",
    "KpiDay",
    "MonthClose",
    "OutflowLoss",
    "OutflowTrial",
    "OutflowWarning",
    "PositionWrite",
    "Report",
    "ReportRecipient",
    "ReportRun",
]
