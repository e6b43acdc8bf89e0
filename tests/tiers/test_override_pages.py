"""The pages of overrides: asking, deciding, the list and its file, and who sees what."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import today
from core.jobs import Progress
from customers.models import Customer
from depositcrm.exporting import export_list
from staff.models import Export, User
from tests.factories import NOW, make_branch, make_customer, make_head_office, make_user
from tests.tiers.test_overrides import ONE, START, customer_of, requested
from tiers.models import TierOverride
from tiers.queries.overrides import OverrideStage

pytestmark = pytest.mark.django_db
AsRole = Callable[..., Client]


@pytest.fixture
def manager() -> User:
    return make_user(role="manager", branch=make_branch(parent=make_head_office()))


@pytest.fixture
def head(manager: User) -> User:
    return make_user(role="branch_head", branch=manager.branch)


@pytest.fixture
def customer(manager: User) -> Customer:
    return customer_of(manager)


def form_data(**fields: Any) -> dict[str, str]:
    start = today() + ONE
    said = {"letter": "A", "starts_on": start, "ends_on": start + ONE * 60, "reason": "家族客户，资金在途"} | fields
    return {name: str(value) for name, value in said.items()}


def test_a_manager_asks_and_the_head_decides(
    client_of: Callable[[User], Client], customer: Customer, manager: User, head: User
) -> None:
    mine, theirs = client_of(manager), client_of(head)
    tab = mine.get(reverse("tiers:override_of", args=[customer.customer_no]))
    assert tab.context["may_ask"]
    ask = reverse("tiers:override_new", args=[customer.customer_no])
    letters = [letter for letter, _name in mine.get(ask).context["form"].fields["letter"].choices]
    assert letters == ["A", "B", "D"]

    made = mine.post(ask, form_data())

    override = TierOverride.everything.get()
    page = reverse("tiers:override", args=[override.pk])
    assert made.headers["Location"] == page
    assert [mine.get(page).context[name] for name in ("may_decide", "may_withdraw")] == [False, True]
    shown = theirs.get(page)
    assert [shown.context[name] for name in ("may_decide", "may_withdraw")] == [True, False]
    listed = theirs.get(reverse("tiers:overrides"))
    assert (listed.context["mine_to_decide"], customer.customer_no in listed.content.decode()) == (1, True)
    decide = reverse("tiers:override_decide", args=[override.pk])
    digest = shown.context["form"].initial["digest"]
    assert mine.post(decide, {"digest": digest, "decision": "approve"}).status_code == 422
    assert theirs.post(decide, {"digest": "0" * 64, "decision": "approve"}).status_code == 422
    assert theirs.post(decide, {"digest": digest, "decision": "reject"}).status_code == 422
    assert theirs.post(decide, {"digest": digest, "decision": "approve"}).headers["Location"] == page
    end = reverse("tiers:override_end", args=[override.pk])
    assert theirs.post(end, {"reason": ""}).status_code == 422
    assert theirs.post(end, {"reason": "资金已转走"}).headers["Location"] == page
    override.refresh_from_db()
    assert override.status == "withdrawn"


def test_a_wrong_request_comes_back_with_what_was_typed(
    client_of: Callable[[User], Client], customer: Customer, manager: User
) -> None:
    client, ask = client_of(manager), reverse("tiers:override_new", args=[customer.customer_no])

    for wrong, field in (
        ({"starts_on": today() - ONE}, "starts_on"),
        ({"ends_on": today() + ONE * 800}, "ends_on"),
        ({"ends_on": today() - ONE}, "ends_on"),
        ({"letter": "C"}, "letter"),
        ({"reason": "ok"}, "reason"),
    ):
        answer = client.post(ask, form_data(**wrong))
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
        assert answer.context["form"]["reason"].value() == wrong.get("reason", "家族客户，资金在途")
    assert not TierOverride.everything.exists()


def test_overrides_of_others_do_not_exist(as_role: AsRole, customer: Customer, manager: User) -> None:
    override = requested(customer, manager)

    for role in ("manager", "branch_head", "expert"):
        stranger = as_role(role)
        assert stranger.get(reverse("tiers:override", args=[override.pk])).status_code == 404
        assert stranger.get(reverse("tiers:override_of", args=[customer.customer_no])).status_code == 404
        assert not stranger.get(reverse("tiers:overrides")).context["listing"].rows


def test_the_list_filters_and_its_tiles_count_the_same_rows(as_role: AsRole, manager: User) -> None:
    day, usual = today(), {"requested_by": manager, "requested_at": NOW, "reason": "x"}
    second = make_user(role="branch_head", branch=manager.branch)
    for status, start, end in (
        ("waiting", 1, 9), ("approved", -9, 99), ("approved", -9, 9), ("approved", 5, 9), ("ended", -9, -5),
        ("rejected", 1, 9),
    ):  # fmt: skip
        TierOverride.everything.create(
            customer=make_customer(manager=manager), letter="A", status=status, starts_on=day + ONE * start,
            ends_on=day + ONE * end, decided_by=None if status == "waiting" else second, **usual,
        )  # fmt: skip
    client = as_role("branch_head", branch=manager.branch)

    def rows(**params: str) -> int:
        return len(client.get(reverse("tiers:overrides"), params).context["listing"].rows)

    stages = {stage: rows(stage=stage) for stage in OverrideStage}
    assert stages == {"waiting": 1, "coming": 1, "running": 2, "ending": 1, "over": 1, "refused": 1}
    assert [rows(), rows(tier="A"), rows(tier="B"), rows(branch=manager.branch.code)] == [6, 6, 0, 6]
    tiles = client.get(reverse("tiers:overrides")).context["tiles"]
    assert [(tile.value, len(client.get(tile.url).context["listing"].rows)) for tile in tiles] == [
        ("1", 1),
        ("2", 2),
        ("1", 1),
    ]
    with CaptureQueriesContext(connection) as caught:
        client.get(reverse("tiers:overrides"))
    assert len(caught) < 25


def test_the_list_is_taken_as_a_file(as_role: AsRole, customer: Customer, manager: User) -> None:
    requested(customer, manager)
    stranger = make_user(role="manager")
    requested(make_customer(manager=stranger, tier=2), stranger)
    client, url = as_role("branch_head", branch=manager.branch), reverse("tiers:override_export")
    assert (client.get(url).context["count"], client.get(url, {"stage": "over"}).context["count"]) == (1, 0)
    assert client.post(url, {"matching": "", "file_format": "csv", "reason": "x"}).status_code == 422

    client.post(url, {"matching": "stage=waiting", "file_format": "csv", "reason": "季度核对"})

    export = Export.everything.get()
    assert (export.list_key, export.query, export.expected_rows) == ("overrides", "stage=waiting", 1)
    assert export.job is not None
    assert export_list(export.job, Progress(export.job.pk))["rows"] == 1


def test_tellers_see_that_a_tier_was_given_but_not_why(as_role: AsRole, customer: Customer, manager: User) -> None:
    requested(customer, manager)
    teller = as_role("teller", branch=manager.branch)

    page = teller.get(reverse("tiers:override_of", args=[customer.customer_no])).content.decode()

    assert (START.isoformat() in page, "行长特批" in page) == (True, False)
    assert teller.get(reverse("tiers:overrides")).status_code == 403
