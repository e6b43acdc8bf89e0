import json
import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import translation

from core.errors import DomainError
from core.middleware import ClientAddressMiddleware
from core.trail import request_id
from depositcrm.urls import handler400, handler403, handler404, handler500
from depositcrm.urls import urlpatterns as product
from tests.factories import make_user

__all__ = ["handler400", "handler403", "handler404", "handler500"]  # Django looks for them in the module of addresses

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Closed(DomainError):
    code = "closed"
    message = "The case %(number)s is closed."


def _raise(error):
    def view(request):
        raise error

    return view


def _say(request):
    return HttpResponse(f"{translation.get_language()} {request_id.get()}")


FAULTS = {
    "refused": Closed(number=7),
    "suspicious": SuspiciousOperation("secret detail"),
    "denied": PermissionDenied(),
    "missing": Http404("secret detail"),
    "broken": RuntimeError("secret detail"),
}
urlpatterns = [
    *(path(f"{prefix}{name}/", _raise(error)) for prefix in ("", "api/v1/") for name, error in FAULTS.items()),
    path("say/", _say),
    *product,
]


@pytest.fixture
def client(client):
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    ("name", "status"), [("refused", 400), ("suspicious", 400), ("denied", 403), ("missing", 404), ("broken", 500)]
)
def test_pages_for_what_goes_wrong(client, name, status):
    response = client.get(f"/{name}/")
    text = response.content.decode()
    assert response.status_code == status
    assert "<title>" in text
    assert "secret detail" not in text


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("refused", 400, "closed"),
        ("suspicious", 400, "bad_request"),
        ("denied", 403, "forbidden"),
        ("missing", 404, "not_found"),
        ("broken", 500, "server_error"),
    ],
)
def test_the_api_answers_the_same_in_json(client, name, status, code):
    response = client.get(f"/api/v1/{name}/")
    assert response.status_code == status
    error = json.loads(response.content)["error"]
    assert (error["code"], error["fields"]) == (code, {})
    assert "secret detail" not in error["message"]


def test_a_refusal_is_shown_in_its_own_words(client):
    assert "The case 7 is closed." in client.get("/refused/").content.decode()


def test_addresses_nobody_knows(client):
    assert client.get("/no/such/page/").status_code == 404
    assert client.get("/api/v1/nothing/").json()["error"]["code"] == "not_found"


def test_nul_in_an_address_is_not_found(client):
    assert client.get("/people/%00/").status_code == 404


def test_the_500_page_needs_no_session_and_gives_a_reference(client):
    response = client.get("/broken/", headers={"X-Request-ID": "abcdef-123456"})
    assert "abcdef-123456" in response.content.decode()


def test_every_answer_carries_a_request_id(client):
    response = client.get("/say/")
    assert re.fullmatch(r"[0-9a-f-]{36}", response.headers["X-Request-ID"])
    assert response.content.decode().endswith(response.headers["X-Request-ID"])
    assert request_id.get() == ""


@pytest.mark.parametrize(
    ("offered", "kept"), [("trace-12345678", True), ("short", False), ("x" * 37, False), ("a b;c'd\"efg", False)]
)
def test_a_callers_id_is_kept_when_it_is_harmless(client, offered, kept):
    response = client.get("/say/", headers={"X-Request-ID": offered})
    assert (response.headers["X-Request-ID"] == offered) is kept


@pytest.mark.parametrize(
    ("person", "cookie", "browser", "spoken"),
    [
        (None, "", "", "zh-hans"),
        (None, "", "en", "zh-hans"),
        (None, "en", "", "en"),
        (None, "fr", "", "zh-hans"),
        ("", "en", "", "en"),
        ("en", "", "", "en"),
        ("en", "zh-hans", "", "en"),
        ("zh-hans", "en", "", "zh-hans"),
    ],
)
def test_language_of_the_person_then_of_the_browser_then_chinese(client, person, cookie, browser, spoken):
    if person is not None:
        client.force_login(make_user(language=person), backend="staff.backends.StaffBackend")
    if cookie:
        client.cookies["language"] = cookie
    response = client.get("/say/", headers={"Accept-Language": browser})
    assert response.content.decode().split()[0] == spoken
    assert response.headers["Content-Language"] == spoken


def test_switching_keeps_the_choice_with_browser_and_person(client):
    user = make_user()
    client.force_login(user, backend="staff.backends.StaffBackend")
    response = client.post("/language/", {"language": "en", "next": "/say/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/say/")
    assert client.cookies["language"].value == "en"
    user.refresh_from_db()
    assert user.language == "en"


def test_switching_never_leads_elsewhere(client):
    response = client.post("/language/", {"language": "en", "next": "https://evil.example/"})
    assert "evil" not in response.headers.get("Location", "")


def test_a_form_without_its_token_says_so():
    response = Client(enforce_csrf_checks=True).post("/language/", {"language": "en"})
    assert response.status_code == 403
    assert "403" in response.content.decode()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "203.0.113.9", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),  # the left one is the caller's own invention
        (2, "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
    ],
)
def test_the_callers_address_behind_trusted_proxies(settings: Any, proxies: int, forwarded: str, seen: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": forwarded})
    ClientAddressMiddleware(lambda _request: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == seen
