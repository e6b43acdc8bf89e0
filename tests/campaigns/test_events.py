"""M11: as many guests as seats, the next in the queue when one is given back, and who stayed away is called."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st

from campaigns.enums import SeatState
from campaigns.models import Campaign, Event, Outreach, Seat
from campaigns.queries import events as queries
from campaigns.queries.approval import faults_of
from campaigns.services import events as services
from campaigns.services import seats
from campaigns.services.preparing import prepare_outreach
from campaigns.services.sending import run
from core.messaging import CARRIERS, Delivery, Sent
from servicing.models import FollowUp
from servicing.queries.follow_ups import reason_of
from tests import factories as make
from tests.campaigns.salon import Salon
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGINS = NOW + 10 * DAY


def test_seats_are_given_in_turn_and_one_given_back_goes_to_who_waits_longest():
    salon = Salon(capacity=2)
    first, second, third, fourth = (salon.guest() for _n in range(4))
    answers = [salon.says(seat, "yes", minutes) for minutes, seat in enumerate((first, second, fourth, third))]
    assert answers == ["coming", "coming", "waiting", "waiting"]
    # Asking again changes neither seat nor place.
    assert salon.says(fourth, "yes", 9) == "waiting"
    assert salon.says(first, "no", 10) == "declined"
    assert salon.states() == ["declined", "coming", "waiting", "coming"]
    assert salon.calls("moved_up") == [(fourth.customer_id, salon.manager)]
    assert salon.says(fourth, "no", 11) == "declined"
    # The call about a seat given back again is gone.
    assert salon.calls("moved_up") == [(third.customer_id, salon.manager)]
    assert salon.says(first, "yes", 12) == "waiting"
    facts = services.EventFacts(
        **{name: getattr(salon.event, name) for name in services.EventFacts.__dataclass_fields__}
    )
    wider = services.EventFacts(**{**{n: getattr(facts, n) for n in facts.__slots__}, "capacity": 3, "place": "三楼"})
    services.change_event(event=salon.event, facts=wider, actor=salon.head, at=NOW + HOUR)
    assert salon.states() == ["coming", "coming", "coming", "declined"]
    assert len(salon.calls("changed")) == 3
    smaller = services.EventFacts(**{**{n: getattr(facts, n) for n in facts.__slots__}, "capacity": 1})
    with pytest.raises(services.SeatsGiven):
        services.change_event(event=salon.event, facts=smaller, actor=salon.head, at=NOW)
    with pytest.raises(services.EventNotYours):
        services.change_event(event=salon.event, facts=facts, actor=salon.manager, at=NOW)
    with pytest.raises(seats.AnswersClosed):
        seats.answer(seat=second, says="yes", at=salon.event.answer_by + HOUR)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["yes", "no"])), max_size=14))
@rules(max_examples=15, deadline=None)
def test_whatever_is_answered_seats_and_queue_are_those_of_a_list_on_paper(said):
    with transaction.atomic():
        salon = Salon(capacity=2)
        guests = [salon.guest() for _n in range(5)]
        seated, queue, declined = [], [], set()
        for minute, (who, says) in enumerate(said):
            salon.says(guests[who], says, minute)
            if says == "yes" and who not in seated + queue:
                (seated if len(seated) < 2 else queue).append(who)
                declined.discard(who)
            elif says == "no":
                declined.add(who)
                for line in (seated, queue):
                    if who in line:
                        line.remove(who)
                if queue and len(seated) < 2:
                    seated.append(queue.pop(0))
        paper = ["coming" if n in seated else "waiting" if n in queue else "" for n in range(5)]
        paper = [state or ("declined" if n in declined else "invited") for n, state in enumerate(paper)]
        assert salon.states() == paper
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_say_yes_at_once_three_get_the_three_seats():
    salon = Salon()
    customers = [row.customer for row in salon.queued_quickly(50)]
    guests = Seat.everything.bulk_create(
        Seat(
            event=salon.event,
            customer=customer,
            digest=queries.new_digest(salon.event.pk, customer.pk),
            invited_at=NOW,
        )
        for customer in customers
    )

    def say(seat):
        try:
            return str(seats.answer(seat=seat, says="yes", at=NOW).state)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(say, guests))
    assert (answers.count("coming"), answers.count("waiting")) == (3, 47)
    assert sorted(salon.states()) == sorted(answers)


def test_at_the_door_and_afterwards_who_stayed_away_is_called():
    salon = Salon(capacity=2)
    came, missed, waiting, stranger = (salon.guest() for _n in range(4))
    nobody = salon.guest(manager=None)
    for seat in (came, missed, waiting):
        salon.says(seat, "yes")
    with pytest.raises(seats.NotAtTheDoor):
        seats.check_in(seat=came, actor=salon.head, at=BEGINS - 5 * HOUR)
    for _again in range(2):
        assert seats.check_in(seat=came, actor=salon.head, at=BEGINS - HOUR).state == SeatState.CAME
    with pytest.raises(seats.NoSeatLeft):
        seats.check_in(seat=stranger, actor=salon.head, at=BEGINS)
    with pytest.raises(services.EventNotBegun):
        services.close_event(event=salon.event, actor=salon.head, at=BEGINS - HOUR)
    assert services.close_past(at=salon.event.ends_at + 23 * HOUR) == 0
    assert [services.close_past(at=salon.event.ends_at + DAY) for _again in range(2)] == [1, 0]
    assert salon.states() == ["came", "missed", "waiting", "invited", "invited"]
    assert salon.calls("missed") == [(missed.customer_id, salon.manager)]
    call = FollowUp.everything.get(facts__why="missed")
    assert (call.title, reason_of(call) != "", call.due_on > BEGINS.date()) == (salon.event.name, True, True)
    # The paper list turned up: the call is taken away; the wrong one is called instead.
    late = salon.event.ends_at + 25 * HOUR
    seats.check_in(seat=missed, actor=salon.head, at=late)
    assert salon.calls("missed") == []
    seats.undo_check_in(seat=came, actor=salon.head, at=late)
    assert salon.calls("missed") == [(came.customer_id, salon.manager)]
    with pytest.raises(seats.NotLetIn):
        seats.undo_check_in(seat=came, actor=salon.head, at=late)
    services.close_event(event=salon.event, result="两位客户有意向", actor=salon.head, at=late)
    assert Event.everything.get().result == "两位客户有意向"
    assert nobody.state == "invited"


def test_who_may_not_be_made_offers_is_not_invited_and_everybody_is_told_when_it_is_called_off():
    salon = Salon()
    fine, refused, mourning = salon.customer(), salon.customer(consent=""), salon.customer()
    make.make_alert(customer=mourning, kind="bereavement")
    elsewhere = make.make_customer()
    numbers = [fine.customer_no, refused.customer_no, mourning.customer_no, fine.customer_no, elsewhere.customer_no]
    lines = list(enumerate([*numbers, " "], start=1))
    found = seats.invite(event=salon.event, numbers=lines, actor=salon.head, at=NOW)
    assert (found.added, found.known, [row.line for row in found.refused]) == (1, 0, [2, 3, 4, 5])
    assert seats.invite(event=salon.event, numbers=lines[:1], actor=salon.head, at=NOW).known == 1
    seat = Seat.everything.get()
    assert (seat.customer, seat.invited_by, bytes(seat.digest)) == (
        fine,
        salon.head,
        queries.new_digest(salon.event.pk, fine.pk),
    )
    salon.says(seat, "yes")
    with pytest.raises(services.EventReason):
        services.cancel_event(event=salon.event, note=" x ", actor=salon.head, at=NOW)
    services.cancel_event(event=salon.event, note="场地停电", actor=salon.head, at=NOW)
    # Of nobody's customer the head of the unit has the call.
    assert salon.calls("cancelled") == [(fine.pk, salon.head)]
    with pytest.raises(seats.AnswersClosed):
        salon.says(seat, "no")
    with pytest.raises(seats.NotOpenForGuests):
        seats.invite(event=salon.event, numbers=lines, actor=salon.head, at=NOW)


def test_a_campaign_makes_guests_of_those_it_contacts_and_each_message_holds_its_own_link(settings):
    settings.PUBLIC_URL = "https://crm.bank"
    salon = Salon()
    body = "【{bank}】{salutation}，诚邀您参加{event}，{event_at}，{event_place}。回复：{rsvp} 退订：{opt_out}"
    template = make.make_template(created_by=salon.head, body=body)
    campaign = make.make_campaign(
        branch=salon.branch, created_by=salon.head, kind="event", template=template, holdout=50, state="running"
    )
    assert faults_of(campaign, TODAY)["event"] == "event_missing"
    Event.everything.filter(pk=salon.event.pk).update(campaign=campaign)
    assert faults_of(campaign, TODAY)["event"] == "event_before_end"
    Event.everything.filter(pk=salon.event.pk).update(answer_by=BEGINS, starts_at=BEGINS, state="draft")
    assert faults_of(campaign, TODAY)["event"] == "event_not_open"
    Event.everything.filter(pk=salon.event.pk).update(state="open")
    for _n in range(4):
        salon.customer()
    prepare_outreach(campaign=campaign, business_day=TODAY, at=NOW)
    assert [seats.seat_members(campaign=campaign, at=NOW) for _again in range(2)] == [2, 2]
    treated = set(Outreach.everything.filter(campaign=campaign, state="queued").values_list("customer", flat=True))
    assert set(Seat.everything.values_list("customer", flat=True)) == treated
    told = {}

    def arrives(message):
        told[message.key] = message.words
        return Sent(Delivery.SENT)

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(CARRIERS, "console", arrives)
        run(channel="sms", clock=lambda: NOW)
    links = [re.search(r"https://crm\.bank(/r/[^ ]+/)", text)[1] for text in told.values()]
    assert len(set(links)) == 2
    assert {queries.rsvp_of(link.split("/")[2]).customer_id for link in links} == treated
    # A secret that was replaced since still makes the very link that was sent.
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert {queries.link_of(seat).removeprefix("https://crm.bank") for seat in Seat.everything.all()} == set(links)
    services.cancel_event(event=salon.event, note="改期举行", actor=salon.head, at=NOW)
    assert Campaign.everything.get(pk=campaign.pk).state == "stopped"
