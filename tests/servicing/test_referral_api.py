"""referrals/ of the HTTP API."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from servicing.models import Referral
from staff.access import SCOPES_BY_ROLE
from staff.models import User
from tests.factories import make_branch, make_customer, make_head_office, make_token, make_user

pytestmark = pytest.mark.django_db
URL = "/api/v1/referrals/"


def ask(user: User, method: str, path: str = "", data: Any = None, **headers: str) -> Any:
    """An answer of the API to a token of the person: (status, body)."""
    token = make_token(user, *{"referrals:read", "referrals:write", "customers:read"} & SCOPES_BY_ROLE[user.role])
    kind = {"content_type": "application/json"} if method == "post" else {}
    sent = {"Authorization": f"Bearer {token}", **headers}
    answer = getattr(Client(), method)(URL + path, data or {}, headers=sent, **kind)
    return answer.status_code, answer.json()


def test_a_referral_from_making_to_result() -> None:
    branch = make_branch(parent=make_head_office())
    teller, manager, expert = (make_user(role=role, branch=branch) for role in ("teller", "manager", "expert"))
    customer = make_customer(manager=manager)
    body = {"customer_no": customer.customer_no, "to_no": manager.staff_no, "topic": "deposit", "note": "三年期"}
    key = {"Idempotency-Key": str(uuid4())}

    code, made = ask(teller, "post", data=body, **key)
    assert ask(teller, "post", data=body, **key) == (201, made)
    row = Referral.everything.get()
    assert (code, {**made, "made_at": ""}) == (
        201,
        {
            "id": row.pk,
            "customer_no": customer.customer_no,
            "from_no": teller.staff_no,
            "to_no": manager.staff_no,
            "topic": "deposit",
            "note": "三年期",
            "state": "waiting",
            "made_at": "",
            "decided_at": None,
            "first_contact_at": None,
            "closed_at": None,
            "result": "",
        },
    )
    assert ask(teller, "post", data={**body, "topic": "weather"})[0] == 400
    assert ask(teller, "post", data=body)[1]["error"]["code"] == "already_referred"
    assert ask(teller, "post", data={**body, "to_no": expert.staff_no})[0] == 404
    assert ask(teller, "post", data={**body, "customer_no": make_customer().customer_no})[0] == 404
    assert ask(teller, "post", f"{row.pk}/accept/")[1]["error"]["code"] == "referral_not_yours"
    assert ask(expert, "post", f"{row.pk}/accept/")[0] == 404
    assert ask(manager, "post", f"{row.pk}/decline/", {"reason": ""})[0] == 400
    assert ask(manager, "post", f"{row.pk}/accept/")[1]["state"] == "accepted"
    assert ask(manager, "post", f"{row.pk}/decline/", {"reason": "晚了"})[1]["error"]["code"] == "referral_moved_on"
    done = ask(manager, "post", f"{row.pk}/finish/", {"succeeded": True, "result": "续存三年"})[1]
    assert (done["state"], done["result"]) == ("succeeded", "续存三年")
    assert [one["id"] for one in ask(teller, "get", "?state=succeeded")[1]["results"]] == [row.pk]
    assert ask(expert, "get")[1]["results"] == []


def test_the_customer_is_named_once_it_is_taken_and_declining_says_why() -> None:
    branch = make_branch(parent=make_head_office())
    manager, expert = (make_user(role=role, branch=branch) for role in ("manager", "expert"))
    customer = make_customer(manager=manager)
    body = {"customer_no": customer.customer_no, "to_no": expert.staff_no, "topic": "deposit"}
    number = ask(manager, "post", data=body)[1]["id"]
    assert [one["customer_no"] for one in ask(expert, "get")[1]["results"]] == [None]
    assert ask(expert, "post", f"{number}/accept/")[1]["customer_no"] == customer.customer_no

    body = {"customer_no": make_customer(manager=manager).customer_no, "topic": "deposit"}
    assert ask(manager, "post", data=body)[1]["to_no"] is None
    head = make_user(role="branch_head", branch=branch)
    waiting = ask(head, "get", "?state=waiting")[1]["results"][0]["id"]
    assert ask(head, "post", f"{waiting}/decline/", {"reason": "无人可派"})[1]["state"] == "declined"
    assert ask(make_user(role="compliance"), "get")[0] == 403
