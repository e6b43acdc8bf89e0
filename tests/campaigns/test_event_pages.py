"""M11: an event from a draft to the door, and the page behind a guest's link."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from campaigns.models import Campaign, Event, Seat
from campaigns.queries import events as queries
from campaigns.queries.approval import faults_of
from campaigns.rules.events import code_of
from core.clock import SHANGHAI, now, today
from tests import factories as make
from tests.campaigns.salon import Salon
from tests.factories import NOW
from tests.test_pages import faults

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_the_guests_own_page(settings):
    settings.PUBLIC_URL = "https://crm.bank"
    salon = Salon(starts_at=NOW + 900 * DAY, ends_at=NOW + 900 * DAY + HOUR, answer_by=NOW + 899 * DAY, capacity=1)
    salon.top.refresh_from_db()
    seat, other = salon.guest(name="欧阳娜娜"), salon.guest()
    page = queries.link_of(seat).removeprefix("https://crm.bank")
    client = Client(enforce_csrf_checks=True)
    for language, word in (("zh-hans", salon.event.name), ("en", "I come")):
        answer = client.get(page, {"lang": language})
        body = answer.content.decode()
        assert (answer.status_code, faults(body)) == (200, [])
        assert word in body
        assert not any(secret in body for secret in ("欧阳", "1380", seat.customer.customer_no))
        assert not answer.cookies
    assert salon.states() == ["invited", "invited"]
    staff = Client()
    staff.force_login(salon.head, backend="staff.backends.StaffBackend")
    assert staff.post(page, {"answer": "yes"}).status_code == 403
    assert client.post(page, {"answer": "perhaps"}).status_code == 422
    said = client.post(page + "?lang=en", {"answer": "yes"}).content.decode()
    assert "A seat is kept for you" in said
    assert code_of(bytes(seat.digest)) in said
    entry = client.get(f"{page}calendar/")
    assert (entry["Content-Type"], b"BEGIN:VEVENT" in entry.content) == ("text/calendar; charset=utf-8", True)
    second = queries.link_of(other).removeprefix("https://crm.bank")
    assert "waiting list" in client.post(second + "?lang=en", {"answer": "yes"}).content.decode()
    assert client.post(page, {"answer": "no"}).status_code == 200
    assert salon.states() == ["declined", "coming"]
    Event.everything.filter(pk=salon.event.pk).update(state="cancelled")
    late = client.post(page + "?lang=en", {"answer": "yes"})
    assert (late.status_code, "called off" in late.content.decode()) == (409, True)
    answers = [client.get(f"/r/{n:020d}/").status_code for n in range(61)]
    assert (set(answers[:60]), answers[60]) == ({404}, 429)


def typed_of(salon, begins):
    times = {"starts_at": begins, "ends_at": begins + HOUR, "answer_by": begins}
    return {
        "name": "金秋沙龙",
        "kind": "salon",
        "place": "二楼",
        "capacity": "2",
        "branch": salon.branch.code,
        "host": salon.head.staff_no,
        "about": "存款保险",
        **{name: f"{localtime(moment, SHANGHAI):%Y-%m-%dT%H:%M}" for name, moment in times.items()},
    }


def test_an_event_is_drawn_up_opened_changed_and_filled_with_guests(client_of, django_assert_max_num_queries):
    salon = Salon()
    client, typed = client_of(salon.head), typed_of(salon, now() + 2 * HOUR)
    new = reverse("campaigns:event_new")
    wrong = client.post(new, {**typed, "ends_at": typed["starts_at"]})
    assert (wrong.status_code, "ends_at" in wrong.context["form"].errors) == (422, True)
    page = client.post(new, typed).url
    salon.event = Event.everything.get(name="金秋沙龙")
    client.post(reverse("campaigns:event_step", args=[salon.event.pk, "open"]))
    own = salon.customer(manager=salon.manager, name="欧阳娜娜")
    refused = salon.customer(name="司马相如", consent="")
    invite = reverse("campaigns:event_invite", args=[salon.event.pk])
    answer = client.post(invite, {"numbers": f"{own.customer_no}\n{refused.customer_no}"})
    assert [row.number for row in answer.context["refused"]] == [refused.customer_no]
    salon.guest(name="司马迁", manager=None)
    edit = reverse("campaigns:event_edit", args=[salon.event.pk])
    assert client.post(edit, {**typed, "capacity": "3"}).status_code == 302
    with django_assert_max_num_queries(20):
        body = client.get(page).content.decode()
    assert faults(body) == []
    assert "欧阳娜娜" in body
    assert "司马迁" in body
    # A manager of the branch sees of the guests only their own, in the counts, too.
    manager = client_of(salon.manager)
    seen = manager.get(page)
    assert "司马迁" not in seen.content.decode()
    assert seen.context["tiles"][0]["value"] == "1"
    assert manager.get(edit).status_code == 404
    assert client_of(make.make_user(role="manager")).get(page).status_code == 404
    campaign = client.get(f"{reverse('campaigns:new')}?kind=event&event={salon.event.pk}").content.decode()
    assert f'value="{salon.event.pk}" selected' in campaign
    assert client.post(reverse("campaigns:event_step", args=[salon.event.pk, "eat"])).status_code == 404


def test_the_teller_finds_a_guest_by_code_name_or_number_and_lets_them_in(client_of):
    begins = now() + HOUR
    salon = Salon(starts_at=begins, ends_at=begins + HOUR, answer_by=begins)
    seat = salon.guest(name="欧阳娜娜")
    head = client_of(salon.head)
    told = head.get(reverse("campaigns:seat", args=[seat.pk]))
    assert (faults(told.content.decode()), told.context["says"]) == ([], ["yes", "no"])
    head.post(reverse("campaigns:seat_step", args=[seat.pk, "yes"]))
    teller = client_of(make.make_user(role="teller", branch=salon.branch))
    door = reverse("campaigns:event_check_in", args=[salon.event.pk])
    for text in (code_of(bytes(seat.digest)), "欧阳", "8000"):
        found = teller.post(door, {"q": text})
        assert [guest["row"] for guest in found.context["guests"]] == [seat]
        assert "138****8000" in found.content.decode()
    assert teller.post(reverse("campaigns:seat_step", args=[seat.pk, "in"]), {"door": "1"}).url == door
    assert Seat.everything.get(pk=seat.pk).state == "came"
    paper = teller.get(reverse("campaigns:event_print", args=[salon.event.pk])).content.decode()
    assert ("欧阳娜娜" in paper, "13800138000" in paper) == (True, False)


def test_a_segment_is_invited_by_a_campaign_from_the_form_to_the_launch(client_of):
    begins = now() + 3 * DAY
    salon = Salon(starts_at=begins, ends_at=begins + HOUR, answer_by=begins)
    guest = salon.customer(name="欧阳娜娜")
    words = "【{bank}】{name}您好，诚邀您参加{event}。回复：{rsvp} 退订：{opt_out}"
    form = {
        "name": "沙龙邀请",
        "goal": "老客户到场",
        "branch": salon.branch.code,
        "channel": "sms",
        "submit": "1",
        "template": make.make_template(created_by=salon.head, body=words).pk,
        "event": salon.event.pk,
        "segment": make.make_segment(branch=salon.branch, created_by=salon.head).pk,
        "holdout": 0,
        "starts_on": today(),
        "ends_on": today() + DAY,
        "once": "5c3c5c9e-9f8e-4f63-9d1c-3c3f5d3b8a12",
    }
    head, new = client_of(salon.head), f"{reverse('campaigns:new')}?kind=event"
    late = head.post(new, {**form, "ends_on": today() + 9 * DAY, "submit": ""})
    assert late.status_code == 302
    draft = Campaign.everything.get(kind="event")
    assert (draft.state, faults_of(draft, today())) == ("draft", {"event": "event_before_end"})
    edit = reverse("campaigns:edit", args=[draft.pk])
    read = head.get(edit).context["form"].initial["read"]
    assert head.post(edit, {**form, "read": read}).status_code == 302
    assert Event.everything.get().campaign == draft
    approval = client_of(salon.hq).get(reverse("campaigns:approval", args=[draft.pk])).content.decode()
    assert salon.event.place in approval
    # Nobody but the guest is shown a link that answers for them.
    assert "/r/" not in approval
    step = [reverse("campaigns:step", args=[draft.pk, name]) for name in ("check", "launch")]
    client_of(salon.hq).post(step[0])
    Event.everything.update(place="三楼")
    head.post(step[1])
    assert (Campaign.everything.get(kind="event").state, Seat.everything.count()) == ("approved", 0)
    Event.everything.update(place=salon.event.place)
    head.post(step[1])
    assert Campaign.everything.get(kind="event").state == "running"
    assert list(Seat.everything.values_list("customer", "event", "state")) == [(guest.pk, salon.event.pk, "invited")]
