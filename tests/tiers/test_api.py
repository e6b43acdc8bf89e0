"""The API of tiers, by token: scopes, four eyes, simulations, history."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIRequestFactory, force_authenticate

from core.clock import today
from staff.models import User
from tests.factories import make_branch, make_customer, make_head_office, make_token, make_user
from tests.tiers.ledgers import run, write_ledger
from tests.tiers.test_rules import EDGES
from tiers.api import CustomerTiersView
from tiers.models import Scheme

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
ROOT = "/api/v1/tiers/"


class Caller:
    """Asks the API as a person by a token."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.headers = {"Authorization": f"Bearer {make_token(user, *scopes)}"}

    def get(self, path: str) -> Any:
        return Client().get(ROOT + path, headers=self.headers)

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        text = json.dumps({} if body is None else body)
        return Client().post(ROOT + path, text, content_type="application/json", headers={**self.headers, **headers})


@pytest.fixture
def admin() -> Caller:
    return Caller(make_user(role="admin"), "tiers:read", "tiers:write", "tiers:write")


@pytest.fixture
def officer() -> Caller:
    return Caller(make_user(role="head_office", branch=make_head_office()), "tiers:read", "tiers:write")


def body(*floors: str) -> dict[str, Any]:
    return {
        "name": "新方案",
        "measure": "adb_month",
        "effective_on": (today() + timedelta(days=30)).isoformat(),
        "note": "利率调整",
        "bands": [
            {"floor": floor, "letter": "ABCDEFGH"[n], "name_zh": f"第{n}档", "name_en": f"Tier {n}"}
            for n, floor in enumerate(floors)
        ],
    }


def test_the_scheme_in_force(admin: Caller) -> None:
    found = admin.get("").json()

    assert (found["version"], found["measure"], found["status"]) == (1, "balance", "approved")
    assert [(band["rank"], band["floor"]) for band in found["bands"]] == [
        (1, "0.00"),
        (2, "50000.00"),
        (3, "500000.00"),
        (4, "3000000.00"),
    ]


def test_a_version_takes_two_people(admin: Caller, officer: Caller) -> None:
    made = admin.post("schemes/", body("0", "60000")).json()
    path = f"schemes/{made['id']}/"

    assert admin.post(f"{path}submit/").json()["status"] == "submitted"
    alone = admin.post(f"{path}approve/")
    assert (alone.status_code, alone.json()["error"]["code"]) == (400, "self_approval")
    stale = officer.post(f"{path}approve/", {"digest": "0" * 64})
    assert (stale.status_code, stale.json()["error"]["code"]) == (400, "stale_approval")
    done = officer.post(f"{path}approve/", {"digest": made["digest"], "comment": "同意"}).json()

    assert (done["status"], done["approved_by"]) == ("approved", Scheme.objects.get(pk=made["id"]).approved_by.staff_no)
    assert [scheme["version"] for scheme in admin.get("schemes/").json()["results"]] == [2, 1]


def test_a_version_is_sent_back(admin: Caller, officer: Caller) -> None:
    made = admin.post("schemes/", body("0", "60000")).json()
    admin.post(f"schemes/{made['id']}/submit/")

    assert officer.post(f"schemes/{made['id']}/reject/", {"comment": "太高"}).json()["status"] == "rejected"


def test_a_retried_draft_makes_one_version(admin: Caller) -> None:
    answers = [admin.post("schemes/", body("0", "60000"), **{"Idempotency-Key": "k1"}) for _n in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Scheme.objects.count() == 2


@pytest.mark.parametrize("floors", [("0",), ("1", "2"), ("0", "5", "4"), ("0", "x"), ("0", "0.001")])
def test_bounds_that_make_no_policy_are_refused(admin: Caller, floors: tuple[str, ...]) -> None:
    answer = admin.post("schemes/", body(*floors))

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in {"invalid", "bands_refused"}
    assert Scheme.objects.count() == 1


def test_every_field_of_a_version_goes_in_and_out(admin: Caller) -> None:
    said = body("0", "60000") | {
        "measure": "best",
        "best_of": ["adb_trailing", "balance"],
        "trailing_days": 90,
        "counted": ["term", "demand"],
        "watch_periods": 3,
    }

    made = admin.post("schemes/", said).json()

    kept = {name: made[name] for name in ("measure", "trailing_days", "watch_periods", "best_of", "counted")}
    assert kept == {
        "measure": "best",
        "trailing_days": 90,
        "watch_periods": 3,
        "best_of": ["balance", "adb_trailing"],
        "counted": ["demand", "term"],
    }
    assert admin.get("schemes/").json()["results"][0] == made
    usual = admin.post("schemes/", body("0", "60000")).json()
    fields = ("trailing_days", "best_of", "counted", "watch_periods")
    assert [usual[name] for name in fields] == [30, [], [], 0]


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"trailing_days": 1}, "trailing_days", "min_value"),
        ({"trailing_days": "x"}, "trailing_days", "invalid"),
        ({"measure": "best", "best_of": ["balance"]}, "best_of", "best_of"),
        ({"measure": "best", "best_of": ["balance", "gold"]}, "best_of.1", "invalid_choice"),
        ({"measure": "guess"}, "measure", "invalid_choice"),
        ({"counted": ["gold"]}, "counted.0", "invalid_choice"),
        ({"counted": "demand"}, "counted", "not_a_list"),
        ({"watch_periods": 13}, "watch_periods", "max_value"),
        ({"bands": body("0", "5", "4")["bands"]}, "bands", "floors_not_ascending"),
        ({"bands": body("1", "5")["bands"]}, "bands", "first_floor_not_zero"),
    ],
)
def test_what_makes_no_version_names_the_field_and_says_why(
    admin: Caller, wrong: dict[str, Any], field: str, code: str
) -> None:
    answer = admin.post("schemes/", body("0", "60000") | wrong)

    found = answer.json()["error"]["fields"]
    assert (answer.status_code, {name: faults[0]["code"] for name, faults in found.items()}) == (400, {field: code})
    assert Scheme.objects.count() == 1


def test_scopes_decide(officer: Caller) -> None:
    reader = Caller(make_user(role="teller"), "tiers:read")

    assert reader.get("").status_code == 200
    assert reader.post("schemes/", body("0", "1")).status_code == 403
    assert reader.post("schemes/1/approve/").status_code == 403
    assert reader.post("simulations/", {"bounds": ["0", "1"]}).status_code == 403
    assert Caller(make_user(role="admin"), "tiers:read").post("simulations/", {"bounds": ["0", "1"]}).status_code == 403
    assert Client().get(ROOT).status_code == 401
    assert officer.post("schemes/999999/submit/").status_code == 404


def test_a_simulation_answers_heads_and_matrix(admin: Caller) -> None:
    for value, _rank in EDGES:
        customer = make_customer(tier=0, position={"on": None})
        write_ledger({customer.pk: {DAY: Decimal(value)}}, DAY)
    run(DAY)

    found = admin.post("simulations/", {"bounds": ["0", "500000"], "measure": "balance", "on": "2026-11-20"}).json()

    assert found == {
        "measure": "balance",
        "on": "2026-11-20",
        "bounds": ["0.00", "500000.00"],
        "by_tier": {"1": 6, "2": 4},
        "matrix": {
            "1": {"1": 4, "2": 0},
            "2": {"1": 2, "2": 0},
            "3": {"1": 0, "2": 2},
            "4": {"1": 0, "2": 2},
        },
        "up": 0,
        "down": 6,
        "watch": 0,
    }
    assert admin.post("simulations/", {"bounds": ["0", "500000"]}).json()["by_tier"] == found["by_tier"]


def test_a_simulation_of_nonsense_names_the_field(admin: Caller) -> None:
    answer = admin.post("simulations/", {"bounds": ["0", "5", "4"]})

    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["bounds"])


def test_a_region_simulates_its_own_branches() -> None:
    bank = make_head_office()
    branch = make_branch(parent=bank, kind="region")
    for home in (branch, bank):
        customer = make_customer(tier=0, branch=home, position={"on": None})
        write_ledger({customer.pk: {DAY: Decimal(60_000)}}, DAY)
    region = Caller(make_user(role="head_office", branch=branch), "tiers:write")

    assert region.post("simulations/", {"bounds": ["0", "50000"]}).json()["by_tier"] == {"1": 0, "2": 1}


def test_the_history_of_a_customer() -> None:
    customer = make_customer(tier=0, position={"on": None})
    write_ledger({customer.pk: {DAY: Decimal("523456.78")}}, DAY)
    run(DAY)

    def asked(role: str, **fields: Any) -> Any:
        request = APIRequestFactory().get("/")
        force_authenticate(request, make_user(role=role, **fields))
        return CustomerTiersView.as_view()(request, customer_no=customer.customer_no)

    change = {
        "on": "2026-11-20",
        "event": "first",
        "from_tier": 0,
        "to_tier": 3,
        "from_ruled": None,
        "to_ruled": None,
        "from_watch": None,
        "to_watch": None,
        "override_until": None,
        "scheme": 1,
        "measure": "balance",
        "value": "523456.78",
        "window_from": "2026-11-20",
        "window_to": "2026-11-20",
    }
    assert asked("branch_head", branch=customer.branch).data["results"] == [change]
    assert asked("teller", branch=customer.branch).data["results"] == [{**change, "value": None}]
    assert asked("branch_head").status_code == 404
    assert asked("admin").status_code == 403
