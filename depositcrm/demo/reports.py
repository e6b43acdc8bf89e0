"""Reports of the demo branch: a few saved ones, shared and scheduled, so that the lists are alive."""

import random
from datetime import date, datetime

from insights.rules.reports import read_definition
from insights.services import reports
from staff.enums import Role
from staff.models import User

BY_TIER = {
    "measures": ["deposits"],
    "rows": "week",
    "columns": "tier",
    "unit_kind": "branch",
    "period": "last_30",
    "chart": "stacked",
}
BY_MANAGER = {
    "measures": ["adb", "adb_before", "contacts", "follow_ups", "churn"],
    "rows": "unit",
    "columns": "measure",
    "unit_kind": "person",
    "period": "last_month",
    "order": "high",
}
BY_BRANCH = {
    "measures": ["adb"],
    "rows": "month",
    "columns": "unit",
    "unit_kind": "branch",
    "period": "last_12_months",
    "chart": "line",
}


def seed_reports(*, rng: random.Random, end: date, at: datetime) -> None:
    """A report of tiers and one of managers for a branch head, weekly; one of branches for the bank."""
    head = User.objects.filter(role=Role.BRANCH_HEAD, is_active=True).order_by("staff_no").first()
    office = (
        User.objects.filter(role=Role.HEAD_OFFICE, is_active=True, branch__parent=None).order_by("staff_no").first()
    )
    if head is not None:
        tiers = reports.save_report(name="各层级存款（按周）", definition=read_definition(BY_TIER), actor=head, at=at)
        reports.share_report(report=tiers, shared=True, actor=head, at=at)
        made = reports.save_report(name="客户经理月报", definition=read_definition(BY_MANAGER), actor=head, at=at)
        reports.schedule_report(
            report=made, schedule="weekly", day=1, file_format="xlsx", staff_nos=[head.staff_no], actor=head, at=at
        )
    if office is not None:
        reports.save_report(name="各支行日均", definition=read_definition(BY_BRANCH), actor=office, at=at)
