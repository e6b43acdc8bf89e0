"""Lists of the bank's truth, of warnings and of supervision as files."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.exporting import AskedRows, ListSource
from core.pages import Column
from customers.models import CustomerPosition
from insights.filters.bridge import BRIDGE_ROWS
from insights.filters.churn import LOST
from insights.filters.outflow import LOSSES, WARNINGS
from insights.filters.spikes import SPIKES
from insights.filters.supervision import CHECKS, FINDINGS
from insights.models import MonthClose
from insights.queries import outflow
from insights.views.bridge import bar_of
from insights.views.bridge_board import said as bridge_said
from insights.views.churn import lost_of
from insights.views.churn import said as churn_said
from insights.views.spikes import said as spikes_said
from insights.views.spikes import spiked_of
from staff.access import AMOUNT_ROLES, HEADS
from staff.exports import list_export
from staff.queries import supervision

CUSTOMER = Column("customer_no", _("Customer number"), "customer__customer_no")
RECORD = Column("number", _("Number"), "pk", kind="num")
CHECK = Column("check", _("Spot check"), "pk", kind="num")
UNLINKED = {"customer": "customer__name"}


def _bar(request: HttpRequest) -> AskedRows:
    asked, part, rows = bar_of(request)
    words = f"{part.label} · {bridge_said(asked)}" if asked else str(part.label)
    return AskedRows(rows, ((str(_("ADB bridge")), words),))


def _lost(request: HttpRequest) -> AskedRows:
    asked, rows = lost_of(request)
    return AskedRows(rows, ((str(_("Churn")), churn_said(asked)),))


def _spiked(request: HttpRequest) -> AskedRows:
    asked, rows = spiked_of(request)
    return AskedRows(rows, ((str(_("Month end")), spikes_said(asked, request.GET.get("manager", ""))),))


BRIDGE_LIST = ListSource(
    "bridge_rows", BRIDGE_ROWS, CustomerPosition.objects.visible_to, AMOUNT_ROLES, CUSTOMER, UNLINKED, _bar
)
LOST_LIST = ListSource("churned", LOST, CustomerPosition.objects.visible_to, AMOUNT_ROLES, CUSTOMER, UNLINKED, _lost)
SPIKE_LIST = ListSource("spikes", SPIKES, MonthClose.objects.visible_to, HEADS, CUSTOMER, UNLINKED, _spiked)
WARNING_LIST = ListSource("warnings", WARNINGS, outflow.warnings_of, outflow.WORKERS, CUSTOMER, UNLINKED)
LOSS_LIST = ListSource("losses", LOSSES, outflow.losses_of, outflow.WORKERS, CUSTOMER, UNLINKED)
# Whom supervision is about reads one finding after the other; files are for those who oversee.
FINDING_LIST = ListSource(
    "findings", FINDINGS, supervision.findings_for, supervision.OVERSEERS, RECORD, {"text": "text"}
)
CHECK_LIST = ListSource("checks", CHECKS, supervision.checks_for, supervision.OVERSEERS, CHECK, {"check": "pk"})

bridge_export = list_export(BRIDGE_LIST, "insights:bridge_rows")
churned_export = list_export(LOST_LIST, "insights:churned")
spiked_export = list_export(SPIKE_LIST, "insights:spiked")
warnings_export = list_export(WARNING_LIST, "insights:warnings")
losses_export = list_export(LOSS_LIST, "insights:outflow_losses")
findings_export = list_export(FINDING_LIST, "insights:findings")
checks_export = list_export(CHECK_LIST, "insights:supervision_checks")
