import pytest

from core.models import TrailEntry
from core.trail import NIGHT
from staff.models import ApiToken, Branch, User
from staff.services import BranchRow, MergeCounts, StaffRow, UnitCycle, load_branches, load_staff
from tests.factories import NOW, make_branch, make_token, make_user

pytestmark = pytest.mark.django_db

BANK = [
    BranchRow("0103", "城东支行", "01", "branch"),
    BranchRow("01", "华东分行", "00", "region"),
    BranchRow("00", "总行", "", "head_office"),
]


def branches(*rows):
    return load_branches(rows=rows, actor=NIGHT, at=NOW)


def staff(*rows):
    return load_staff(rows=rows, actor=NIGHT, at=NOW)


def unit(code):
    return Branch.objects.get(code=code)


def test_parents_may_come_after_their_children():
    assert branches(*BANK) == MergeCounts(created=3, updated=0, unchanged=0)
    top, region, branch = unit("00"), unit("01"), unit("0103")
    assert (branch.parent, region.parent, top.parent) == (region, top, None)
    assert branch.path == f"/{top.pk}/{region.pk}/{branch.pk}/"
    assert (branch.kind, region.kind, top.kind) == ("branch", "region", "head_office")


def test_the_same_file_again_changes_nothing():
    branches(*BANK)
    entries = TrailEntry.objects.count()
    assert branches(*BANK) == MergeCounts(0, 0, 3)
    assert TrailEntry.objects.count() == entries


def test_a_moved_subtree_gets_new_paths_below_too():
    branches(*BANK, BranchRow("02", "华南分行", "00", "region"))
    assert branches(BranchRow("01", "华东分行", "02", "region")) == MergeCounts(0, 1, 0)
    below = list(Branch.objects.below(unit("02")).order_by("code").values_list("code", flat=True))
    assert below == ["01", "0103", "02"]
    assert unit("0103").path == f"{unit('01').path}{unit('0103').pk}/"


def test_what_a_file_does_not_say_stays():
    branches(*BANK)
    assert branches(BranchRow("0103", "城东新支行")) == MergeCounts(0, 1, 0)
    found = unit("0103")
    assert (found.name, found.kind, found.parent) == ("城东新支行", "branch", unit("01"))


def test_a_file_that_says_no_parent_takes_it_away():
    branches(*BANK)
    branches(BranchRow("0103", "城东支行", "", "branch"))
    assert (unit("0103").parent, unit("0103").path) == (None, f"/{unit('0103').pk}/")


def test_units_above_themselves_are_refused_whole():
    branches(*BANK)
    with pytest.raises(UnitCycle):
        branches(BranchRow("00", "总行", "0103", "head_office"), BranchRow("09", "新", "00", "branch"))
    assert unit("00").parent is None
    assert not Branch.objects.filter(code="09").exists()


def test_a_load_of_units_is_on_the_trail():
    branches(*BANK)
    branches(BranchRow("0103", "城东新支行"))
    assert list(TrailEntry.objects.order_by("pk").values_list("subject", "action", "changes")) == [
        ("staff.branch", "load", {"created": 3, "updated": []}),
        ("staff.branch", "load", {"created": 0, "updated": ["0103"]}),
    ]


def test_new_people_cannot_sign_in_yet():
    make_branch(code="0103")
    assert staff(StaffRow("A7", "王芳", "teller", "0103")) == MergeCounts(1, 0, 0)
    user = User.objects.get(staff_no="A7")
    assert (user.username, user.name, user.role, user.branch.code) == ("a7", "王芳", "teller", "0103")
    assert not user.has_usable_password()


def test_people_are_changed_by_their_number():
    make_branch(code="0104")
    user = make_user(staff_no="A7", role="teller", username="wang")
    rows = [StaffRow("A7", "王芳芳", "manager", "0104"), StaffRow("A8", "李", "teller", "0104")]
    assert staff(*rows) == MergeCounts(1, 1, 0)
    assert staff(*rows) == MergeCounts(0, 0, 2)
    user.refresh_from_db()
    assert (user.username, user.name, user.role, user.branch.code) == ("wang", "王芳芳", "manager", "0104")


def test_sign_in_names_never_collide():
    make_branch(code="0103")
    make_user(username="a7", staff_no="other")
    staff(StaffRow("A7", "甲", "teller", "0103"), StaffRow("a7", "乙", "teller", "0103"))
    assert sorted(User.objects.filter(staff_no__iexact="a7").values_list("username", flat=True)) == ["a7-2", "a7-3"]


def test_who_is_moved_loses_tokens_and_is_on_the_trail():
    old, new = make_branch(), make_branch()
    moved = make_user(staff_no="A7", role="manager", branch=old)
    renamed = make_user(staff_no="A8", role="manager", branch=old)
    for user in (moved, renamed):
        make_token(user, "customers:read")
    staff(StaffRow("A7", moved.name, "manager", new.code), StaffRow("A8", "新名", "manager", old.code))
    assert list(ApiToken.objects.filter(revoked_at=None).values_list("user__staff_no", flat=True)) == ["A8"]
    entry = TrailEntry.objects.get(subject="staff.user", action="change")
    assert (entry.subject_id, entry.changes["branch"]) == ("A7", [old.pk, new.pk])


def test_a_moved_persons_session_ends_with_the_feed(client_of):
    old, new = make_branch(), make_branch()
    user = make_user(staff_no="A7", role="teller", branch=old)
    client = client_of(user)
    assert client.get("/profile/").status_code == 200
    staff(StaffRow("A7", user.name, "teller", new.code))
    assert client.get("/profile/").status_code == 302


def test_thousands_load_in_a_few_statements(django_assert_max_num_queries):
    rows = [BranchRow(f"{n:05}", f"支行{n}", "00000" if n else "", "branch") for n in range(1500)]
    with django_assert_max_num_queries(20):
        branches(*rows)
    people = [StaffRow(f"S{n}", f"员工{n}", "teller", f"{n % 1500:05}") for n in range(3000)]
    with django_assert_max_num_queries(20):
        assert staff(*people) == MergeCounts(3000, 0, 0)
