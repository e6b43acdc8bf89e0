"""Saved views: kept, shared without rows, pinned, opened first; a right somebody lacks is left out, never an error."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.models import TrailEntry
from staff.models import SavedView
from staff.services import views
from tests.factories import NOW, make_account, make_branch, make_customer, make_user, make_view

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def branch():
    return make_branch()


@pytest.fixture
def owner(branch):
    return make_user(role="manager", branch=branch)


@pytest.fixture
def mine(client_of, owner):
    return client_of(owner)


def save(owner, **fields):
    values = {"list_key": "customers", "name": "高端", "query": "tier=4", "columns": ["name"], "at": NOW, **fields}
    return views.save_view(owner=owner, **values)


def names(response):
    return [row.object.name for row in response.context["listing"].rows]


def told(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


class TestServices:
    def test_saved_with_its_trace_on_the_trail_but_not_what_was_typed(self, owner):
        view = save(owner, query="q=%E7%8E%8B", columns=["name", "tier"])
        assert (view.name, view.query, view.columns, view.branch, view.is_pinned) == (
            "高端",
            "q=%E7%8E%8B",
            ["name", "tier"],
            None,
            False,
        )
        entry = TrailEntry.objects.get(subject="staff.savedview")
        assert (entry.action, entry.subject_id, entry.changes) == ("create", str(view.pk), {"list": "customers"})

    @pytest.mark.parametrize("name", ["", "  ", "长" * 61, "a\x00b"])
    def test_a_name_is_needed_and_short(self, owner, name):
        with pytest.raises(views.BadView):
            save(owner, name=name)

    @pytest.mark.parametrize("key", ["", "Customers", "a-b", "x" * 41, "客户"])
    def test_a_list_key_is_a_short_word(self, owner, key):
        with pytest.raises(views.BadView):
            save(owner, list_key=key)

    @pytest.mark.parametrize(
        "state", [{"query": "q=" + "a" * 1000}, {"columns": ["<b>"]}, {"columns": ["a"] * 41}, {"query": "q=%00"}]
    )
    def test_a_state_that_is_none(self, owner, state):
        with pytest.raises(views.BadView):
            save(owner, **state)

    @pytest.mark.parametrize(
        "state", [{"query": "q=13800138000"}, {"query": "tier=3&q=110105+19491231+002X"}, {"name": "13800138000"}]
    )
    def test_whole_numbers_of_people_are_refused(self, owner, state):
        with pytest.raises(views.PersonalView):
            save(owner, **state)
        view = save(owner)
        with pytest.raises(views.PersonalView):
            views.update_view(view=view, query="q=13800138000", columns=[], actor=owner, at=LATER)
        with pytest.raises(views.PersonalView):
            views.rename_view(view=view, name="138 0013 8000", actor=owner, at=LATER)

    def test_one_name_once_a_list_and_person(self, owner):
        view = save(owner)
        save(owner, list_key="movers")
        save(make_user(role="manager", branch=owner.branch))
        with pytest.raises(views.ViewNameTaken):
            save(owner, name=" 高端 ")
        other = save(owner, name="别的")
        with pytest.raises(views.ViewNameTaken):
            views.rename_view(view=other, name=view.name, actor=owner, at=LATER)

    def test_not_without_end(self, owner, monkeypatch):
        monkeypatch.setattr(views, "VIEWS_MAX", 2)
        save(owner, name="一")
        save(owner, name="二")
        with pytest.raises(views.TooManyViews):
            save(owner, name="三")
        save(owner, name="三", list_key="movers")

    def test_one_default_a_list(self, owner):
        first, second = save(owner, name="一"), save(owner, name="二")
        views.make_default_view(view=first, is_default=True, actor=owner, at=NOW)
        views.make_default_view(view=second, is_default=True, actor=owner, at=LATER)
        assert list(SavedView.objects.filter(is_default=True)) == [second]
        views.make_default_view(view=second, is_default=False, actor=owner, at=LATER)
        assert not SavedView.objects.filter(is_default=True).exists()

    def test_the_database_holds_on_to_one_default(self, owner):
        make_view(owner, is_default=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            make_view(owner, is_default=True)

    def test_only_the_owner_changes_it(self, owner):
        view = make_view(owner, is_shared=True)
        head = make_user(role="branch_head", branch=owner.branch)
        for act in (
            lambda: views.rename_view(view=view, name="x", actor=head, at=NOW),
            lambda: views.update_view(view=view, query="", columns=[], actor=head, at=NOW),
            lambda: views.share_view(view=view, is_shared=False, actor=head, at=NOW),
            lambda: views.pin_view(view=view, is_pinned=True, actor=head, at=NOW),
            lambda: views.make_default_view(view=view, is_default=True, actor=head, at=NOW),
            lambda: views.delete_view(view=view, actor=head, at=NOW),
        ):
            with pytest.raises(views.NotYourView):
                act()

    def test_a_change_that_changes_nothing_leaves_no_trace(self, owner):
        view = save(owner)
        views.pin_view(view=view, is_pinned=False, actor=owner, at=LATER)
        assert TrailEntry.objects.filter(subject="staff.savedview").count() == 1

    def test_sharing_is_on_the_trail(self, owner):
        view = save(owner)
        views.share_view(view=view, is_shared=True, actor=owner, at=LATER)
        views.share_view(view=view, is_shared=False, actor=owner, at=LATER)
        actions = TrailEntry.objects.filter(subject="staff.savedview").order_by("id").values_list("action", flat=True)
        assert list(actions) == ["create", "share", "change"]


class TestForms:
    def test_save_and_open(self, mine, owner):
        make_customer(manager=owner, name="高", tier=4)
        make_customer(manager=owner, name="低", tier=1)
        response = mine.post(
            "/views/save/",
            {
                "list_key": "customers",
                "name": "高端客户",
                "back": "/customers/",
                "state": "tier=4&ordering=-balance&columns=name,stage&cursor=x",
                "is_pinned": "1",
                "is_shared": "1",
            },
        )
        view = SavedView.objects.get()
        assert response["Location"] == f"/customers/?view={view.pk}"
        assert (view.query, view.columns) == ("tier=4&ordering=-balance", ["name", "stage"])
        assert (view.is_pinned, view.branch_id) == (True, owner.branch_id)
        page = mine.get(response["Location"])
        assert names(page) == ["高"]
        assert [head.key for head in page.context["listing"].columns] == ["name", "stage"]
        assert "高端客户" in page.content.decode()

    @pytest.mark.parametrize("name", ["", "13800138000"])
    def test_a_refusal_is_told_and_nothing_is_lost(self, mine, name):
        form = {"list_key": "customers", "name": name, "back": "/customers/", "state": "tier=4"}
        response = mine.post("/views/save/", form)
        assert response["Location"] == "/customers/?tier=4"
        assert not SavedView.objects.exists()
        assert len(told(response)) == 1

    @pytest.mark.parametrize(
        "back",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "javascript:alert(1)",
            "",
            "/a?b",
            "/a\r\nX: y/",
        ],
    )
    def test_back_is_a_path_of_ours(self, mine, owner, back):
        view = make_view(owner)
        for address, form in (
            ("/views/save/", {"list_key": "customers", "name": "x"}),
            (f"/views/{view.pk}/change/", {"do": "pin"}),
            (f"/views/{view.pk}/delete/", {}),
        ):
            assert mine.post(address, {**form, "back": back})["Location"].startswith("/?")

    @pytest.mark.parametrize(
        ("do", "field", "before", "after"),
        [
            ("pin", "is_pinned", False, True),
            ("unpin", "is_pinned", True, False),
            ("default", "is_default", False, True),
            ("undefault", "is_default", True, False),
            ("rename", "name", "旧", "新"),
            ("update", "query", "tier=1", "tier=2"),
        ],
    )
    def test_changes(self, mine, owner, do, field, before, after):
        view = make_view(owner, **{field: before})
        form = {"do": do, "name": "新", "state": "tier=2", "back": "/customers/"}
        assert mine.post(f"/views/{view.pk}/change/", form)["Location"] == f"/customers/?view={view.pk}"
        view.refresh_from_db()
        assert getattr(view, field) == after

    def test_share_and_take_back(self, mine, owner):
        view = make_view(owner)
        for do, branch_id in (("share", owner.branch_id), ("unshare", None)):
            mine.post(f"/views/{view.pk}/change/", {"do": do, "back": "/customers/"})
            view.refresh_from_db()
            assert view.branch_id == branch_id

    def test_an_unknown_change_changes_nothing(self, mine, owner):
        view = make_view(owner)
        assert len(told(mine.post(f"/views/{view.pk}/change/", {"do": "own"}))) == 1

    def test_delete(self, mine, owner):
        view = make_view(owner, is_shared=True)
        assert mine.post(f"/views/{view.pk}/delete/", {"back": "/customers/"})["Location"] == "/customers/?view=none"
        assert not SavedView.objects.exists()

    def test_a_colleagues_view_is_not_there_to_change(self, mine, owner):
        theirs = make_view(make_user(role="manager", branch=owner.branch), is_shared=True)
        assert mine.post(f"/views/{theirs.pk}/change/", {"do": "pin"}).status_code == 404
        assert mine.post(f"/views/{theirs.pk}/delete/").status_code == 404


class TestSharing:
    def test_a_view_shares_no_rows(self, client_of, owner, branch):
        colleague = make_user(role="manager", branch=branch)
        make_customer(manager=owner, name="甲的", tier=4)
        make_customer(manager=colleague, name="乙的", tier=4)
        view = make_view(owner, query="tier=4", is_shared=True, is_pinned=True, name="高端")
        page = client_of(colleague).get(f"/customers/?view={view.pk}")
        assert names(page) == ["乙的"]
        assert "甲的" not in page.content.decode()
        assert names(client_of(owner).get(f"/customers/?view={view.pk}")) == ["甲的"]

    def test_shared_ones_are_seen_in_the_branch_only(self, client_of, owner, branch):
        shared = make_view(owner, name="分享的", is_shared=True, is_pinned=True)
        private = make_view(owner, name="私有的", is_pinned=True)
        colleague = client_of(make_user(role="teller", branch=branch))
        stranger = client_of(make_user(role="teller"))
        assert "分享的" in colleague.get("/customers/").content.decode()
        assert "私有的" not in colleague.get("/customers/").content.decode()
        assert "分享的" not in stranger.get("/customers/").content.decode()
        for client, view in ((colleague, private), (stranger, shared)):
            response = client.get(f"/customers/?view={view.pk}")
            assert response.context["listing"].saved == ""
            assert len(told(response)) == 1

    def test_what_a_role_may_not_see_is_left_out_with_a_word(self, client_of, owner, branch):
        make_account(customer=make_customer(manager=owner, name="富", tier=4), balance=5_000_000)
        make_customer(manager=owner, name="低", tier=1)
        view = make_view(
            owner, query="tier=4&ordering=-balance", columns=["name", "balance", "adb_year", "tier"], is_shared=True
        )
        response = client_of(make_user(role="teller", branch=branch)).get(f"/customers/?view={view.pk}")
        assert response.status_code == 200
        assert [head.key for head in response.context["listing"].columns] == ["name", "tier"]
        assert names(response) == ["富"]
        assert "5,000,000" not in response.content.decode()
        assert len(told(response)) == 1
        own = client_of(owner).get(f"/customers/?view={view.pk}")
        assert [head.key for head in own.context["listing"].columns] == ["name", "balance", "adb_year", "tier"]
        assert told(own) == []

    def test_a_view_of_an_older_product_still_opens(self, mine, owner):
        view = make_view(owner, query="gone=1&tier=4", columns=["gone_too"])
        response = mine.get(f"/customers/?view={view.pk}")
        assert response.status_code == 200
        assert [chip.value for chip in response.context["listing"].chips] != []
        assert len(told(response)) == 1

    def test_another_list_does_not_open_it(self, mine, owner):
        view = make_view(owner, list_key="movers")
        assert mine.get(f"/customers/?view={view.pk}").context["listing"].saved == ""


class TestDefault:
    @pytest.fixture(autouse=True)
    def _two(self, owner):
        make_customer(manager=owner, name="高", tier=4)
        make_customer(manager=owner, name="低", tier=1)
        self.view = make_view(owner, query="tier=4", is_default=True, name="先看")

    def test_the_bare_address_opens_it(self, mine):
        response = mine.get("/customers/")
        assert names(response) == ["高"]
        assert response.context["listing"].saved == str(self.view.pk)

    @pytest.mark.parametrize("query", ["view=none", "tier=4&tier=1", "ordering=name", "saved=1"])
    def test_any_parameter_means_what_it_says(self, mine, query):
        assert len(names(mine.get(f"/customers/?{query}"))) == 2

    def test_taking_its_last_filter_away_shows_everybody(self, mine):
        listing = mine.get("/customers/").context["listing"]
        assert len(names(mine.get(listing.chips[0].remove_url))) == 2
        assert len(names(mine.get(listing.clear_url))) == 2

    def test_an_emptied_filter_form_shows_everybody(self, mine):
        response = mine.post("/customers/find/", {"q": "", "tier": ""})
        assert len(names(mine.get(response["Location"]))) == 2

    def test_it_is_nobody_elses(self, client_of, owner):
        SavedView.objects.filter(pk=self.view.pk).update(branch=owner.branch)
        head = client_of(make_user(role="branch_head", branch=owner.branch))
        assert len(names(head.get("/customers/"))) == 2

    def test_pages_and_orders_stay_with_the_view(self, mine):
        listing = mine.get("/customers/").context["listing"]
        assert listing.columns[0].sort_url == f"/customers/?tier=4&saved={self.view.pk}&ordering=-name"

    def test_it_says_when_the_list_shows_something_else(self, mine):
        changed = mine.get(f"/customers/?tier=1&saved={self.view.pk}").content.decode()
        assert "*</span>" in changed
        assert "*</span>" not in mine.get("/customers/").content.decode()


def test_the_bar_costs_the_same_for_1_and_40_views(mine, owner):
    make_customer(manager=owner)
    colleague = make_user(role="manager", branch=owner.branch)

    def count():
        mine.get("/customers/?view=none")
        with CaptureQueriesContext(connection) as queries:
            mine.get("/customers/?view=none")
        return len(queries)

    make_view(owner, is_pinned=True)
    few = count()
    for _n in range(20):
        make_view(owner, is_pinned=True)
        make_view(colleague, is_pinned=True, is_shared=True)
    assert count() == few


def test_a_huge_number_of_a_view_is_none(mine):
    assert mine.get(f"/customers/?view={'9' * 40}").status_code == 200
