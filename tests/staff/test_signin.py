from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from core.models import TrailEntry
from staff import middleware
from staff.services import set_password
from tests.factories import NOW, PASSWORD, make_user

pytestmark = pytest.mark.django_db


def sign_in(user="wang", password=PASSWORD, *, client=None, address="10.0.0.1"):
    client = client or Client()
    return client.post("/accounts/login/", {"login": user, "password": password}, REMOTE_ADDR=address)


def trail():
    return list(TrailEntry.objects.order_by("pk").values_list("action", "actor_no", "subject_id"))


@pytest.fixture
def user():
    return make_user(username="wang", staff_no="A7")


@pytest.mark.parametrize("name", ["wang", "WANG", "A7"])
def test_by_name_or_number(user, name):
    assert sign_in(name).status_code == 302
    entry = TrailEntry.objects.get()
    assert (entry.action, entry.actor_no, entry.subject_id, entry.changes) == (
        "sign_in",
        "A7",
        "A7",
        {"address": "10.0.0.1"},
    )


def test_sign_out_is_on_the_trail(user):
    client = Client()
    sign_in(client=client)
    client.post("/accounts/logout/")
    assert trail() == [("sign_in", "A7", "A7"), ("sign_out", "A7", "A7")]
    assert client.get("/profile/").status_code == 302


def test_failures_name_the_account_but_never_what_was_typed(user):
    sign_in(password="wrong password")
    sign_in("hunter2-typed-in-the-wrong-box", "x")
    assert trail() == [("sign_in_failed", "", "A7"), ("sign_in_failed", "", "")]
    assert "hunter2" not in str(list(TrailEntry.objects.values()))


def test_a_disabled_person_cannot_sign_in(user):
    type(user).objects.update(is_active=False)
    assert sign_in().status_code == 200
    assert trail() == [("sign_in_failed", "", "A7")]


def test_five_failures_lock_the_pair_not_the_person(user):
    client = Client()
    statuses = [sign_in(password="wrong", client=client).status_code for _ in range(5)]
    assert statuses[:4] == [200] * 4
    assert statuses[4] == 429
    assert sign_in(client=client).status_code == 429
    assert sign_in(address="10.0.0.2").status_code == 302
    assert ("sign_in_locked", "", "A7") in trail()


def test_a_new_password_ends_the_lock_out(user):
    client = Client()
    for _ in range(5):
        sign_in(password="wrong", client=client)
    set_password(user=user, password="another long secret", actor=user.actor, at=NOW)
    assert sign_in(password="another long secret", client=client).status_code == 302


@pytest.mark.parametrize("spelling", ["WANG", " wang ", "A7"])
def test_another_spelling_is_the_same_account(user, spelling):
    client = Client()
    for _ in range(5):
        sign_in(password="wrong", client=client)
    assert sign_in(spelling, client=client).status_code == 429


def test_somebody_without_a_password_cannot_sign_in():
    make_user(username="li", password="")
    assert sign_in("li", "").status_code == 200


def age(client, **ages):
    session = client.session
    for key, gone in ages.items():
        session[getattr(middleware, key.upper())] = (timezone.now() - gone).isoformat()
    session.save()


@pytest.mark.parametrize(
    ("role", "idle", "alive"),
    [
        ("teller", timedelta(minutes=14, seconds=58), True),
        ("teller", timedelta(minutes=15, seconds=1), False),
        ("lobby", timedelta(minutes=15, seconds=1), False),
        ("manager", timedelta(minutes=29, seconds=58), True),
        ("manager", timedelta(minutes=30, seconds=1), False),
    ],
)
def test_idle_sessions_end_by_role(client_of, role, idle, alive):
    client = client_of(make_user(role=role))
    client.get("/profile/")
    age(client, seen=idle)
    assert (client.get("/profile/").status_code == 200) is alive


@pytest.mark.parametrize(
    ("open_for", "alive"), [(timedelta(hours=11, minutes=59), True), (timedelta(hours=12, seconds=1), False)]
)
def test_no_session_outlives_twelve_hours(client_of, open_for, alive):
    client = client_of(make_user(role="manager"))
    client.get("/profile/")
    age(client, began=open_for)
    assert (client.get("/profile/").status_code == 200) is alive


def test_there_is_no_way_to_sign_up_or_reset_by_oneself(client):
    for address in ("signup/", "password/reset/", "email/", "confirm-email/"):
        assert client.get(f"/accounts/{address}").status_code == 404


def test_no_browser_keeps_a_page_of_somebody_signed_in(client: Client) -> None:
    client.force_login(make_user(role="manager"), backend="staff.backends.StaffBackend")
    assert "no-store" in client.get("/customers/").headers["Cache-Control"]
