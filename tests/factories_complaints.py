"""Makers of complaints."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from complaints.enums import CaseState
from complaints.models import CaseMove, Complaint, Decision, Recusal
from core import crypto
from customers.models import Customer
from staff.models import Branch, User
from tests.factories_base import NOW, TODAY, make_branch, number


def make_complaint(
    *, customer: Customer | None = None, branch: Branch | None = None, named: tuple[User, ...] = (), **fields: Any
) -> Complaint:
    """A case of three days ago, registered; `named` are complained of and kept away. Without a customer: anonymous.

    The words of `account`, `wanted`, `name`, `phone` and `address` are sealed; a state brings the days it needs.
    """
    n, once = number(), fields.setdefault("once", uuid4())
    branch = branch or (customer.branch if customer else make_branch())
    received_on, sealed = fields.setdefault("received_on", TODAY - timedelta(days=3)), _sealed_case(once, fields)
    state = fields.get("state", CaseState.REGISTERED)
    ended = {"closed_on": TODAY} if state in (CaseState.CLOSED, CaseState.WITHDRAWN) else {}
    if state in (CaseState.ANSWERED, CaseState.CLOSED):
        ended["answered_on"] = TODAY
    case = Complaint.everything.create(
        **{
            "number": f"TS{received_on.year}-{n:06}",
            "branch": branch,
            "desk": branch,
            "customer": customer,
            "source": "counter",
            "complainant": "customer" if customer else "anonymous",
            "category": "service",
            "summary": "等候时间过长",
            "state_at": NOW,
            "registered_at": NOW,
            "due_on": received_on + timedelta(days=15),
            "due_days": 15,
            "internal_days": 5,
            "internal_due_on": received_on + timedelta(days=7),
            "contact_due_on": received_on + timedelta(days=1),
            "recused": sorted(user.pk for user in named),
            **ended,
            **fields,
            **sealed,
        }
    )
    for user in named:
        Recusal.everything.create(complaint=case, user=user, is_named=True, by=case.registered_by, at=NOW)
    CaseMove.everything.create(
        complaint=case, move="register", to_state="registered", by=case.registered_by, at=NOW, due_on=case.due_on
    )
    return case


def _sealed_case(once: UUID, fields: dict[str, Any]) -> dict[str, Any]:
    words = {"account": fields.pop("account", "客户称排队一小时无人受理")}
    words |= {name: fields.pop(name) for name in ("wanted", "name", "phone", "address") if name in fields}
    return {f"{name}_cipher": crypto.seal(f"complaint.{name}", str(once), text) for name, text in words.items()}


def make_decision(case: Complaint, *, proposed_by: User, words: str = "我行向您致歉", **fields: Any) -> Decision:
    """A decision proposed in a case, justified with an apology; with `approved_by` it went out."""
    sealed = {
        f"{part}_cipher": crypto.seal(f"complaint.decision.{part}.{case.round}.1", str(case.once), words)
        for part in ("facts", "words")
    }
    values = {"finding": "upheld", "remedy": "apology", "proposed_by": proposed_by, "proposed_at": NOW}
    if "approved_by" in fields:
        values |= {"approved_at": NOW, "delivery": "post"}
    return Decision.everything.create(complaint=case, round=case.round, **{**values, **sealed, **fields})
