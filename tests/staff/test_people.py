import pytest
from django.contrib.sessions.models import Session

from core.models import TrailEntry
from staff.models import ApiToken, User
from staff.services import NumberTaken, OwnAccount, change_user, create_user, set_language, set_password
from tests.factories import NOW, PASSWORD, make_branch, make_token, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user(role="admin", staff_no="ADM")


def create(admin, **fields):
    values = {"username": "Wang", "staff_no": "A7", "name": "王芳", "role": "teller", "password": PASSWORD}
    branch = fields.pop("branch", None) or make_branch(code="0103")
    return create_user(**{**values, "branch": branch, **fields}, actor=admin.actor, at=NOW)


def test_create_lower_cases_the_sign_in_name_and_is_on_the_trail(admin):
    user = create(admin)
    assert (user.username, user.check_password(PASSWORD)) == ("wang", True)
    entry = TrailEntry.objects.get()
    assert (entry.actor_no, entry.action, entry.subject, entry.subject_id) == ("ADM", "create", "staff.user", "A7")
    assert entry.changes == {"username": "wang", "name": "王芳", "role": "teller", "branch": "0103"}


@pytest.mark.parametrize("taken", [{"username": "WANG "}, {"staff_no": "A7"}])
def test_numbers_and_names_are_given_once(admin, taken):
    create(admin)
    with pytest.raises(NumberTaken):
        create(admin, **{"username": "other", "staff_no": "A8", "branch": make_branch(), **taken})
    assert User.objects.count() == 2


def test_change_writes_old_and_new(admin):
    old, new = make_branch(code="0103"), make_branch(code="0104")
    user = make_user(role="teller", branch=old, name="王")
    changed = change_user(user=user, name="王芳", role="manager", branch=new, actor=admin.actor, at=NOW)
    assert (changed.name, changed.role, changed.branch) == ("王芳", "manager", new)
    assert TrailEntry.objects.get().changes == {
        "name": ["王", "王芳"],
        "role": ["teller", "manager"],
        "branch": ["0103", "0104"],
    }


def test_no_change_no_trail(admin):
    user = make_user(role="teller")
    change_user(user=user, role="teller", name=user.name, branch=user.branch, is_active=True, actor=admin.actor, at=NOW)
    assert not TrailEntry.objects.exists()


RIGHTS_TAKEN = {
    "disabled": lambda user: {"is_active": False},
    "another role": lambda user: {"role": "lobby"},
    "another branch": lambda user: {"branch": make_branch()},
}


@pytest.mark.parametrize("how", RIGHTS_TAKEN)
def test_a_right_taken_away_is_gone_with_the_next_request(admin, client_of, client, how):
    user = make_user(role="teller")
    mine, token = client_of(user), make_token(user, "customers:read", "interactions:read")
    bearer = {"Authorization": f"Bearer {token}"}
    assert mine.get("/profile/").status_code == 200
    assert client.get("/api/v1/interactions/", headers=bearer).status_code == 200
    change_user(user=user, **RIGHTS_TAKEN[how](user), actor=admin.actor, at=NOW)
    assert mine.get("/profile/").status_code == 302
    assert client.get("/api/v1/interactions/", headers=bearer).status_code == 401
    assert ApiToken.objects.get(user=user).revoked_at == NOW


def test_given_back_the_right_to_sign_in_old_sessions_and_tokens_stay_dead(admin, client_of, client):
    user = make_user(role="teller")
    mine, token = client_of(user), make_token(user, "interactions:read")
    mine.get("/profile/")
    change_user(user=user, is_active=False, actor=admin.actor, at=NOW)
    change_user(user=user, is_active=True, actor=admin.actor, at=NOW)
    assert mine.get("/profile/").status_code == 302
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/interactions/", headers=bearer).status_code == 401


def test_rights_changed_past_the_service_end_sessions_too(client_of):
    user = make_user(role="teller")
    mine = client_of(user)
    assert mine.get("/profile/").status_code == 200
    User.objects.filter(pk=user.pk).update(role="admin")
    assert mine.get("/profile/").status_code == 302


def test_a_new_name_ends_nothing(admin, client_of):
    user = make_user()
    mine = client_of(user)
    change_user(user=user, name="新名", actor=admin.actor, at=NOW)
    assert mine.get("/profile/").status_code == 200


@pytest.mark.parametrize("change", [{"role": "teller"}, {"is_active": False}])
def test_nobody_changes_their_own_rights(admin, change):
    with pytest.raises(OwnAccount):
        change_user(user=admin, **change, actor=admin.actor, at=NOW)
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("admin", True)


def test_a_new_password_ends_sessions_and_is_not_written_down(admin, client_of):
    user = make_user()
    mine = client_of(user)
    mine.get("/profile/")
    set_password(user=user, password="another long secret", actor=admin.actor, at=NOW)
    assert mine.get("/profile/").status_code == 302
    assert User.objects.get(pk=user.pk).check_password("another long secret")
    entry = TrailEntry.objects.get(action="set_password")
    assert (entry.subject_id, entry.changes) == (user.staff_no, {})


def test_language_is_remembered(admin):
    user = make_user()
    set_language(user=user, language="en", at=NOW)
    set_language(user=user, language="en", at=NOW)
    user.refresh_from_db()
    assert user.language == "en"
    assert TrailEntry.objects.count() == 1


def test_ended_sessions_are_deleted(admin, client):
    user = make_user()
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    assert client.get("/profile/").status_code == 200
    assert Session.objects.count() == 1
    change_user(user=user, is_active=False, actor=admin.actor, at=NOW)
    assert Session.objects.count() == 0
