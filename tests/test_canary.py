"""R03: one customer of branch B, looked for from everywhere by everybody of branch A. Nothing of it may show."""

import json
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

import pytest
from django import forms
from django.db import transaction
from django.urls import reverse

from tests.access_table import PAGES, TABLE
from tests.people import TOKEN, World
from tests.world import build, undone, unrecorded

pytestmark = pytest.mark.django_db

PEOPLE_OF_A = ["teller", "lobby", "manager", "other_manager", "senior", "expert", "head"]
# What would give the customer away, however it is written.
TRACES = ["CUSTb", "欧阳娜娜", "ouyangnana", "13912345678", "139****5678", "11010519491231002X", "1101************2X"]
TRACES += ["62220000DEMANDb", "62220000TERMb", "note-about-b"]
SEARCHES = [*TRACES[:4], TRACES[5], "欧阳", "娜", "ouyang", "oynn", "5678", "B支行", "01B"]
LINK = re.compile(r'(?:href|data-href|hx-get|data-url|src)="(/[^"#]*)')
LEAVE = ("/accounts/", "/static/", "/health/", "/api/", "/gallery/", "/metrics")
FRAGMENTS = ["CUSTb", "欧阳", "oynn", "5678"]
MOST_PAGES = 120


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        yield build()
        transaction.set_rollback(True)


def traces(body: str, typed: str = "") -> list[str]:
    """What of the customer stands in an answer, apart from what was typed and is only repeated."""
    text = unescape(body)
    return [trace for trace in TRACES if trace in text and trace not in typed]


def crawl(world: World, persona: str) -> dict[str, str]:
    """Every page the person can reach by links and by the lists' own headings, filters and pagers."""
    starts = [reverse(row.name) for row in PAGES if row.get and not row.kwargs]
    waiting, seen = [url for url in starts if not url.startswith(LEAVE)], {}
    while waiting and len(seen) < MOST_PAGES:
        url = waiting.pop(0)
        if url in seen:
            continue
        with undone(), unrecorded():
            response = world.client(persona).get(url)
        seen[url] = response.content.decode() if response.status_code == 200 else ""
        found = {unescape(link) for link in LINK.findall(seen[url])}
        # Orders and filters are tried one by one below.
        waiting += sorted(link for link in found if not link.startswith(LEAVE) and "ordering=" not in link)
    return seen


@pytest.mark.parametrize("persona", PEOPLE_OF_A)
def test_no_page_within_reach_shows_a_trace(world: World, persona: str):
    pages = crawl(world, persona)
    assert len(pages) > 10
    assert {url: found for url, body in pages.items() if (found := traces(body))} == {}


def test_the_crawl_finds_the_customer_for_those_who_may_see_it(world: World):
    assert any(traces(body) for body in crawl(world, "head_b").values())
    shown = {trace for body in crawl(world, "manager_b").values() for trace in traces(body)}
    assert {"CUSTb", "欧阳娜娜", "139****5678", "note-about-b"} <= shown


LISTS = [row.name for row in PAGES if row.get and not row.kwargs and ":" in row.name]


# Lobby and senior managers have the lists of tellers and managers; experts and another manager a book as a manager has.
@pytest.mark.parametrize(
    "persona", [one for one in PEOPLE_OF_A if one not in {"lobby", "senior", "expert", "other_manager"}]
)
def test_no_list_finds_it_by_any_filter_or_order(world: World, persona: str):
    leaks = []
    for name in LISTS:
        client = world.client(persona)
        with undone():
            response = client.get(reverse(name))
        listing = (response.context or {}).get("listing") if response.status_code == 200 else None
        if listing is None:
            continue
        keys = [column.key for column in listing.columns if column.sort_url]
        queries = [("ordering", sign + key) for key in keys for sign in ("", "-")]
        texts = [name for name, field in listing.form.fields.items() if isinstance(field, forms.CharField)]
        queries += [(field, text) for field in texts for text in FRAGMENTS if field != "ordering"]
        for key, text in queries:
            with undone(), unrecorded():
                response = world.client(persona).get(reverse(name), {key: text})
            leaks += [(name, key, text, trace) for trace in traces(response.content.decode(), text)]
    assert leaks == []


SEARCH_FORMS = [("customers:find", "q"), ("servicing:counter_search", "q"), ("insights:palette", "q")]


@pytest.mark.parametrize("persona", PEOPLE_OF_A)
@pytest.mark.parametrize(("name", "field"), SEARCH_FORMS)
def test_no_search_box_finds_it(world: World, name: str, field: str, persona: str):
    leaks = []
    for text in SEARCHES:
        with undone():
            response = world.client(persona).post(reverse(name), {field: text}, follow=True)
        leaks += [(text, trace) for trace in traces(response.content.decode(), text)]
    assert leaks == []


API_LISTS = [
    *("customers-list", "consents-list", "interactions-list", "feeds-list", "tiers-list", "tiers-schemes"),
    *("follow-ups-list", "referrals-list"),
]
API_RECORDS = [name for name in TABLE if name.startswith("customers-") and TABLE[name].kwargs]


@pytest.mark.parametrize("persona", [*PEOPLE_OF_A, TOKEN])
def test_no_answer_of_the_api_shows_a_trace(world: World, persona: str):
    leaks, asked = [], 0
    for name in API_LISTS:
        address = reverse(name)
        for query in ("", "?ordering=name", "?ordering=-balance", *(f"?search={text}" for text in SEARCHES)):
            with undone():
                response = world.client(persona).get(urljoin("http://testserver", address + query))
            asked += 1
            leaks += [(name, query, trace) for trace in traces(response.content.decode(), query)]
    for name in API_RECORDS:
        with undone():
            method = "get" if TABLE[name].get else "post"
            response = getattr(world.client(persona), method)(reverse(name, args=["CUSTb"]))
        asked += 1
        leaks += [(name, "", trace) for trace in traces(response.content.decode())]
        assert response.status_code in {403, 404}
    assert leaks == []
    assert asked > 50


@pytest.mark.parametrize("persona", [*PEOPLE_OF_A, TOKEN])
@pytest.mark.parametrize("key", [{"phone": "13912345678"}, {"id_no": "11010519491231002X"}])
def test_finding_by_a_whole_number_stays_within_reach(world: World, persona: str, key: dict[str, str]):
    with undone():
        client = world.client(persona)
        response = client.post(reverse("customers-find"), json.dumps(key), content_type="application/json")
    assert response.status_code == 200
    assert "CUSTb" not in response.content.decode()
    assert json.loads(response.content)


def test_finding_works_for_those_who_may(world: World):
    with undone():
        body = json.dumps({"phone": "13912345678"})
        response = world.client("teller_b").post(reverse("customers-find"), body, content_type="application/json")
    assert "CUSTb" in response.content.decode()
