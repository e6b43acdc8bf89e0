"""What a complaint leaves on the customer's page: an alert that stops marketing, and ends with the case."""

from datetime import date, datetime, timedelta

from complaints.enums import CaseState, Source
from complaints.models import Complaint
from complaints.queries.clocks import clock_rules_on
from complaints.rules.moves import ENDED
from customers.services.alerts import keep_case_alert
from staff.models import User


def quiet_until(ended_on: date) -> date:
    """The last day without marketing after a case ended: the cooling days of the rules in force on that day."""
    return ended_on + timedelta(days=clock_rules_on(ended_on).cooling_days)


def _unaware(case: Complaint) -> list[int]:
    """Who does not read the alert: the recused, and the customer's managers until a web complaint was looked at."""
    if case.customer is None or (case.source, case.state) != (Source.WEB, CaseState.REGISTERED):
        return case.recused
    own = {case.customer.manager_id, case.customer.backup_id}
    return sorted({*case.recused, *(key for key in own if key is not None)})


def keep_alert(*, case: Complaint, actor: User | None, at: datetime) -> None:
    """Make the customer's alert say what the case says; called in the transaction of whatever changed the case.

    It stands while the case is open and until `quiet_until` afterwards; who is recused does not read it. Safe twice;
    nothing happens to a case without a customer.
    """
    if case.customer is None:
        return
    keep_case_alert(
        customer=case.customer,
        case_no=case.number,
        ends_on=(case.quiet_until or case.closed_on) if case.state in ENDED else None,
        hidden_from=_unaware(case),
        actor=actor,
        at=at,
    )
