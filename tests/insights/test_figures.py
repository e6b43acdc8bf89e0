"""K13, K14: every figure of a report leads to rows that come to it, or to the figure itself in parts that add up."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from customers.models import CustomerPosition, FedDay
from insights.enums import ReportDimension, UnitKind
from insights.queries.reports import Figure, pivot_of
from insights.rules.figures import Place
from insights.rules.measures import MEASURES
from insights.rules.reports import Definition, figure_of
from insights.services.kpis import roll_up_kpis
from insights.views.figures import TITLES, figure_url
from staff.models import User
from tests import factories as make
from tests.conftest import ClientOf
from tests.factories import NOW, TODAY
from tests.factories_week import make_warning
from tests.insights.books import make_holder
from tests.insights.test_boards import CLOCKS, Bank, at, build

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MONTH_END = TODAY.replace(day=1) - DAY
# What the rows of a list of amounts add up to; elsewhere they are counted.
AMOUNTS = {"deposits": "balance", "adb": "adb", "maturing": "balance.value"}


@pytest.fixture(scope="module")
def bank(django_db_setup: None, django_db_blocker: Any) -> Iterator[Bank]:
    """The bank of the boards, with the close of the month before; made once, what a test adds is undone with it."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        for module in (*CLOCKS, "insights.views.ways"):
            patch.setattr(f"{module}.today", lambda: TODAY)
        made = build()
        happen(made)
        roll_up_kpis(business_day=MONTH_END, at=NOW)
        roll_up_kpis(business_day=TODAY, at=NOW)
        yield made
        transaction.set_rollback(True)


def happen(bank: Bank) -> None:
    """What the boards' bank lacks: customers who rose, fell and went within closed months, and deeds of the day."""
    manager, head = bank.people["manager"], bank.people["head"]
    FedDay.objects.create(on=date(2026, 8, 1), is_full=True)
    histories: list[dict[int, int | str]] = [{90: 100_000, 25: 0}, {90: 50_000, 2: 60_000}, {90: 9_000, 6: 8_000}]
    for history in histories:
        customer = make_holder(history, branch=bank.first, manager=manager, tier=1)
        make.make_follow_up(customer=customer, state="done", closed_at=NOW)
        make.make_follow_up(customer=customer, owner=head, kind="campaign", state="done", closed_at=NOW)
    make.make_follow_up(customer=customer, kind="campaign")
    make.make_complaint(customer=customer, received_on=TODAY, handler=head)
    make_warning(customer=customer, raised_on=TODAY)


class Reader:
    """Somebody who follows addresses; pages are not written out, only what they are told is kept."""

    def __init__(self, client: Client) -> None:
        self.client, self.told, self.lists = client, {}, {}

    def render(self, _name: Any, context: dict[str, Any], *_rest: Any, **_more: Any) -> str:
        self.told = context
        return ""

    def get(self, url: str) -> tuple[int, str]:
        answer = self.client.get(url)
        return answer.status_code, answer.headers.get("Location", "")

    def rows(self, url: str) -> list[Any]:
        """All rows of a list, through all its pages."""
        if url not in self.lists:
            found, following = [], url
            while following:
                assert self.get(following) == (200, ""), following
                listing = self.told["listing"]
                assert not listing.form.errors, (url, listing.form.errors)
                found += [row.object for row in listing.rows]
                following = listing.page.next_url
            self.lists[url] = found
        return self.lists[url]


@pytest.fixture
def reader_of(client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> Callable[[User], Reader]:
    def made(user: User) -> Reader:
        reader = Reader(client_of(user))
        monkeypatch.setattr("django.shortcuts.loader.render_to_string", reader.render)
        return reader

    return made


def figures(user: User, kind: str, unit: int, rows: str, columns: str) -> Iterator[Figure]:
    """Every figure but nought of reports of a unit over every measure there is, totals as well."""
    by, across = ReportDimension(rows), ReportDimension(columns)
    codes = [code for code, measure in MEASURES.items() if ReportDimension.TIER not in (by, across) or measure.by_tier]
    for n in range(0, len(codes), 10):
        asked = Definition(tuple(codes[n : n + 10]), by, across, UnitKind(kind), (unit,), period="last_day")
        if ReportDimension.MONTH in (by, across):
            asked = replace(asked, period="fixed", first=MONTH_END, last=TODAY)
        pivot = pivot_of(asked, user)
        for line in (*pivot.lines, *([pivot.total] if pivot.total else [])):
            yield from (cell for cell in line.cells if cell.value)


def follow(reader: Reader, figure: Figure) -> str:
    """Where a figure leads: "list" or "page"; its rows come to it, or the page says it in parts that add up."""
    status, url = reader.get(figure_url(figure.place))
    code = figure.place.code
    if status == 302:
        rows, amount = reader.rows(url), "part" if "bridge/rows" in url else AMOUNTS.get(code, "")
        assert (sum((at(row, amount) for row in rows), Decimal(0)) if amount else len(rows)) == figure.value, url
        return "list"
    assert status == 200, figure
    own, tables, sides = reader.told["own"].kept, reader.told["tables"], reader.told["sides"]
    assert own.figure == figure.value, figure
    for table in tables:
        parts = [*table.rows, *([table.rest] if table.rest else [])]
        sums = [sum((getattr(row.kept, name) for row in parts), Decimal(0)) for name in ("value", "base")]
        assert figure_of(own.place.measure, *sums) == own.figure, figure
        # Units of a region or the bank leave nothing over, but for hand-overs between them.
        if table.rest and not code.startswith("adb_handed"):
            assert figure.place.kind not in (UnitKind.BANK, UnitKind.REGION), (figure, table.title)
    assert [len(reader.rows(side.url)) for side in sides if side.url] == [side.value for side in sides if side.url]
    return "list" if sides[0].url else "page"


HELD = {"adb", "churn", "churn_closed", "customers", "deposits"}
OWN = HELD | {"adb_down", "adb_lost", "adb_up", "follow_ups", "overdue"}
OF_UNIT = OWN | {"adb_new", "calls", "complaints", "complaints_open", "contacts", "maturing", "moved_down", "moved_up"}
OF_BANK = {"calls", "complaints_open", "follow_ups", "moved_up", "overdue", "warnings"}


@pytest.mark.parametrize(
    ("who", "kind", "unit", "rows", "columns", "lists"),
    [
        ("manager", "person", "manager", "unit", "measure", OWN | {"maturing", "moved_up", "warnings"}),
        ("head", "branch", "first", "unit", "measure", OF_UNIT | {"warnings"}),
        ("head", "branch", "first", "measure", "tier", HELD),
        ("head", "person", "manager2", "unit", "measure", {"adb", "adb_up", "customers", "deposits", "moved_down"}),
        ("hq", "bank", "root", "month", "measure", OF_BANK),
    ],
)
def test_every_figure_leads_to_what_it_comes_to(
    bank: Bank,
    reader_of: Callable[[User], Reader],
    *,
    who: str,
    kind: str,
    unit: str,
    rows: str,
    columns: str,
    lists: set[str],
) -> None:
    """`lists` are the measures whose rows, or those that count of a share, have a list; no other figure is without."""
    reader, key = reader_of(bank.people[who]), (bank.people.get(unit) or getattr(bank, unit)).pk
    found = {one.place: one for one in figures(bank.people[who], kind, key, rows, columns)}
    led = {place: follow(reader, one) for place, one in found.items()}
    assert {place.code for place, way in led.items() if way == "list"} == lists


def place(bank: Bank, code: str = "deposits", **values: Any) -> Place:
    usual = {"kind": UnitKind.BRANCH, "units": (bank.first.pk,), "tiers": (), "first": TODAY, "last": TODAY}
    return Place(code, **{**usual, **values})


def test_a_figure_the_list_has_left_behind_says_so(bank: Bank, client_of: ClientOf) -> None:
    """What was handed over since the night stands on the list; the figure stays as it was kept."""
    client, url = client_of(bank.people["head"]), figure_url(place(bank, "customers"))
    assert client.get(url).headers["Location"].startswith(reverse("customers:list"))
    CustomerPosition.everything.filter(branch=bank.first).earliest("pk").delete()
    with translation.override("en"):
        page = client.get(url, headers={"accept-language": "en"})
    (side,) = page.context["sides"]
    assert (side.value, side.url, side.now) == (10, "", 9)
    text = page.content.decode()
    assert "9" in text.split("<dl", 1)[1].split("</dl>", 1)[0]
    # By people, and by tier: each part has what is behind it.
    assert [table.title for table in page.context["tables"]] == [str(TITLES["unit"]), str(TITLES["tier"])]
    assert text.count("/figures/?measure=customers") >= 2 * sum(len(one.rows) for one in page.context["tables"])
    assert page.context["night"].on == TODAY


def test_nobody_looks_behind_a_figure_out_of_sight(bank: Bank, client_of: ClientOf) -> None:
    of = {name: place(bank, kind=UnitKind.PERSON, units=(bank.people[name].pk,)) for name in ("manager", "manager2")}
    bank_wide, other = place(bank, kind=UnitKind.BANK, units=(bank.root.pk,)), place(bank, units=(bank.second.pk,))
    for who, seen, unseen in (
        ("manager", [of["manager"]], [of["manager2"], place(bank), bank_wide]),
        ("head", [of["manager2"], place(bank)], [other, bank_wide]),
        ("hq", [other, bank_wide], []),
    ):
        client = client_of(bank.people[who])
        assert {client.get(figure_url(one)).status_code for one in seen} <= {200, 302}
        assert [client.get(figure_url(one)).status_code for one in unseen] == [404] * len(unseen), who
        assert client.get(figure_url(place(bank, units=(), kind=of["manager"].kind))).status_code in (200, 302)
    url = reverse("insights:figure")
    for wrong in ({"last": "2026-02-31"}, {"measure": "x"}, {"kind": "x"}, {"units": "1.x"}, {"first": "2027-01-01"}):
        assert client.get(url, {**dict(parse_qsl(place(bank).query)), **wrong}).status_code == 400, wrong
    assert client.get(figure_url(place(bank, last=TODAY + DAY))).status_code == 404


def test_reports_and_measures_lead_behind_their_figures(bank: Bank, client_of: ClientOf) -> None:
    head = bank.people["head"]
    report = make.make_report(owner=head, branch=head.branch, name="存款")
    client = client_of(head)
    for url in (
        reverse("insights:report", args=[report.pk]),
        reverse("insights:measures"),
        reverse("insights:measure", args=["deposits"]),
    ):
        assert reverse("insights:figure") + "?measure=deposits&amp;kind=" in client.get(url).content.decode(), url
