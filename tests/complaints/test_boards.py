"""The inbox, the board and the statistics: one filter, one scope, and numbers that equal the rows behind them."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import HttpRequest, QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.enums import CaseState, Grade, Source
from complaints.filters.inbox import INBOX, tiles
from complaints.models import Complaint
from complaints.queries.boards import STATES, counts_by_state
from complaints.queries.inbox import band_is, cases_for, timing_is
from complaints.rules.statistics import Figures, per_thousand, percent, spans, total
from complaints.views.inbox import CASE_LIST
from core.clock import today
from core.models import TrailEntry
from staff.models import User
from tests import factories as make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LAW = ("on_time", "late")


@pytest.fixture
def bank() -> SimpleNamespace:
    """Two branches with cases in every state and of every band; the head of the first is complained of in one."""
    top = make.make_head_office()
    units = [make.make_branch(parent=top), make.make_branch(parent=top)]
    head, other_head = (make.make_user(role="branch_head", branch=unit) for unit in units)
    manager, teller = (make.make_user(role=role, branch=units[0]) for role in ("manager", "teller"))
    hq = make.make_user(role="head_office", branch=top)
    customer = make.make_customer(branch=units[0], manager=manager)
    stranger = make.make_customer(branch=units[1])
    day = today()
    about = {"customer": customer, "registered_by": teller, "desk": units[0]}
    made = {}
    for n, state in enumerate(CaseState):
        due = day + timedelta(days=n * 2 - 3)
        made[state] = make.make_complaint(
            state=state,
            summary=f"case-{state}",
            received_on=due - 15 * DAY,
            answered_on=due + (n - 5) * DAY if state in (CaseState.ANSWERED, CaseState.CLOSED) else None,
            closed_on=day if state in (CaseState.CLOSED, CaseState.WITHDRAWN) else None,
            handler=manager if n % 2 else None,
            category="fees" if n % 3 else "service",
            cause="slow" if n > 4 else "",
            **about,
        )
    secret = make.make_complaint(summary="against-the-head", named=(head,), desk=top, branch=units[0])
    far = make.make_complaint(customer=stranger, summary="elsewhere", grade=Grade.CRITICAL, source=Source.PHONE)
    return SimpleNamespace(**locals())


def names(user: User, query: str = "") -> set[str]:
    """What the list shows somebody, by its own filter without its page."""
    request = HttpRequest()
    request.user, request.GET = user, QueryDict(query)
    rows = INBOX.select(request.GET, cases_for(user), amounts=False, request=request).queryset
    return {row.summary for row in rows}


def test_who_sees_which_cases_and_the_recused_see_none(bank, client_of):
    mine = {f"case-{state}" for state in CaseState}
    everything = mine | {"against-the-head", "elsewhere"}
    seen = {
        bank.hq: everything,
        bank.head: mine,
        bank.other_head: {"elsewhere"},
        bank.manager: mine,
        bank.teller: mine,
        make.make_user(role="teller", branch=bank.units[0]): set(),
        make.make_user(role="manager", branch=bank.units[0]): set(),
    }
    for user, expected in seen.items():
        assert names(user, "state=all") == expected
        assert set(CASE_LIST.rows(user).values_list("summary", flat=True)) == expected  # as a file, too
    page = client_of(bank.head).get(reverse("complaints:inbox"), {"state": "all"})
    assert {row.object.summary for row in page.context["listing"].rows} == mine
    board = client_of(bank.head).get(reverse("complaints:board")).content.decode()
    assert "against-the-head" not in board
    figures = client_of(bank.head).get(reverse("complaints:statistics"), {"since": "2026-01-01"})
    assert figures.context["board"].total.figures.cases == len(mine)
    assert names(bank.head, f"state=all&number={bank.secret.number}") == set()


def test_the_next_deadline_is_the_first_clock_that_runs(bank):
    def next_due(**fields: object) -> date | None:
        case = make.make_complaint(branch=bank.units[0], customer=bank.customer, **fields)
        return Complaint.everything.get(pk=case.pk).next_due_on

    day = today()
    clocks = {"due_on": day + 9 * DAY, "internal_due_on": day + 5 * DAY, "contact_due_on": day + DAY}
    assert next_due(**clocks) == day + DAY
    assert next_due(**clocks, contacted_on=day) == day + 5 * DAY
    assert next_due(**clocks, complainant="anonymous") == day + 5 * DAY
    assert next_due(**{**clocks, "internal_due_on": None}, contacted_on=day) == day + 9 * DAY
    assert next_due(**clocks, state="closed") is None


def test_every_count_equals_the_rows_behind_it(bank):
    rows, day = cases_for(bank.hq), today()
    for tile in tiles(rows):
        assert int(tile.value) == len(names(bank.hq, tile.url.split("?")[1])), tile.label
    for clock in ("next_due_on", "due_on"):
        banded = [set(rows.filter(band_is(band, day, clock))) for band in ("overdue", "today", "soon", "week", "later")]
        assert sum(map(len, banded)) == len(set().union(*banded)) == rows.filter(state__in=STATES[:5]).count()
    timed = [rows.filter(timing_is(part, day)).count() for part in ("on_time", "late", "running", "none")]
    assert sum(timed) == rows.count() == len(CaseState) + 2
    assert rows.filter(timing_is("none", day)).get().state == CaseState.WITHDRAWN
    # Answered before the deadline and on it; late are those whose deadline passed without an answer.
    on_time, late = (set(rows.filter(timing_is(part, day)).values_list("state", flat=True)) for part in LAW)
    assert (on_time, late) == ({CaseState.ANSWERED, CaseState.CLOSED}, {CaseState.REGISTERED, CaseState.ACCEPTED})
    Complaint.everything.filter(state=CaseState.ANSWERED).update(answered_on=day + 6 * DAY)
    assert rows.filter(timing_is("late", day), state=CaseState.ANSWERED).exists()


LINK = re.compile(r'href="(/complaints/\?[^"]+)"[^>]*>\s*(?:<span[^>]*>)?\s*(\d+)\s*<')


def test_every_number_of_the_statistics_leads_to_exactly_its_cases(bank, client_of):
    client, checked = client_of(bank.hq), 0
    for by in ("received", "closed"):
        for more in ("", f"&unit={bank.units[0].code}&area={bank.top.code}&category=fees"):
            page = client.get(f"{reverse('complaints:statistics')}?by={by}&since=2026-01-01&until=2026-12-31{more}")
            links = set(LINK.findall(page.content.decode()))
            assert links
            for url, number in links:
                assert len(names(bank.hq, unescape(url).split("?")[1])) == int(number), url
                checked += 1
            board = page.context["board"]
            for table in board.tables:
                assert total(line.figures for line in table.lines) == board.total.figures, table.key
    assert checked > 60
    # Ten cases of two customers; of the second unit one of one.
    for unit, expected in (("", "5000.00"), (bank.units[1].code, "1000.00")):
        page = client.get(reverse("complaints:statistics"), {"since": "2026-01-01", "unit": unit})
        assert page.context["board"].total.per_thousand == Decimal(expected)


def test_the_regulators_file_adds_up_and_stands_on_the_trail(bank, client_of):
    client = client_of(bank.hq)
    url = f"{reverse('complaints:statistics_file')}?since=2026-01-01&until=2026-12-31"
    text = b"".join(client.post(url, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    lines = [line.split(",") for line in text.splitlines() if line]
    *parts, sums = [line for line in lines if len(line) > 10 and line[3].isdecimal()]
    assert int(sums[3]) == sum(int(line[3]) for line in parts) == len(names(bank.hq, "state=all"))
    assert {(line[0], line[2]) for line in parts} >= {(bank.units[0].code, "收费与利息")}
    entry = TrailEntry.objects.get(subject="complaints.statistics")
    assert entry.actor_no == bank.hq.staff_no
    assert entry.changes["cases"] == len(CaseState) + 2
    assert b"".join(client.post(url, {"format": "xlsx"}).streaming_content)[:2] == b"PK"
    assert client.post(url, {"format": "exe"}).status_code == 400


def test_the_board_offers_only_allowed_moves_and_takes_those_without_words(bank, client_of):
    client = client_of(bank.head)
    page = client.get(reverse("complaints:board"))
    lanes = {lane.state: lane for lane in page.context["lanes"]}
    counts = counts_by_state(cases_for(bank.head))
    assert {state: lane.count for state, lane in lanes.items()} == {state: counts.get(state, 0) for state in STATES}
    assert [step.lands_in for step in lanes[CaseState.ACCEPTED].cards[0].steps] == ["investigating", ""]
    case = bank.made[CaseState.ACCEPTED]
    assert case.handler_id, "an accepted case with a handler"
    url = reverse("complaints:board_move", args=[case.number, "investigate"])
    done = client.post(url, headers={"hx-request": "true"})
    assert 'id="board-said"' in done.content.decode()
    case.refresh_from_db(fields=["state"])
    assert case.state == CaseState.INVESTIGATING
    assert client.post(url, headers={"hx-request": "true"}).context["is_bad"]
    assert client.post(reverse("complaints:board_move", args=[case.number, "close"])).status_code == 404
    assert client.post(reverse("complaints:board_move", args=[bank.secret.number, "accept"])).status_code == 404
    lane = client.get(reverse("complaints:board_lane", args=["investigating"]))
    assert len(lane.context["lane"].cards) == 2
    assert client.get(reverse("complaints:board_lane", args=["closed"])).status_code == 404
    assert client.get(reverse("complaints:board"), {"state": "closed"}).status_code == 400


def test_several_cases_go_to_one_handler_and_the_others_are_told(bank, client_of):
    client, url = client_of(bank.head), reverse("complaints:assign_several")
    numbers = [case.number for case in (*bank.made.values(), bank.secret)]
    asked = client.post(url, {"selected": numbers})
    assert (asked.context["missing"], asked.context["count"], asked.context["changing"]) == (1, 8, 6)
    done = client.post(url, {"selected": numbers, "handler": bank.teller.staff_no})
    assert done.context["count"] == 6
    assert Complaint.everything.filter(handler=bank.teller).count() == 6
    again = client.post(url, {"matching": "state=registered", "handler": bank.teller.staff_no})
    assert (again.context["count"], len(again.context["refusals"])) == (0, 1)
    assert client_of(bank.manager).post(url, {"selected": numbers}).status_code == 403


def test_pages_ask_the_same_number_of_questions_however_many_cases(bank, client_of):
    def queries(user: object) -> list[int]:
        client, found = client_of(user), []
        for name in ("inbox", "board", "statistics"):
            url = reverse(f"complaints:{name}")
            client.get(url)
            with CaptureQueriesContext(connection) as caught:
                client.get(url)
            found.append(len(caught))
        return found

    before = {user: queries(user) for user in (bank.hq, bank.head)}
    for n in range(40):
        make.make_complaint(customer=bank.customer, handler=bank.manager, desk=bank.units[0], category=f"c{n % 4}")
    assert {user: queries(user) for user in before} == before


def test_figures_and_periods():
    assert Figures(10, 6, 2, 1, 1).rate == Decimal("75.0")
    assert Figures(3, 0, 0, 3, 0).rate is None
    assert (percent(1, 3), percent(2, 3), percent(1, 0)) == (Decimal("33.3"), Decimal("66.7"), None)
    assert (per_thousand(5, 3000), per_thousand(1, 0)) == (Decimal("1.67"), None)
    assert total([Figures(1, 1), Figures(2, 0, 1, 1)]) == Figures(3, 1, 1, 1)
    assert spans(date(2026, 1, 3)) == {
        "month": (date(2026, 1, 1), date(2026, 1, 3)),
        "last_month": (date(2025, 12, 1), date(2025, 12, 31)),
        "quarter": (date(2026, 1, 1), date(2026, 1, 3)),
        "year": (date(2026, 1, 1), date(2026, 1, 3)),
        "last_year": (date(2025, 1, 1), date(2025, 12, 31)),
    }
