"""The palette: pages in every language's letters, records in sight only, and nothing typed in an address."""

import pytest
from django.urls import reverse
from django.utils import translation

from depositcrm.shell import PLACES, shell
from insights.queries.palette import found_for, recent_for
from staff.enums import Role
from staff.models import User
from tests import factories as make
from tests.conftest import ClientOf

pytestmark = pytest.mark.django_db
URL = "/palette/"


@pytest.fixture
def people() -> dict[str, User]:
    top = make.make_head_office()
    first, second = make.make_branch(parent=top), make.make_branch(parent=top)
    found = {
        "manager": make.make_user(role="manager", branch=first, name="陈默"),
        "other": make.make_user(role="manager", branch=first, name="陈旧"),
        "stranger": make.make_user(role="manager", branch=second, name="陈新"),
        "teller": make.make_user(role="teller", branch=first),
        "head": make.make_user(role="branch_head", branch=first),
        "hq": make.make_user(role="head_office", branch=top),
        "compliance": make.make_user(role="compliance", branch=top),
        "admin": make.make_user(role="admin", branch=top),
        "auditor": make.make_user(role="auditor", branch=top),
    }
    mine = make.make_customer(
        manager=found["manager"], name="单于明辉", customer_no="C770001", phone="13811112222", tier=3
    )
    make.make_customer(manager=found["other"], name="单于明月", customer_no="C770002")
    away = make.make_customer(
        manager=found["stranger"], name="单于明亮", customer_no="C770003", id_no="11010519491231002X"
    )
    make.make_complaint(customer=mine, number="TS2026-770001")
    make.make_complaint(customer=away, number="TS2026-770003")
    make.make_campaign(branch=found["head"].branch, created_by=found["head"], name="明年续存")
    make.make_campaign(branch=found["stranger"].branch, created_by=found["stranger"], name="明年回流")
    make.make_report(owner=found["head"], name="明细表")
    return found


def found(user: User, text: str) -> list[str]:
    return [hit.title for group in found_for(user, text) for hit in group.hits]


def test_every_way_to_name_a_record_finds_it_for_those_who_may_see_it_alone(people: dict[str, User]):
    for text in ("单于", "明辉", "chanyuminghui", "cymh", "2222", "C770001", "c770001", "13811112222"):
        assert found(people["manager"], text) == ["单于明辉"], text
        assert found(people["stranger"], text) in (["单于明亮"], []), text
        assert "单于明辉" in found(people["hq"], text), text
        assert found(people["admin"], text) == found(people["auditor"], text) == []
    assert found(people["stranger"], "11010519491231002X") == ["单于明亮"]
    assert found(people["head"], "11010519491231002X") == []
    assert found(people["manager"], "c") == []  # one letter begins a tenth of all names
    assert found(people["teller"], "明") == ["单于明辉", "单于明月"]  # sorted by sound
    assert found(people["head"], "明") == ["单于明辉", "单于明月", "明年续存", "明细表"]
    assert found(people["hq"], "明年") == ["明年回流", "明年续存"]
    assert found(people["head"], "2026-7700") == ["TS2026-770001"]
    assert found(people["compliance"], "770003") == ["TS2026-770003"]
    assert found(people["head"], "陈") == ["陈旧", "陈默"]
    assert found(people["admin"], "陈") == ["陈新", "陈旧", "陈默"]
    assert found(people["manager"], "陈") == []


def test_what_was_looked_at_lately_is_what_is_in_sight_now(people: dict[str, User], client_of: ClientOf):
    campaign = reverse(
        "campaigns:detail", args=[make.make_campaign(branch=people["head"].branch, created_by=people["head"]).pk]
    )
    paths = (
        f"/customers/C770003/ /complaints/TS2026-770001/ {campaign} /customers/C770001/ /customers/new/ //x nonsense"
    )

    def lately(who: str) -> list[str]:
        return [hit.url for hit in client_of(people[who]).post(URL, {"recent": paths}).context["recent"]]

    assert lately("head") == ["/complaints/TS2026-770001/", campaign, "/customers/C770001/"]
    assert lately("stranger") == ["/customers/C770003/"]
    assert lately("auditor") == []


def test_others_reports_people_who_left_and_a_whole_book_are_not_offered(people: dict[str, User]):
    mine, theirs = (make.make_report(owner=people[who], name="周报") for who in ("manager", "stranger"))
    paths = [mine.get_absolute_url(), theirs.get_absolute_url(), "/complaints/TS2026-770003/", "/customers/C770002/"]
    assert [hit.url for hit in recent_for(people["manager"], paths)] == paths[:1]
    assert [hit.url for hit in recent_for(people["stranger"], paths)] == paths[1:3]
    assert found(people["manager"], "周报") == ["周报"]
    for _n in range(9):
        make.make_customer(manager=people["manager"], name="单于多")
    assert len(found(people["manager"], "单于")) == len(found(people["hq"], "单于")) == 8
    User.objects.filter(pk=people["other"].pk).update(is_active=False)
    assert found(people["head"], "陈") == ["陈默"]
    # A number that may be somebody's telephone is looked for in nobody's case.
    make.make_complaint(branch=people["head"].branch, number="13800138000")
    assert found(people["head"], "13800138000") == []


def test_the_pages_are_found_by_both_languages_pinyin_and_initials(people: dict[str, User], client_of: ClientOf, rf):
    request = rf.get("/")
    for language in ("zh-hans", "en"):
        request.user = people["head"]
        with translation.override(language):
            items = {item.url: item for item in shell(request)["nav"]}
        words = items[reverse("customers:list")].words.split()
        assert {"客户", "customers", "kehu", "kh", "c"} <= set(words)
    assert items[reverse("insights:approvals")].count_url == reverse("insights:approvals_count")
    request.user = people["teller"]
    assert {item.count_url for item in shell(request)["nav"]} == {""}
    page = client_of(people["head"]).get(URL).content.decode()
    offered = [place for place in PLACES if Role.BRANCH_HEAD in place.roles]
    assert page.count('role="option"') == len(items) <= len(offered)
    answer = client_of(people["head"]).post(URL, {"q": "明辉"})
    assert 'href="/customers/C770001/"' in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    # On every page with a navigation, and the text goes by POST.
    frame = client_of(people["admin"]).get(reverse("staff:users")).content.decode()
    assert 'id="palette"' in frame
    assert f'hx-post="{URL}"' in frame
