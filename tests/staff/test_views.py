import re
from pathlib import Path

import pytest
from django.utils import translation

from core import trail
from core.models import TrailEntry
from staff.enums import SUBJECTS
from staff.models import ApiToken, User
from staff.services import OwnAccount
from tests.factories import NOW, PASSWORD, make_branch, make_head_office, make_token, make_user

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


@pytest.fixture
def top():
    return make_head_office()


@pytest.fixture
def admin(top):
    return make_user(role="admin", branch=top)


@pytest.fixture
def client(client_of, admin):
    return client_of(admin)


def rows(response):
    return [row.object for row in response.context["listing"].rows]


class TestUsers:
    def test_administrators_see_everybody(self, client, admin):
        other = make_user(branch=make_branch())
        assert set(rows(client.get("/people/"))) == {admin, other}

    def test_heads_see_their_units_and_change_nothing(self, client_of, top):
        region = make_branch(parent=top, kind="region")
        head = make_user(role="branch_head", branch=region)
        below = make_user(branch=make_branch(parent=region))
        make_user(branch=make_branch(parent=top))
        response = client_of(head).get("/people/")
        assert set(rows(response)) == {head, below}
        assert "/people/new/" not in response.content.decode()
        assert client_of(head).get(f"/people/{below.staff_no}/").status_code == 403

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=芳", ["王芳"]),
            ("q=A7", ["王芳"]),
            ("q=wang", ["王芳"]),
            ("role=lobby", ["李强"]),
            ("active=false", ["李强"]),
            ("branch=0103", ["王芳"]),
            ("q=nobody", []),
        ],
    )
    def test_filters(self, client, query, found):
        make_user(name="王芳", staff_no="A7", username="wang", role="teller", branch=make_branch(code="0103"))
        make_user(name="李强", staff_no="B8", username="li", role="lobby", is_active=False)
        assert [user.name for user in rows(client.get(f"/people/?{query}"))] == found

    @pytest.mark.parametrize("query", ["password=x", "ordering=password", "is_active=1", "ordering=last_login"])
    def test_other_fields_are_refused(self, client, query):
        assert client.get(f"/people/?{query}").status_code == 400

    def test_create_lets_the_person_in(self, client, top):
        form = {
            "name": "王芳",
            "staff_no": "A7",
            "username": "wang",
            "role": "teller",
            "branch": top.pk,
            "password": PASSWORD,
        }
        assert client.post("/people/new/", form).status_code == 302
        assert User.objects.get(staff_no="A7").check_password(PASSWORD)
        again = client.post("/people/new/", form)
        assert again.status_code == 422
        assert User.objects.filter(staff_no="A7").count() == 1

    @pytest.mark.parametrize("password", ["short", "1234567890", "password123", "wangfang-wangfang"])
    def test_weak_passwords_are_refused(self, client, top, password):
        form = {"name": "wangfang", "staff_no": "A7", "username": "wangfang-wangfan", "role": "teller"}
        response = client.post("/people/new/", {**form, "branch": top.pk, "password": password})
        assert response.status_code == 422
        assert "password" in response.context["form"].errors

    def test_edit(self, client, top):
        user = make_user(role="teller")
        form = {"name": "新名", "role": "manager", "branch": top.pk}
        assert client.post(f"/people/{user.staff_no}/", form).status_code == 302
        user.refresh_from_db()
        assert (user.name, user.role, user.branch, user.is_active) == ("新名", "manager", top, False)

    def test_nobody_edits_their_own_rights(self, client, admin, top):
        form = {"name": admin.name, "role": "teller", "branch": top.pk, "is_active": "on"}
        response = client.post(f"/people/{admin.staff_no}/", form)
        assert response.status_code == 422
        assert response.context["form"].non_field_errors() == [str(OwnAccount())]

    def test_a_new_password(self, client):
        user = make_user()
        assert client.post(f"/people/{user.staff_no}/password/", {"password": "a new long one"}).status_code == 302
        user.refresh_from_db()
        assert user.check_password("a new long one")

    def test_unknown_people_are_not_found(self, client):
        assert client.get("/people/nobody/").status_code == 404
        assert client.get("/people/nobody/password/").status_code == 404


class TestTokens:
    def test_a_token_is_shown_once(self, client, admin):
        response = client.post("/tokens/", {"label": "robot", "scopes": ["feeds:read", "feeds:write"], "days": 30})
        text = re.search(r"dcrm_[\w-]+", response.content.decode())[0]
        assert "no-store" in response.headers["Cache-Control"]
        assert ApiToken.objects.get().scopes == ["feeds:read", "feeds:write"]
        assert client.get("/api/v1/interactions/", headers={"Authorization": f"Bearer {text}"}).status_code == 403
        assert "dcrm_" not in client.get("/tokens/").content.decode()

    @pytest.mark.parametrize("change", [{"scopes": ["customers:read"]}, {"scopes": []}, {"days": 1000}, {"label": ""}])
    def test_what_is_not_allowed_is_said_on_the_form(self, client, change):
        response = client.post("/tokens/", {"label": "robot", "scopes": ["feeds:read"], "days": 30, **change})
        assert response.status_code == 422
        assert not ApiToken.objects.exists()

    def test_revoke_ones_own_only(self, client, admin):
        make_token(admin, "feeds:read")
        make_token(make_user(role="admin"), "feeds:read")
        mine, other = ApiToken.objects.order_by("pk")
        assert client.post(f"/tokens/{other.pk}/revoke/").status_code == 404
        assert client.post(f"/tokens/{mine.pk}/revoke/").status_code == 302
        assert list(ApiToken.objects.filter(revoked_at=None)) == [other]


class TestTrail:
    @pytest.fixture(autouse=True)
    def _entries(self, db):
        self.person = make_user(branch=make_branch(code="0103"))
        for action, subject, number, actor in (
            ("reveal", "customers.customer", "C1", self.person.actor),
            ("change", "staff.user", "A7", self.person.actor),
            ("run", "tiers.retier", "", trail.NIGHT),
        ):
            trail.record(actor=actor, action=action, subject=subject, subject_id=number, at=NOW, changes={"a": [1, 2]})

    @pytest.fixture
    def auditor(self, client_of, top):
        return client_of(make_user(role="auditor", branch=top))

    def found(self, response):
        return [entry.action for entry in rows(response) if not entry.action.startswith("sign_in")]

    def test_newest_first_with_old_and_new(self, auditor):
        response = auditor.get("/trail/")
        assert self.found(response) == ["run", "change", "reveal"]
        assert "a: 1 → 2" in response.content.decode()

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("action=reveal", ["reveal"]),
            ("who=night", ["run"]),
            ("subject=customers.customer", ["reveal"]),
            ("number=A7", ["change"]),
            ("since=2026-11-20&until=2026-11-20", ["run", "change", "reveal"]),
            ("since=2026-11-21&who=night", []),
            ("until=2026-11-19&who=night", []),
            ("until=9999-12-31&who=night", ["run"]),
        ],
    )
    def test_filters(self, auditor, query, found):
        assert self.found(auditor.get(f"/trail/?{query}")) == found

    def test_kinds_are_named_in_words(self, auditor):
        page = auditor.get("/trail/").content.decode()
        with translation.override("zh-hans"):
            assert f"{SUBJECTS['staff.user']} A7" in page
        assert "staff.user A7" not in page
        said = re.compile(r'subject=f?"([a-z_.{}]+)"|^SUBJECT(?:: Final)? = "([a-z_.]+)"', re.M)
        written = {
            one or other
            for app in ("core", "staff", "customers", "tiers", "servicing", "complaints", "insights", "depositcrm")
            for path in (ROOT / app).rglob("*.py")
            for one, other in said.findall(path.read_text())
        }
        assert {kind for kind in written if "{" not in kind} - set(SUBJECTS) == set()

    def test_compliance_of_a_unit_reads_its_own_peoples_acts(self, client_of):
        officer = make_user(role="compliance", branch=self.person.branch)
        assert self.found(client_of(officer).get("/trail/")) == ["change", "reveal"]
        elsewhere = make_user(role="compliance", branch=make_branch())
        assert self.found(client_of(elsewhere).get("/trail/")) == []

    def test_compliance_of_the_bank_reads_all(self, client_of, top):
        assert len(self.found(client_of(make_user(role="compliance", branch=top)).get("/trail/"))) == 3


class TestProfile:
    def test_language_is_kept_and_spoken_at_once(self, client, admin):
        assert client.post("/profile/", {"language": "en"}).status_code == 302
        admin.refresh_from_db()
        assert admin.language == "en"
        assert TrailEntry.objects.filter(action="change").count() == 1
        assert client.get("/profile/").headers["Content-Language"] == "en"

    def test_other_languages_are_refused(self, client):
        assert client.post("/profile/", {"language": "xx"}).status_code == 422
