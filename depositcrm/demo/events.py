"""Events of the demo branch: a salon people answer to, and a lecture that took place."""

import random
from datetime import date, datetime, time, timedelta

from campaigns.models import Event, Seat
from campaigns.rules.events import NO, YES
from campaigns.services.events import EventFacts, close_event, draft_event, open_event
from campaigns.services.seats import answer, check_in, invite
from core.clock import SHANGHAI
from customers.models import Customer
from depositcrm.demo.offers import People

GUESTS = 14


def seed_events(*, rng: random.Random, people: People, end: date, at: datetime) -> None:
    """Make them, their guests of the branch's customers; the same generator makes the same."""
    ago = datetime.combine(end - timedelta(days=20), time(15), SHANGHAI)
    past = _opened(people, "存款保险知识讲座", "lecture", ago, 8, ago - timedelta(days=12))
    for seat in _invited(people, past, ago - timedelta(days=11)):
        answer(seat=seat, says=YES if rng.random() < 0.6 else NO, at=ago - timedelta(days=rng.randint(3, 9)))
    for seat in Seat.everything.filter(event=past, state="coming").order_by("pk"):
        if rng.random() < 0.75:
            check_in(seat=seat, actor=people.head, at=ago + timedelta(minutes=rng.randint(0, 20)))
    close_event(event=past, result="到场客户反响好，两位约了到期面谈。", actor=people.head, at=ago + timedelta(hours=3))
    ahead = datetime.combine(at.astimezone(SHANGHAI).date() + timedelta(days=9), time(14, 30), SHANGHAI)
    salon = _opened(people, "岁末客户沙龙", "salon", ahead, 4, at - timedelta(days=3))
    for place, seat in enumerate(_invited(people, salon, at - timedelta(days=2))):
        if place < GUESTS - 5:
            said = YES if rng.random() < 0.8 else NO
            answer(seat=seat, says=said, at=at - timedelta(hours=30 - place))


def _opened(people: People, name: str, kind: str, starts_at: datetime, seats: int, at: datetime) -> Event:
    facts = EventFacts(
        name=name,
        kind=kind,
        branch=people.head.branch,
        place="营业厅二楼贵宾室",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        answer_by=starts_at - timedelta(days=1),
        capacity=seats,
        host=people.manager,
        about="请专家讲存款保险和防范非法集资，现场答疑，备有茶点。",
    )
    return open_event(event=draft_event(facts=facts, actor=people.head, at=at), actor=people.head, at=at)


def _invited(people: People, event: Event, at: datetime) -> list[Seat]:
    rows = Customer.objects.visible_to(people.head).filter(position__tier__gte=2).order_by("customer_no")
    numbers = [(line, number) for line, number in enumerate(rows.values_list("customer_no", flat=True)[: 3 * GUESTS])]
    invite(event=event, numbers=numbers, actor=people.head, at=at)
    return list(Seat.everything.filter(event=event).order_by("pk")[:GUESTS])
