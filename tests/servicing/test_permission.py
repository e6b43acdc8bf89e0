"""B10: may this customer be contacted now, this way, for this purpose; and when next."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import SHANGHAI
from core.workdays import Calendar
from customers.enums import AlertKind, ConsentChannel
from customers.models import Preference
from servicing.enums import Refusal, Use
from servicing.forms.permission import CONTACT_HOURS, HoursForm
from servicing.queries.permission import permits_for, permits_of
from servicing.rules.permission import (
    BUILT_IN,
    WAYS,
    Contactable,
    Pause,
    permit,
    read_hours,
    refusals,
    use_for,
)
from tests.factories import NOW, TODAY, make_alert, make_consent, make_customer, make_interaction, make_user

HOURS = read_hours(BUILT_IN)
CALENDAR = Calendar()
WORKS = CALENDAR.is_workday
FREE = Contactable(ways=frozenset(WAYS), consented=frozenset(WAYS), letter="C")
PHONE, EMAIL = ConsentChannel.PHONE, ConsentChannel.EMAIL
MARKETING, SERVICE = Use.MARKETING, Use.SERVICE
# Friday, a working day.
FRIDAY = date(2026, 11, 20)


def at(day: date, clock: str) -> datetime:
    hours, minutes = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hours, minutes, tzinfo=SHANGHAI)


def known(**fields: Any) -> Contactable:
    return Contactable(**{"ways": FREE.ways, "consented": FREE.consented, "letter": "C", **fields})


@pytest.mark.parametrize(
    ("clock", "said", "next_clock"),
    [
        ("08:59", {Refusal.HOURS}, "2026-11-20 09:00"),
        ("09:00", set(), "2026-11-20 09:00"),
        ("11:59", set(), "2026-11-20 11:59"),
        ("12:00", {Refusal.HOURS}, "2026-11-20 14:00"),
        ("19:59", set(), "2026-11-20 19:59"),
        ("20:00", {Refusal.HOURS}, "2026-11-23 09:00"),
    ],
)
def test_the_edges_of_the_hours(clock: str, said: set[Refusal], next_clock: str) -> None:
    found = permit(HOURS, FREE, PHONE, MARKETING, at(FRIDAY, clock), WORKS)
    assert (set(found.refusals), f"{found.next_at:%Y-%m-%d %H:%M}") == (said, next_clock)
    assert found.is_allowed is (not said)


SATURDAY, NEW_YEAR = FRIDAY + timedelta(days=1), date(2026, 1, 1)
# 2026 moves a working day to this Sunday.
MAKE_UP = next(d for d in (date(2026, 1, 1) + timedelta(days=n) for n in range(120)) if d.weekday() > 4 and WORKS(d))
CASES = [
    # What is known, way, use, when, why not, and the first minute.
    (known(), PHONE, MARKETING, at(SATURDAY, "10:00"), {"day_off"}, "2026-11-23 09:00"),
    (known(chosen="weekend"), PHONE, MARKETING, at(SATURDAY, "10:00"), set(), "2026-11-21 10:00"),
    (known(chosen="weekend"), PHONE, MARKETING, at(FRIDAY, "10:00"), {"not_chosen_day"}, "2026-11-21 09:00"),
    (known(chosen="noon"), PHONE, MARKETING, at(FRIDAY, "10:00"), {"not_chosen_time"}, "2026-11-20 12:00"),
    (known(chosen="noon"), PHONE, MARKETING, at(FRIDAY, "12:30"), set(), "2026-11-20 12:30"),
    (known(not_at_work=True), PHONE, MARKETING, at(FRIDAY, "10:00"), {"at_work"}, "2026-11-20 18:00"),
    (known(not_at_work=True), PHONE, SERVICE, at(FRIDAY, "10:00"), {"at_work"}, "2026-11-20 18:00"),
    (known(not_at_work=True), EMAIL, MARKETING, at(FRIDAY, "10:00"), set(), "2026-11-20 10:00"),
    (known(not_at_work=True, chosen="morning"), PHONE, MARKETING, at(FRIDAY, "10:00"), {"at_work"}, None),
    (known(used=3), PHONE, MARKETING, at(FRIDAY, "10:00"), {"cap"}, "2026-11-23 09:00"),
    (known(used=2), PHONE, MARKETING, at(FRIDAY, "10:00"), set(), "2026-11-20 10:00"),
    (known(used=99), PHONE, SERVICE, at(SATURDAY, "08:00"), set(), "2026-11-21 08:00"),
    (known(), PHONE, SERVICE, at(SATURDAY, "07:59"), {"hours"}, "2026-11-21 08:00"),
    (known(), EMAIL, SERVICE, at(SATURDAY, "03:00"), set(), "2026-11-21 03:00"),
    (known(consented=frozenset()), PHONE, MARKETING, at(FRIDAY, "10:00"), {"no_consent"}, None),
    (known(consented=frozenset()), PHONE, SERVICE, at(FRIDAY, "10:00"), set(), "2026-11-20 10:00"),
    (known(ways=frozenset()), PHONE, SERVICE, at(FRIDAY, "10:00"), {"no_address"}, None),
    (
        known(pauses=(Pause(AlertKind.COMPLAINT, FRIDAY, date(2026, 12, 31)),)),
        PHONE,
        MARKETING,
        at(FRIDAY, "10:00"),
        {"complaint"},
        None if not CALENDAR.knows(2027) and date(2027, 1, 1).weekday() > 4 else "2027-01-0",
    ),
    (
        known(pauses=(Pause(AlertKind.COMPLAINT, FRIDAY, None),)),
        PHONE,
        SERVICE,
        at(FRIDAY, "10:00"),
        set(),
        "2026-11-20 10:00",
    ),
    (
        known(pauses=(Pause(AlertKind.BEREAVEMENT, FRIDAY, None),)),
        PHONE,
        SERVICE,
        at(FRIDAY, "10:00"),
        {"bereavement"},
        None,
    ),
    (
        known(pauses=(Pause(AlertKind.DO_NOT_CONTACT, FRIDAY, date.max),)),
        EMAIL,
        SERVICE,
        at(FRIDAY, "10:00"),
        {"do_not_contact"},
        None,
    ),
    # An alert that begins on Monday keeps Monday from being the next time.
    (
        known(pauses=(Pause(AlertKind.COMPLAINT, date(2026, 11, 23), date(2026, 11, 23)),)),
        PHONE,
        MARKETING,
        at(FRIDAY, "20:00"),
        {"hours"},
        "2026-11-24 09:00",
    ),
    # Across the new year's holiday, and into a working day on a weekend.
    (known(), PHONE, MARKETING, at(date(2025, 12, 31), "20:00"), {"hours"}, "2026-01-04 09:00"),
    (known(), PHONE, MARKETING, at(MAKE_UP, "10:00"), set(), f"{MAKE_UP} 10:00"),
    (known(chosen="weekend"), PHONE, MARKETING, at(MAKE_UP, "10:00"), {"not_chosen_day"}, ""),
]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_what_speaks_against_a_contact(case: tuple[Any, ...]) -> None:
    facts, way, use, when, said, first = case
    found = permit(HOURS, facts, way, use, when, WORKS)
    assert {str(refusal) for refusal in found.refusals} == said
    assert (found.next_at is None) == (first is None)
    if first is not None:
        assert f"{found.next_at:%Y-%m-%d %H:%M}".startswith(first)


days = st.dates(date(2025, 12, 20), date(2027, 3, 10))
pauses = st.builds(
    lambda kind, start, length: Pause(kind, start, None if length is None else start + timedelta(days=length)),
    st.sampled_from([AlertKind.COMPLAINT, AlertKind.BEREAVEMENT, AlertKind.DO_NOT_CONTACT, AlertKind.FRAUD_RISK]),
    days,
    st.none() | st.integers(0, 6),
)
contactables = st.builds(
    Contactable,
    ways=st.frozensets(st.sampled_from(WAYS)) | st.just(frozenset(WAYS)),
    consented=st.frozensets(st.sampled_from(WAYS)) | st.just(frozenset(WAYS)),
    pauses=st.lists(pauses, max_size=2).map(tuple),
    chosen=st.sampled_from(["", "", "morning", "noon", "evening", "weekend"]),
    not_at_work=st.booleans(),
    letter=st.sampled_from("ABCDZ"),
    used=st.integers(0, 5),
)


@settings(max_examples=150, deadline=None)
@given(
    facts=contactables,
    way=st.sampled_from(WAYS),
    use=st.sampled_from(list(Use)),
    day=days,
    minute=st.integers(0, 24 * 60 - 1),
)
def test_the_next_time_is_allowed_and_no_earlier_one_is(
    facts: Contactable, way: ConsentChannel, use: Use, day: date, minute: int
) -> None:
    when = at(day, "00:00") + timedelta(minutes=minute)
    found = permit(HOURS, facts, way, use, when, WORKS)

    if found.is_allowed:
        assert found.next_at == when
        if use == Use.MARKETING:
            assert way in facts.consented
            assert WORKS(day) or facts.chosen == "weekend"
            assert facts.used < HOURS.cap(facts.letter)
        assert not [p for p in facts.pauses if p.holds(day) and p.kind in ("bereavement", "do_not_contact")]
        return
    if found.next_at is None:
        return
    assert found.next_at > when

    def allowed(moment: datetime) -> bool:
        # What was used counts in its own week only.
        same_week = moment.isocalendar()[:2] == when.isocalendar()[:2]
        then = (
            facts
            if same_week
            else known(
                ways=facts.ways,
                consented=facts.consented,
                pauses=facts.pauses,
                chosen=facts.chosen,
                not_at_work=facts.not_at_work,
                letter=facts.letter,
            )
        )
        return not refusals(HOURS, then, way, use, moment, WORKS)

    assert allowed(found.next_at)
    assert not allowed(found.next_at - timedelta(minutes=1))
    # Hours begin and end at full half hours at the least: nothing between is missed.
    step = when.replace(minute=0) + timedelta(minutes=30)
    while step < found.next_at and step < when + timedelta(days=16):
        assert step <= when or not allowed(step)
        step += timedelta(minutes=30)


def test_a_talk_about_a_maturity_is_a_service() -> None:
    assert use_for(["drop", "maturity"]) == SERVICE
    assert use_for(["drop", "birthday"]) == MARKETING


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("marketing", "9-12"),
        ("outer", "08:00-24:30"),
        ("at_work", "18:00-09:00"),
        ("marketing", "09:00-12:00, 11:00-13:00"),
        ("times", {}),
        ("caps", {"a": 1}),
        ("other_cap", 51),
        ("other_cap", True),
    ],
)
def test_hours_that_make_no_sense(path: str, value: object) -> None:
    with pytest.raises(ValueError, match=path):
        read_hours({**BUILT_IN, path: value})


@pytest.mark.django_db
def test_the_editor_says_where_hours_are_wrong() -> None:
    form = HoursForm(kind=CONTACT_HOURS, values=BUILT_IN)
    typed = {name: field.initial or form.initial.get(name) for name, field in form.fields.items()}
    typed |= {"effective_on": "2026-12-01", "note": "test"}
    good = HoursForm(typed, kind=CONTACT_HOURS, values=BUILT_IN)
    assert good.is_valid(), good.errors
    assert good.typed_values() == BUILT_IN
    bad = HoursForm({**typed, "times__noon": "12-14"}, kind=CONTACT_HOURS, values=BUILT_IN)
    assert list(bad.errors) == ["times__noon"]


@pytest.mark.django_db
def test_what_is_known_of_a_customer_decides() -> None:
    manager = make_user(role="manager")
    customer = make_customer(manager=manager, phone="13800138000", tier=3)
    make_consent(customer=customer, channel="phone")
    make_consent(customer=customer, channel="sms")
    make_consent(customer=customer, channel="sms", decision="withdrawn", stated_at=NOW - timedelta(hours=1))
    for direction, days_ago in (("out", 0), ("in", 0), ("out", 9)):
        make_interaction(customer=customer, direction=direction, happened_at=NOW - timedelta(days=days_ago))

    found = permits_of(customer, NOW)

    assert [(each.way, each.tone) for each in found.ways] == [
        ("phone", "good"),
        ("sms", "warn"),
        ("email", "bad"),
        ("wecom", "bad"),
    ]
    assert (found.remaining, found.cap) == (3, 4)
    assert found.of("sms", MARKETING).refusals == (Refusal.NO_CONSENT,)
    assert found.call_for_marketing.is_allowed
    assert found.call_for_service.remaining is None

    common = {"customer": customer, "source": "counter", "stated_on": TODAY, "recorded_by": manager, "recorded_at": NOW}
    Preference.everything.create(**common, kind="no_call_at_work", value="yes")
    assert permits_of(customer, NOW).call_for_service.refusals == (Refusal.AT_WORK,)
    make_alert(customer=customer, kind="bereavement")
    assert permits_of(customer, NOW).call_for_service.refusals == (Refusal.BEREAVEMENT, Refusal.AT_WORK)


@pytest.mark.django_db
def test_a_list_costs_the_same_for_any_number() -> None:
    manager = make_user(role="manager")
    customers = [make_customer(manager=manager, phone="13800138000", tier=2) for _n in range(12)]
    for customer in customers:
        make_consent(customer=customer, channel="phone")
    counts = []
    for some in (customers[:2], customers):
        with CaptureQueriesContext(connection) as queries:
            found = permits_for([customer.pk for customer in some], NOW)
        counts.append(len(queries))
        assert set(found) == {customer.pk for customer in some}
    assert counts[0] == counts[1] <= 10
    assert permits_for([], NOW) == {}


@pytest.mark.django_db
def test_the_control_says_it_in_words(client: Client, client_of: Any) -> None:
    manager = make_user(role="manager", language="en")
    customer = make_customer(manager=manager, phone="13800138000", tier=2)
    url = reverse("servicing:permits", args=[customer.customer_no])
    page = client_of(manager).get(url, headers={"HX-Request": "true", "Accept-Language": "en"}).content.decode()
    assert "No consent to marketing this way" in page
    assert "Nothing on record to reach the customer by" in page
    assert "13800138000" not in page
    assert client_of(make_user(role="manager", branch=manager.branch)).get(url).status_code == 404
    assert client_of(make_user(role="admin")).get(url).status_code == 403
