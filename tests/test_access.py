"""R01 and R02: every address x person x method has a declared answer, and what is not yours looks as if it were not."""

import re
from collections.abc import Iterator, Sequence

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.backends.django import Template
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from core import middleware
from tests.access_rules import (
    METHODS,
    SELDOM,
    Row,
    Rule,
)
from tests.access_table import API_NAMES, PAGES, TABLE
from tests.people import ANONYMOUS, EVERYBODY, PEOPLE, TOKEN, World
from tests.world import addresses, build, undone, unrecorded

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic(), unrecorded():  # type: ignore[attr-defined]
        yield build()
        transaction.set_rollback(True)


def address(row: Row, world: World, **instead: object) -> str:
    values = {**row.kwargs, **instead}
    for key, value in values.items():
        if isinstance(value, str) and value.startswith("record:"):
            values[key] = world.records[value.removeprefix("record:")].pk
    return reverse(row.name, kwargs=values)


def answer(response: object, is_api: bool) -> str:
    """What the answer means: in, sign in, refused, missing, no such method, or broken."""
    status = response.status_code  # type: ignore[attr-defined]
    if status == 302 and response.headers["Location"].startswith("/accounts/login/?next="):  # type: ignore[attr-defined]
        return "sign in"
    if status == 401:
        return "sign in" if is_api else "broken 401"
    if status >= 500 or status == 429:
        return f"broken {status}"
    return {403: "refused", 404: "missing", 405: "no method"}.get(status, "in")


def expected(rule: Rule | None, persona: str, is_api: bool) -> set[str]:
    if rule is None:
        return {"no method", "refused", "sign in", "missing", "sent away"}
    signed_in = persona in PEOPLE or (persona == TOKEN and is_api)
    if not signed_in and ANONYMOUS not in rule.inside | rule.missing:
        return {"sign in"}
    if persona in rule.inside:
        return {"in"}
    return {"missing"} if persona in rule.missing else {"refused"}


# Units and books make no difference where no record is named.
ONE_OF_EACH = (ANONYMOUS, TOKEN, *{role: persona for persona, (role, _unit) in reversed(PEOPLE.items())}.values())


def test_every_address_has_a_row():
    known = {name for name, _route, _view in addresses()}
    assert known - set(TABLE) == set(), "addresses without a declared answer"
    assert set(TABLE) - known == set(), "rows without an address"


def who_tries(row: Row, method: str) -> Sequence[str]:
    """Everybody what an address answers to, one of each role where it names no record; what it does not, somebody who
    may enter it and nobody known."""
    if getattr(row, method, None):
        return EVERYBODY if row.kwargs else ONE_OF_EACH
    rules = [rule for one in METHODS if (rule := getattr(row, one, None))]
    return (next((persona for persona in PEOPLE if any(persona in rule.inside for rule in rules)), "head"), ANONYMOUS)


def test_the_table_is_large_enough():
    cases = [who_tries(row, method) for row in TABLE.values() for method in METHODS if getattr(row, method)]
    assert sum(len(people) for people in cases) >= 1_500


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals without their page, a page written out for the first who gets it (test_languages reads it as everybody),
    and the schema of the API made once: here it only counts who gets which answer."""
    monkeypatch.setattr(middleware, "render", lambda *args, status, **kwargs: HttpResponse(status=status))
    write_out, written = Template.render, set()

    def once(page: Template, context: object = None, request: HttpRequest | None = None) -> str:
        place = (request.method, request.path, page.origin.name) if request else None
        if place in written:
            return ""
        written.add(place)
        return write_out(page, context, request)

    monkeypatch.setattr(Template, "render", once)
    make_schema, made = SchemaGenerator.get_schema, []

    def schema(*args: object, **kwargs: object) -> object:
        made[:] = made or [make_schema(*args, **kwargs)]
        return made[0]

    monkeypatch.setattr(SchemaGenerator, "get_schema", schema)


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("name", TABLE)
def test_each_person_gets_the_declared_answer(world: World, name: str):
    row, is_api = TABLE[name], name in API_NAMES
    wrong = []
    for method in (*METHODS, *SELDOM):
        rule = getattr(row, method, None)
        for persona in who_tries(row, method):
            with undone():
                kind = {"content_type": "application/json"} if is_api and method != "get" else {}
                response = getattr(world.client(persona), method)(address(row, world), **kind)
                got = answer(response, is_api)
                if rule is None and 300 <= response.status_code < 400 and got == "in":
                    got = "sent away"
            if got not in expected(rule, persona, is_api):
                wrong.append((method, persona, got, sorted(expected(rule, persona, is_api))))
    assert wrong == []


def refused_to(persona: str, world: World) -> Iterator[tuple[str, int]]:
    """Addresses that answer a person with a page of refusal, and its status."""
    yield "/no/such/page/", 404
    if persona in PEOPLE:
        yield next(address(row, world) for row in PAGES if expected(row.get, persona, False) == {"refused"}), 403


@pytest.mark.parametrize("persona", EVERYBODY)
def test_refusals_have_a_page_for_everybody(world: World, persona: str):
    for url, status in refused_to(persona, world):
        with undone():
            response = world.client(persona).get(url)
        assert response.status_code == status
        assert '<div class="empty">' in response.content.decode()


FOREIGN = [row for row in TABLE.values() if row.kwargs.get("customer_no")]
ONE_TIME = re.compile(rb'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+')


@pytest.mark.parametrize("persona", ["teller_b", "manager_b", "head_b", "other_manager"])
@pytest.mark.parametrize("name", [row.name for row in FOREIGN])
def test_a_foreign_record_looks_as_if_it_did_not_exist(world: World, name: str, persona: str):
    row, answers = TABLE[name], []
    for number in ("CUSTa", "CUSTx"):
        with undone():
            client = world.client(persona)
            response = getattr(client, "get" if row.get else "post")(address(row, world, customer_no=number))
        # The page repeats its own address and carries one-time tokens; nothing else may differ.
        body = ONE_TIME.sub(b"", response.content).replace(number.encode(), b"")
        headers = {key: value for key, value in response.headers.items() if key != "X-Request-ID"}
        answers.append((response.status_code, headers, body))
    assert answers[0] == answers[1]
    assert answers[0][0] in {403, 404}
