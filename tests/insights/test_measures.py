"""Pages, words and API of key figures: who sees whose, and that pages show what is kept."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from customers.models import FedDay
from insights.forms.definitions import DEFINITIONS
from insights.models import Kpi, KpiDay
from insights.queries.definitions import definition_of, definitions_on, label_of
from insights.queries.reports import units_in_sight
from insights.rules.measures import BUILT_IN, MEASURES
from staff.models import Branch, User
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.insights.test_kpis import define

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def bank() -> dict[str, Any]:
    """A head office, a region, two branches with a head and a manager each; a figure of 100 times the key for all."""
    top = make.make_head_office()
    region = make.make_branch(parent=top, kind="region")
    a, b = make.make_branch(parent=region), make.make_branch(parent=region)
    people: dict[str, Any] = {"top": top, "region": region, "a": a, "b": b}
    for name, role, unit in (("hq", "head_office", top), ("head", "branch_head", a), ("me", "manager", a)):
        people[name] = make.make_user(role=role, branch=unit, password="")
    people["colleague"] = make.make_user(role="manager", branch=a, password="")
    people["other"] = make.make_user(role="manager", branch=b, password="")
    FedDay.objects.create(on=TODAY, is_full=True)
    units = [("bank", top, top), ("region", region, region), ("branch", a, a), ("branch", b, b)]
    units += [("person", people[name], people[name].branch) for name in ("me", "colleague", "other")]
    for ago in range(3):
        KpiDay.objects.create(on=TODAY - ago * DAY, made_at=NOW)
        for kind, unit, home in units:
            for measure, base in (("adb", None), ("contacts", None), ("churn", Decimal(100_000))):
                _row(kind, unit.pk, home, measure, TODAY - ago * DAY, Decimal(100 * unit.pk - ago), base)
    return people


def _row(kind: str, unit: int, home: Branch, measure: str, on: date, value: Decimal, base: Decimal | None) -> None:
    Kpi.everything.create(on=on, unit_kind=kind, unit_id=unit, branch=home, measure=measure, value=value, base=base)


def get(user: User, name: str, *args: str, **params: str) -> tuple[int, dict[str, Any]]:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse(name, args=args), params)
    return answer.status_code, answer.context or {}


def test_a_page_shows_the_kept_figures_of_a_unit_and_of_what_lies_below(bank: dict[str, Any]) -> None:
    status, page = get(bank["hq"], "insights:measure", "adb")
    assert status == 200
    assert (page["own"].figure, page["own"].change) == (100 * bank["top"].pk, 2)
    assert [(row.name, row.figure) for row in page["rows"]] == [(bank["region"].name, 100 * bank["region"].pk)]
    assert list(page["chart"].series[0].values) == [100 * bank["top"].pk - ago for ago in (2, 1, 0)]

    status, page = get(bank["hq"], "insights:measure", "contacts", unit=bank["region"].code)
    assert page["own"].figure == 300 * bank["region"].pk - 3
    assert {row.name: row.figure for row in page["rows"]} == {
        bank[unit].name: 300 * bank[unit].pk - 3 for unit in ("a", "b")
    }

    status, page = get(bank["head"], "insights:measure", "churn")
    assert page["own"].figure == (Decimal(100 * bank["a"].pk) / 1000).quantize(Decimal("0.1"))
    assert {row.name for row in page["rows"]} == {bank["me"].name, bank["colleague"].name}

    status, page = get(bank["me"], "insights:measures")
    found = {one.row.measure.code: one.row.figure for one in page["listed"]}
    assert (found["adb"], found["contacts"]) == (100 * bank["me"].pk, 300 * bank["me"].pk - 3)
    assert set(found) == set(MEASURES) - {"satisfaction_squares"}


def test_nobody_sees_figures_out_of_sight(bank: dict[str, Any]) -> None:
    page = "insights:measure"
    assert get(bank["me"], page, "adb", person=bank["colleague"].staff_no)[0] == 404
    assert get(bank["me"], page, "adb", unit=bank["a"].code)[0] == 404
    assert get(bank["head"], page, "adb", unit=bank["b"].code)[0] == 404
    assert get(bank["head"], page, "adb", person=bank["other"].staff_no)[0] == 404
    assert get(bank["head"], page, "adb", unit=bank["top"].code)[0] == 404
    assert get(bank["head"], page, "adb", person=bank["me"].staff_no)[0] == 200
    assert get(bank["hq"], page, "satisfaction_squares")[0] == 404
    assert get(bank["hq"], page, "adb", team="1" * 30)[0] == 404
    team = make.make_team(branch=bank["a"], lead=bank["me"])
    assert get(bank["me"], page, "adb", team=str(team.pk))[0] == 200
    assert get(bank["colleague"], page, "adb", team=str(team.pk))[0] == 404


def test_a_lead_who_moved_sees_the_team_they_left_no_more(bank: dict[str, Any]) -> None:
    """The team may name them as long as its head does not change it."""
    lead = bank["me"]
    team = make.make_team(branch=bank["a"], members=(bank["colleague"],), lead=lead)
    _row("team", team.pk, bank["a"], "adb", TODAY, Decimal(7), None)

    def seen() -> list[bool]:
        user = User.objects.get(pk=lead.pk)
        kept = Kpi.objects.visible_to(user).filter(unit_kind="team", unit_id=team.pk)
        status, _page = get(user, "insights:measure", "adb", team=str(team.pk))
        return [status == 200, kept.exists(), team.pk in units_in_sight(user, "team")]

    assert seen() == [True] * 3
    User.objects.filter(pk=lead.pk).update(branch=bank["b"])
    assert seen() == [False] * 3


def test_the_api_gives_the_same_by_pages(bank: dict[str, Any]) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make.make_token(bank['head'], 'kpis:read')}")
    url = reverse("kpis-list")

    rows = client.get(url, {"measures": ["churn"], "since": TODAY.isoformat()}).json()["results"]

    churn = Decimal(100 * bank["a"].pk).quantize(Decimal("0.01"))
    assert rows == [
        {
            "on": TODAY.isoformat(),
            "kind": "branch",
            "unit_id": bank["a"].pk,
            "measure": "churn",
            "tier": None,
            "value": f"{churn}",
            "base": "100000.00",
            "figure": f"{(churn / 1000).quantize(Decimal('0.1'))}",
        }
    ]
    mine = client.get(url, {"unit": bank["me"].staff_no}).json()["results"]
    assert [row["unit_id"] for row in mine] == [bank["me"].pk] * 9
    assert client.get(url, {"unit": bank["b"].code}).status_code == 404
    assert client.get(url, {"unit": bank["other"].staff_no}).status_code == 404
    assert client.get(url, {"measures": "market_share"}).status_code == 400


def test_definitions_say_the_numbers_in_force() -> None:
    assert definition_of("churn", TODAY).version == 0
    define(TODAY - DAY, 1, churn_fall=70, churn_inactive=200)
    found = definition_of("churn", TODAY)
    assert (found.version, "70" in found.text, "200" in found.text) == (1, True, True)
    assert definitions_on(TODAY).maturing_days == BUILT_IN["maturing_days"]
    for code in MEASURES:
        assert label_of(code)
        assert "{" not in definition_of(code, TODAY).text

    form = DEFINITIONS.form({**BUILT_IN, "churn_fall": 101}, kind=DEFINITIONS, values=BUILT_IN)
    assert not form.is_valid()
    assert "churn_fall" in form.errors
    given = {**BUILT_IN, "churn_fall": 60, "effective_on": TODAY.isoformat(), "note": "x"}
    form = DEFINITIONS.form(given, kind=DEFINITIONS, values=BUILT_IN)
    assert form.is_valid(), form.errors
    assert DEFINITIONS.read(form.typed_values()).churn_fall == 60
