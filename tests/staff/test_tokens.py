from datetime import timedelta

import pytest
from django.test import Client
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from core.clock import now, today
from core.models import TrailEntry
from staff.access import SCOPES_BY_ROLE
from staff.enums import Role
from staff.models import ApiToken
from staff.services import ScopeNotAllowed, issue_token, revoke_token
from staff.services.tokens import BadTokenLife
from tests.factories import NOW, make_token, make_user

pytestmark = pytest.mark.django_db


class Open(APIView):
    """Names no scope: closed to everybody."""

    def get(self, request):
        return Response({})

    post = get


class Scoped(Open):
    scope = "customers"


class Exact(Open):
    required_scope = "tiers:lookup"


class ByAction(Open):
    scope = "tiers"
    scope_by_action = {"lookup": "tiers:lookup"}
    action = "lookup"


def ask(view, token="", method="get"):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = getattr(APIRequestFactory(), method)("/", headers=headers)
    return view.as_view()(request).status_code


def test_the_token_is_kept_as_a_digest_only():
    user = make_user(role="manager")
    text, token = issue_token(user=user, scopes=["customers:read"], days=90, label="robot", actor=user.actor, at=NOW)
    assert text.startswith("dcrm_")
    assert len(text) > 40
    assert text.encode() not in bytes(token.digest)
    assert (token.scopes, token.expires_on) == (["customers:read"], NOW.date() + timedelta(days=90))
    entry = TrailEntry.objects.get(subject="staff.apitoken")
    assert (entry.action, entry.subject_id) == ("issue", str(token.pk))
    assert text not in str(entry.changes)


@pytest.mark.parametrize("scopes", [[], ["feeds:write"], ["customers:read", "nonsense"]])
def test_a_token_never_exceeds_its_owners_role(scopes):
    user = make_user(role="manager")
    with pytest.raises(ScopeNotAllowed):
        issue_token(user=user, scopes=scopes, days=1, actor=user.actor, at=NOW)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_lives_between_a_day_and_a_year(days):
    user = make_user(role="manager")
    with pytest.raises(BadTokenLife):
        issue_token(user=user, scopes=["customers:read"], days=days, actor=user.actor, at=NOW)


def test_scopes_open_their_views_by_method():
    user = make_user(role="admin")
    token = make_token(user, "feeds:read")
    Scoped.scope = "feeds"
    try:
        assert (ask(Scoped, token), ask(Scoped, token, "post")) == (200, 403)
        assert ask(Scoped, make_token(user, "feeds:read", "feeds:write"), "post") == 200
    finally:
        Scoped.scope = "customers"


def test_a_view_that_names_no_scope_is_closed():
    user = make_user(role="manager")
    assert ask(Open, make_token(user, *SCOPES_BY_ROLE[Role.MANAGER])) == 403


@pytest.mark.parametrize("view", [Exact, ByAction])
def test_a_view_may_ask_for_one_scope_of_its_own(view):
    teller = make_user(role="teller")
    assert ask(view, make_token(teller, "tiers:read")) == 403
    assert ask(view, make_token(teller, "tiers:lookup")) == 200


@pytest.mark.parametrize("token", ["nonsense", "dcrm_", "dcrm_x y", "é", "x" * 5000])
def test_made_up_tokens_are_401(token):
    assert ask(Scoped, token) == 401


def test_no_token_is_401():
    assert ask(Scoped) == 401


def test_expired_and_revoked_tokens_are_401():
    user = make_user(role="manager")
    text = make_token(user, "customers:read")
    token = ApiToken.objects.get()
    ApiToken.objects.update(expires_on=today())
    assert ask(Scoped, text) == 200
    ApiToken.objects.update(expires_on=today() - timedelta(days=1))
    assert ask(Scoped, text) == 401
    ApiToken.objects.update(expires_on=today() + timedelta(days=1))
    revoke_token(token=token, actor=user.actor, at=now())
    assert ask(Scoped, text) == 401


def test_revoking_twice_writes_once():
    user = make_user(role="manager")
    make_token(user, "customers:read")
    for _ in range(2):
        revoke_token(token=ApiToken.objects.get(), actor=user.actor, at=NOW)
    assert TrailEntry.objects.filter(action="revoke").count() == 1


def test_a_tokens_scopes_shrink_with_the_role():
    user = make_user(role="manager")
    text = make_token(user, "customers:read")
    type(user).objects.filter(pk=user.pk).update(role="auditor")
    assert ask(Scoped, text) == 403


def test_use_is_noted_once_a_day(django_assert_num_queries):
    text = make_token(make_user(role="manager"), "customers:read")
    ask(Scoped, text)
    assert ApiToken.objects.get().last_used_on == today()
    with django_assert_num_queries(1):
        ask(Scoped, text)


def test_acts_by_token_are_told_apart_on_the_trail():
    seen = []

    class Writing(Scoped):
        def get(self, request):
            seen.append(request.user.actor.kind)
            return Response({})

    user = make_user(role="manager")
    ask(Writing, make_token(user, "customers:read"))
    assert (seen, user.actor.kind) == (["token"], "user")


def test_a_session_needs_its_csrf_token_to_write(client_of):
    teller = make_user(role="teller")
    client = Client(enforce_csrf_checks=True)
    client.force_login(teller, backend="staff.backends.StaffBackend")
    assert client.get("/api/v1/interactions/").status_code == 200
    assert client.post("/api/v1/interactions/", {}).status_code == 403
    assert client_of(teller).post("/api/v1/interactions/", {}).status_code == 400
