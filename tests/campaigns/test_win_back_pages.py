import pytest
from django.urls import reverse

from campaigns.enums import WinBackState
from campaigns.models import WinBack
from core.clock import today
from customers.enums import Stage
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return make.make_user(role="manager")


@pytest.fixture
def lost(manager):
    return [make.make_customer(manager=manager, position={"stage": Stage.LOST}) for _n in range(2)]


def test_customers_are_chosen_begun_with_and_closed_with_a_cause(client_of, manager, lost):
    client = client_of(manager)
    make.make_customer(position={"stage": Stage.LOST})  # somebody else's
    listed = client.get(reverse("campaigns:win_back_candidates")).context["listing"]
    assert {row.number for row in listed.rows} == {customer.customer_no for customer in lost}
    begin = reverse("campaigns:win_back_open")
    asked = client.post(begin, {"selected": [lost[0].customer_no, "C-nobody"]})
    assert (asked.context["count"], asked.context["missing"], WinBack.everything.count()) == (1, 1, 0)
    made = client.post(begin, {"selected": lost[0].customer_no, "confirmed": "1"})
    row = WinBack.everything.get()
    assert made.url == reverse("campaigns:win_back", args=[row.pk])
    page = client.get(made.url)
    assert page.context["script"]
    close = reverse("campaigns:win_back_step", args=[row.pk, "close"])
    assert client.post(close, {"close-note": "已致电"}).status_code == 422
    note = {"change-owner": manager.staff_no, "change-note": "他行利率更高"}
    client.post(reverse("campaigns:win_back_step", args=[row.pk, "change"]), note)
    client.post(close, {"close-cause": "rate"})
    row.refresh_from_db()
    assert (row.state, row.cause, row.note, row.closed_on) == (WinBackState.CLOSED, "rate", "他行利率更高", today())
    tiles = client.get(reverse("campaigns:win_backs")).context["tiles"]
    assert [tile.value for tile in tiles] == ["1", "0", "0", "0"]
    for tile in tiles:
        assert f"{len(client.get(tile.url).context['listing'].rows)}" == tile.value
    (result,) = client.get(reverse("campaigns:win_back_results")).context["results"]
    assert (result.cause, result.closed, result.measured) == ("rate", 1, 0)


def test_another_branch_finds_nothing_and_the_counter_is_refused(client_of, manager, lost):
    row = make_open(lost[0], manager)
    stranger, teller = make.make_user(role="manager"), make.make_user(role="teller", branch=manager.branch)
    url = reverse("campaigns:win_back", args=[row.pk])
    assert client_of(stranger).get(url).status_code == 404
    assert client_of(teller).get(url).status_code == 403
    assert client_of(make.make_user(role="branch_head", branch=manager.branch)).get(url).status_code == 200


def make_open(customer, owner):
    return WinBack.everything.create(customer=customer, owner=owner, before=0, opened_on=today())
