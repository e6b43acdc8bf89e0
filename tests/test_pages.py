"""R06 and R27: lists cost the same however long they are, and no page holds script, style or anything from outside."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import trail
from core.models import Job
from customers.models import Feed, PositionChange
from tests import factories as make
from tests.access_table import API, PAGES
from tests.factories import NOW, TODAY
from tests.people import ANONYMOUS, PEOPLE, TOKEN, World
from tests.strictness import faults
from tests.world import build, undone
from tiers.models import TierChange

pytestmark = pytest.mark.django_db

READERS = ["head", "manager", "teller", "admin", "auditor"]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        yield build()
        transaction.set_rollback(True)


def add_rows(world: World, count: int) -> None:
    """`count` more of everything a list shows, in sight of everybody of branch A."""
    branch, manager = world.branches["A"], world.users["manager"]
    for n in range(count):
        customer = make.make_customer(branch=branch, manager=manager, tier=n % 4 + 1, phone="13800138000")
        make.make_term_account(customer=customer, matures_in=n % 20)
        make.make_interaction(customer=customer, author=world.users["teller"])
        make.make_user(branch=branch)
        PositionChange.objects.create(customer=customer, on=TODAY, total=1000 + n, day_sum=1000 + n)
        TierChange.everything.create(
            customer=customer,
            on=TODAY,
            event="up",
            from_tier=1,
            to_tier=2,
            scheme=make.first_scheme(),
            measure="balance",
            value=60_000,
            window_from=TODAY,
            window_to=TODAY,
            branch=branch,
            manager=manager,
        )
        Feed.objects.create(
            kind="balances", business_date=TODAY, file_name=f"{n}.csv", actor_no="NO-admin", created_at=NOW
        )
        day = TODAY - timedelta(days=n)
        key = str(make.number())
        Job.objects.create(name="test.many", key=key, business_day=day, due_at=NOW, created_at=NOW, state="done")
        trail.record(actor=trail.NIGHT, action="run", subject="test", subject_id=n, at=NOW)


def counted(world: World, persona: str, url: str) -> int | None:
    """How many queries the page takes; None when it is not this person's."""
    with undone():
        client = world.client(persona)
        if client.get(url).status_code != 200:
            return None
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
    return len(queries)


SLOW = {"api_schema", "insights:liveness"}  # no lists of rows
LISTS = {row.name: row.get for row in (*PAGES, *API) if row.get and not row.kwargs and row.name not in SLOW}


def test_lists_cost_the_same_for_3_and_100_rows(world: World):
    # Each list for the one who sees most of it: rows cost the same whoever reads them.
    may = {name: [one for one in READERS if one in rule.inside] for name, rule in LISTS.items()}
    asked = [(name, persona) for name, people in may.items() for persona in people[:1]]
    with undone():
        add_rows(world, 3)
        few = {(name, persona): counted(world, persona, reverse(name)) for name, persona in asked}
        add_rows(world, 97)
        shown = [key for key in asked if few[key] is not None]
        many = {key: counted(world, key[1], reverse(key[0])) for key in shown}
    grown = {key: (few[key], many[key]) for key in shown if few[key] != many[key]}
    assert grown == {}
    assert sum(count is not None for count in few.values()) > 30


@pytest.mark.parametrize("url", ["/no/such/page/", "/people/?nonsense=1", "/trail/", "/accounts/login/"])
@pytest.mark.parametrize("persona", [ANONYMOUS, "admin", TOKEN])
def test_error_pages_hold_none_either(world: World, persona: str, url: str):
    with undone():
        assert faults(world.client(persona).get(url).content.decode()) == []


@pytest.mark.parametrize("url", ["/", "/accounts/login/", "/no/such/page/", "/api/docs/", "/api/v1/customers/"])
def test_the_browser_is_told_to_be_strict(world: World, url: str):
    with undone():
        headers = world.client("head").get(url).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";") if part.strip())
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert not re.search(r"unsafe|\*|https?:", headers["Content-Security-Policy"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("persona", PEOPLE)
def test_every_place_of_the_navigation_can_be_entered(world: World, persona: str):
    with undone():
        client = world.client(persona)
        places = client.get("/", follow=True).context["nav"]
        assert len(places) >= 2
        assert {place.url: client.get(place.url, follow=True).status_code for place in places} == {
            place.url: 200 for place in places
        }
        current = [place.url for place in client.get(places[-1].url, follow=True).context["nav"] if place.active]
        assert places[-1].url in current


def test_cookies_are_kept_from_scripts(world: World):
    client = world.client(ANONYMOUS)
    with undone():
        user = world.users["teller"]
        response = client.post("/accounts/login/", {"login": user.username, "password": make.PASSWORD})
    session = response.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
