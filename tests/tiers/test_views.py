"""The pages of tiers: who gets in, what they show, and that nothing is done by one person alone."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import today
from customers.models import Customer
from staff.models import User
from tests.factories import make_branch, make_customer, make_head_office, make_user
from tests.tiers.ledgers import run, write_ledger
from tiers.models import Scheme

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
AsRole = Callable[..., Client]
ClientOf = Callable[[User], Client]


def form_data(*floors: str, effective_on: date | None = None, **more: str) -> dict[str, str]:
    """What the editor sends."""
    floors = floors or ("0", "60,000", "600000")
    data = {
        "name": "新方案",
        "measure": "balance",
        "effective_on": (effective_on or today() + timedelta(days=30)).isoformat(),
        "note": "利率调整",
        "bands-TOTAL_FORMS": str(len(floors)),
        "bands-INITIAL_FORMS": "0",
    }
    for n, floor in enumerate(floors):
        data |= {
            f"bands-{n}-floor": floor,
            f"bands-{n}-letter": "ABCDEFGH"[n % 8],
            f"bands-{n}-name_zh": f"第{n}档",
            f"bands-{n}-name_en": f"Tier {n}",
        }
    return data | more


def moved_customer(**fields: Any) -> Customer:
    """A customer who rose on NEXT; the caller runs both days."""
    customer = make_customer(tier=0, position={"tier_since": None, "on": None}, **fields)
    write_ledger({customer.pk: {DAY: Decimal("49999.99"), NEXT: Decimal("523456.78")}}, NEXT)
    return customer


def run_both() -> None:
    run(DAY)
    run(NEXT)


def drafted_by(client: Client) -> Scheme:
    client.post(reverse("tiers:scheme_new"), form_data())
    return Scheme.objects.get(status="draft")


READ = ["schemes"]
WRITE = ["scheme_new"]


@pytest.mark.parametrize(
    ("role", "read", "write"),
    [
        ("teller", 403, 403),
        ("lobby", 403, 403),
        ("manager", 403, 403),
        ("senior_manager", 403, 403),
        ("expert", 403, 403),
        ("branch_head", 200, 403),
        ("head_office", 200, 200),
        ("admin", 200, 200),
        ("compliance", 200, 403),
        ("auditor", 200, 403),
    ],
)
def test_who_reads_and_who_writes_the_policy(as_role: AsRole, role: str, read: int, write: int) -> None:
    client = as_role(role)
    scheme = Scheme.objects.get(version=1)

    assert client.get(reverse("tiers:schemes")).status_code == read
    assert client.get(reverse("tiers:scheme", args=[scheme.pk])).status_code == read
    assert client.get(reverse("tiers:scheme_new")).status_code == write
    assert client.post(reverse("tiers:scheme_preview"), form_data()).status_code == write


def test_the_first_version_is_shown_in_force(as_role: AsRole) -> None:
    page = as_role("auditor").get(reverse("tiers:schemes")).content.decode()

    assert "3,000,000.00" in page
    assert reverse("tiers:scheme", args=[Scheme.objects.get(version=1).pk]) in page


def test_a_version_goes_from_draft_to_force_through_two_people(as_role: AsRole, client_of: ClientOf) -> None:
    admin, officer = as_role("admin"), as_role("head_office")
    scheme = drafted_by(admin)
    detail = reverse("tiers:scheme", args=[scheme.pk])
    assert [str(b.floor) for b in scheme.bands.order_by("rank")] == ["0.00", "60000.00", "600000.00"]

    admin.post(reverse("tiers:scheme_submit", args=[scheme.pk]))
    assert officer.get(detail).context["may_decide"]
    assert not admin.get(detail).context["may_decide"]
    digest = officer.get(detail).context["form"].initial["digest"]
    decide = reverse("tiers:scheme_decide", args=[scheme.pk])
    refused = admin.post(decide, {"digest": digest, "decision": "approve", "comment": ""})
    assert refused.status_code == 422
    accepted = officer.post(decide, {"digest": digest, "decision": "approve", "comment": "同意"})

    assert accepted.headers["Location"] == detail
    scheme.refresh_from_db()
    assert scheme.status == "approved"


def test_a_stale_decision_and_a_rejection_without_reason_are_refused(as_role: AsRole) -> None:
    admin, officer = as_role("admin"), as_role("head_office")
    scheme = drafted_by(admin)
    admin.post(reverse("tiers:scheme_submit", args=[scheme.pk]))
    decide = reverse("tiers:scheme_decide", args=[scheme.pk])

    stale = officer.post(decide, {"digest": "0" * 64, "decision": "approve"})
    silent = officer.post(decide, {"digest": "0" * 64, "decision": "reject"})

    assert (stale.status_code, silent.status_code) == (422, 422)
    scheme.refresh_from_db()
    assert scheme.status == "submitted"


def test_who_asked_takes_it_back_without_a_reason(as_role: AsRole) -> None:
    admin = as_role("admin")
    scheme = drafted_by(admin)
    admin.post(reverse("tiers:scheme_submit", args=[scheme.pk]))
    detail = admin.get(reverse("tiers:scheme", args=[scheme.pk]))
    assert detail.context["may_withdraw"]

    admin.post(reverse("tiers:scheme_decide", args=[scheme.pk]), {"digest": "0" * 64, "decision": "withdraw"})

    scheme.refresh_from_db()
    assert scheme.status == "draft"


def test_a_draft_is_edited_and_an_approved_version_is_not(as_role: AsRole) -> None:
    admin = as_role("admin")
    scheme = drafted_by(admin)
    edit = reverse("tiers:scheme_edit", args=[scheme.pk])

    shown = admin.get(edit)
    assert shown.context["bands"].forms[1]["floor"].value() == "60,000"
    admin.post(edit, form_data("0", "70000"))
    assert [str(b.floor) for b in scheme.bands.order_by("rank")] == ["0.00", "70000.00"]

    first = Scheme.objects.get(version=1)
    moved_on = admin.post(reverse("tiers:scheme_edit", args=[first.pk]), form_data("0", "1"))
    assert moved_on.headers["Location"] == reverse("tiers:scheme", args=[first.pk])
    assert first.bands.count() == 4


@pytest.mark.parametrize("floors", [("0", "x"), ("0", "1.234"), ("5", "6"), ("0", "9", "8"), ("0",)])
def test_bad_bounds_come_back_with_words(as_role: AsRole, floors: tuple[str, ...]) -> None:
    answer = as_role("admin").post(reverse("tiers:scheme_new"), form_data(*floors))

    assert answer.status_code == 422
    assert Scheme.objects.count() == 1


def test_submitting_a_date_that_is_taken_says_so(as_role: AsRole) -> None:
    admin = as_role("admin")
    admin.post(reverse("tiers:scheme_new"), form_data(effective_on=today() - timedelta(days=1)))
    scheme = Scheme.objects.get(status="draft")

    page = admin.post(reverse("tiers:scheme_submit", args=[scheme.pk]), follow=True)

    assert today().isoformat() in page.content.decode()
    scheme.refresh_from_db()
    assert scheme.status == "draft"


def test_tiers_are_added_and_removed_without_losing_what_is_typed(as_role: AsRole) -> None:
    admin = as_role("admin")
    url = reverse("tiers:scheme_new")

    more = admin.post(url, form_data("0", "abc", "600000", change="add")).context
    fewer = admin.post(url, form_data("0", "50000", "600000", change="remove-1")).context
    stubborn = admin.post(url, form_data("0", "50000", change="remove-1")).context

    assert [line["floor"].value() for line in more["bands"]] == ["0", "abc", "600000", None]
    assert [line["floor"].value() for line in fewer["bands"]] == ["0", "600000"]
    assert len(stubborn["bands"].forms) == 2
    assert more["form"]["note"].value() == "利率调整"
    for odd in ({"bands-TOTAL_FORMS": "9" * 9}, {"change": "remove-" + "9" * 5000}, {"bands-TOTAL_FORMS": "x"}):
        assert admin.post(url, form_data(**{"change": "add", **odd})).status_code == 200
    assert Scheme.objects.count() == 1


def test_a_new_version_begins_with_the_one_it_is_based_on(as_role: AsRole) -> None:
    admin = as_role("admin")
    scheme = drafted_by(admin)
    url = reverse("tiers:scheme_new")

    based = admin.get(url, {"based_on": scheme.pk}).context["bands"]

    assert [line["floor"].value() for line in based] == ["0", "60,000", "600,000"]
    assert len(admin.get(url).context["bands"].forms) == 4
    assert admin.get(url, {"based_on": "nonsense"}).status_code == 200
    assert admin.get(url, {"based_on": 10**9}).status_code == 404


def test_the_preview_counts_who_would_move(as_role: AsRole) -> None:
    for _n in range(3):
        moved_customer()
    run_both()

    admin = as_role("admin")
    url = reverse("tiers:scheme_preview")
    simulation = admin.post(url, form_data("0", "50000", "600000")).context["preview"].simulation

    assert (simulation.up, simulation.down, simulation.by_tier) == (0, 3, {1: 0, 2: 3, 3: 0})
    assert admin.post(url, form_data("0", "x")).context["preview"].fault
    assert admin.post(url, form_data("0", "9", "8")).context["preview"].fault
    assert admin.post(url, {}).status_code == 200


def test_movers_show_names_in_sight_and_amounts_to_those_who_may(as_role: AsRole, client_of: ClientOf) -> None:
    bank = make_head_office()
    mine, other = make_branch(parent=bank), make_branch(parent=bank)
    near, far = moved_customer(branch=mine), moved_customer(branch=other)
    run_both()
    url = reverse("tiers:movers")

    head = as_role("branch_head", branch=mine).get(url).content.decode()
    teller = as_role("teller", branch=mine).get(url).content.decode()

    assert near.customer_no in head
    assert near.customer_no in teller
    assert far.customer_no not in head + teller
    assert "523,456.78" in head
    assert "523,456.78" not in teller


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_movers_are_closed_to_who_sees_no_customers(as_role: AsRole, role: str) -> None:
    assert as_role(role).get(reverse("tiers:movers")).status_code == 403


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, 1),
        ({"direction": "up"}, 1),
        ({"direction": "down"}, 0),
        ({"since": "2026-11-21", "until": "2026-11-21"}, 1),
        ({"until": "2026-11-20"}, 0),
        ({"tier": "3"}, 1),
        ({"tier": "2"}, 0),
        ({"direction": "sideways"}, 0),
    ],
)
def test_movers_are_filtered(as_role: AsRole, params: dict[str, str], found: int) -> None:
    customer = moved_customer()
    run_both()

    page = as_role("branch_head", branch=customer.branch).get(reverse("tiers:movers"), params)

    assert page.status_code == 200
    assert len(page.context["listing"].rows) == found


def test_movers_of_one_branch_or_manager(as_role: AsRole) -> None:
    bank = make_head_office()
    manager = make_user(role="manager", branch=make_branch(parent=bank))
    moved_customer(manager=manager)
    moved_customer(branch=make_branch(parent=bank))
    run_both()
    client, url = as_role("head_office", branch=bank), reverse("tiers:movers")

    def rows(**params: str) -> int:
        return len(client.get(url, params).context["listing"].rows)

    assert [rows(), rows(branch=manager.branch.code), rows(manager=manager.staff_no)] == [2, 1, 1]


def test_movers_take_no_order_by_amount_from_who_sees_none(as_role: AsRole) -> None:
    customer = moved_customer()

    teller = as_role("teller", branch=customer.branch)

    assert teller.get(reverse("tiers:movers"), {"ordering": "-value"}).status_code == 400
    assert teller.get(reverse("tiers:movers"), {"value": "1"}).status_code == 400


def test_the_tier_tab_tells_why(as_role: AsRole) -> None:
    customer = moved_customer()
    run_both()
    url = reverse("tiers:of_customer", args=[customer.customer_no])

    head = as_role("branch_head", branch=customer.branch).get(url)
    teller = as_role("teller", branch=customer.branch).get(url)
    stranger = as_role("branch_head").get(url)

    assert "523,456.78" in head.content.decode()
    assert "523,456.78" not in teller.content.decode()
    assert "500,000" not in teller.content.decode()
    assert [row.change.on for row in teller.context["history"]] == [NEXT, DAY]
    assert stranger.status_code == 404


def test_lists_ask_the_database_as_often_for_many_rows(as_role: AsRole) -> None:
    branch = make_branch()
    client = as_role("branch_head", branch=branch)
    client.get(reverse("tiers:movers"))  # the first request of a session writes it
    counts = []
    for size in (3, 20):
        for _n in range(size):
            moved_customer(branch=branch)
        run_both()
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse("tiers:movers"))
        counts.append(len(caught))

    assert counts[0] == counts[1] < 15
