"""X12: told once, by choice, in the reader's language, and never with anything of a customer."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from core.models import Job
from staff import queries
from staff.enums import EVENT_WORDS, Digest, Event
from staff.models import Notification
from staff.rules import EVENTS, how_told, mail_address
from staff.services import notices
from staff.services.policies import decide, digest_of, draft_policy, submit
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db
CANARY = "欧阳娜娜"


def tell(user, once="1", event=Event.JOB_DONE, **params):
    return notices.notify(
        users=[user], event=event, once=once, at=NOW, url="/exports/", params={"number": 7, "state": "ready", **params}
    )


def test_an_event_is_told_once_to_those_who_may_sign_in_by_their_choice(django_assert_num_queries):
    people = [make.make_user() for _ in range(5)]
    gone = make.make_user(is_active=False)
    mute, mailed, fixed = people[1], people[2], people[3]
    notices.choose(user=mute, choices={Event.JOB_DONE: (False, Digest.NONE)})
    notices.choose(user=mailed, choices={Event.JOB_DONE: (False, Digest.DAILY)})
    notices.choose(user=fixed, choices={Event.APPROVAL_WAITING: (False, Digest.NONE)})
    for _again in range(2):
        notices.notify(users=[*people, gone], event=Event.JOB_DONE, once="e1", at=NOW, params={"number": 1})
    told = {n.user_id: n.read_at for n in Notification.objects.all()}
    assert told == {people[0].pk: None, mailed.pk: NOW, fixed.pk: None, people[4].pk: None}
    # What somebody else waits for stays in the bell, whatever was chosen.
    tell(fixed, "e2", Event.APPROVAL_WAITING, subject="tiers.scheme")
    assert queries.unread_count(fixed) == 2
    with django_assert_num_queries(5):  # savepoint, people, choices, rows, savepoint
        notices.notify(users=people * 40, event=Event.JOB_DONE, once="e3", at=NOW)


def test_every_event_has_words_a_rule_and_no_place_for_a_name():
    assert set(EVENT_WORDS) == set(EVENTS) == set(Event)
    places = {place for words in EVENT_WORDS.values() for place in re.findall(r"%\((\w+)\)s", str(words))}
    days, codes = {"day", "days", "first", "last"}, {"absence", "clock", "rung", "seat", "state", "step", "subject"}
    assert places <= days | codes | {"count", "number"}
    assert how_told(Event.FEEDBACK_ASSIGNED, (False, "none")).in_app
    assert mail_address("{staff_no}@bank", username="u", staff_no="S1") == "S1@bank"
    assert mail_address("", username="u", staff_no="S1") == ""


def test_letters_go_once_hold_nothing_of_a_customer_and_wait_for_an_address(settings):
    user = make.make_user(language="en")
    notices.choose(user=user, choices={Event.JOB_DONE: (True, Digest.DAILY)})
    tell(user, "a", name=CANARY, phone="13912345678")
    tell(user, "b", event=Event.REFERRAL_DECIDED, state="accepted")  # not chosen for mail
    settings.STAFF_MAIL = ""
    assert notices.send_letters(digest=Digest.DAILY, at=NOW) == {"rows": 0, "not_configured": 1}
    settings.STAFF_MAIL, settings.PUBLIC_URL = "{staff_no}@mail.bank", "https://crm.bank/"
    assert notices.send_letters(digest=Digest.DAILY, at=NOW) == {"rows": 1, "failed": 0}
    assert notices.send_letters(digest=Digest.DAILY, at=NOW) == {"rows": 0, "failed": 0}
    (letter,) = mail.outbox
    assert letter.to == [f"{user.staff_no}@mail.bank"]
    assert letter.body.startswith("- File no. 7: ready\n")
    assert "https://crm.bank/notifications/" in letter.body
    assert CANARY not in letter.subject + letter.body
    assert "1391" not in letter.body


def test_mail_that_is_refused_is_tried_again(settings, monkeypatch):
    user = make.make_user(role="admin")
    settings.STAFF_MAIL = "{username}@mail.bank"
    for _again in range(2):
        notices.night_failed(business_day=NOW.date(), step="retier", at=NOW)
    assert Notification.objects.filter(user=user, url="/jobs/").count() == 1
    assert Job.objects.filter(name=notices.MAIL_JOB).count() == 1  # at once, unless chosen otherwise
    monkeypatch.setattr("staff.gateways.EmailMessage.send", lambda self: (_ for _ in ()).throw(OSError()))
    assert notices.send_letters(digest=Digest.AT_ONCE, at=NOW) == {"rows": 0, "failed": 1}
    monkeypatch.undo()
    assert notices.send_letters(digest=Digest.AT_ONCE, at=NOW) == {"rows": 1, "failed": 0}


def test_reading_marks_and_tidying(client_of, as_role):
    user = make.make_user()
    client = client_of(user)
    tell(user, "a")
    tell(user, "b")
    first = Notification.objects.get(once="a")
    assert b"bell-count" in client.get(reverse("staff:bell")).content
    answer = client.get(reverse("staff:notification_open", args=[first.pk]))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/exports/")
    page = client.get(reverse("staff:notifications"), {"unread": "true"})
    assert [item["notice"].once for item in page.context["news"]] == ["b"]
    mark = reverse("staff:notification_mark", args=[first.pk])
    assert client.post(mark, headers={"HX-Request": "true"}).headers["HX-Trigger"] == "notices-changed"
    assert queries.unread_count(user) == 2
    client.post(reverse("staff:notifications_read"))
    assert queries.unread_count(user) == 0
    assert as_role("teller").get(reverse("staff:notification_open", args=[first.pk])).status_code == 404
    Notification.objects.filter(pk=first.pk).update(read_at=NOW - timedelta(days=91))
    assert notices.tidy(at=NOW) == 1


def test_nobody_is_led_out_of_the_product(client_of):
    user = make.make_user()
    Notification.objects.create(user=user, event=Event.JOB_DONE, url="https://evil.example/", once="x", at=NOW)
    answer = client_of(user).get(reverse("staff:notification_open", args=[Notification.objects.get().pk]))
    assert answer.headers["Location"] == "/notifications/"


def test_the_bell_of_a_page_left_open_keeps_no_session_alive(client_of):
    client = client_of(make.make_user())
    client.get(reverse("staff:profile"))
    seen = client.session["seen_at"]
    session = client.session
    session["seen_at"] = seen = (NOW.fromisoformat(seen) - timedelta(minutes=2)).isoformat()
    session.save()
    client.get(reverse("staff:bell"))
    assert client.session["seen_at"] == seen
    client.get(reverse("staff:profile"))
    assert client.session["seen_at"] > seen


def test_the_choices_page_keeps_what_is_chosen(client_of):
    user = make.make_user()
    client, url = client_of(user), reverse("staff:notification_choices")
    form = client.get(url).context["form"]
    sent = {name: field.initial for name, field in form.fields.items() if field.initial not in (False, None)}
    sent = {name: "on" if value is True else value for name, value in sent.items()}
    sent["job_done__digest"] = "daily"
    del sent["job_done__in_app"], sent["approval_waiting__in_app"]
    assert client.post(url, sent).status_code == 302
    told = {choice.event: choice.told for choice in queries.event_choices(user)}
    assert (told[Event.JOB_DONE].in_app, told[Event.JOB_DONE].digest) == (False, "daily")
    assert told[Event.APPROVAL_WAITING].in_app


def test_who_may_decide_is_told_and_no_longer_once_it_is_decided():
    top = make.make_head_office()
    asker, second, hq = (make.make_user(role=role, branch=top) for role in ("admin", "admin", "head_office"))
    region = make.make_user(role="head_office", branch=make.make_branch(parent=top, kind="region"))
    values = {"keep_days": 60}
    policy = draft_policy(
        kind="notices",
        values=values,
        effective_on=NOW.date() + timedelta(days=1),
        note="x",
        actor=asker,
        at=NOW,
        read=lambda values: values,
    )
    submit(policy=policy, actor=asker, at=NOW)
    waiting = Notification.objects.filter(event=Event.APPROVAL_WAITING)
    assert set(waiting.values_list("user", flat=True)) == {second.pk, hq.pk}
    assert region.pk not in waiting.values_list("user", flat=True)
    policy.refresh_from_db()
    decide(policy=policy, digest=digest_of(policy), approve=True, actor=second, at=NOW, read=lambda values: values)
    assert not waiting.filter(read_at=None).exists()
    (told,) = Notification.objects.filter(user=asker)
    assert (told.event, told.params) == (Event.APPROVAL_DECIDED, {"subject": "staff.policy", "state": "approved"})


def test_the_nearest_head_decides():
    top = make.make_head_office()
    branch = make.make_branch(parent=make.make_branch(parent=top, kind="region"))
    hq = make.make_user(role="head_office", branch=top)
    assert list(queries.heads_near(branch)) == [hq]
    head = make.make_user(role="branch_head", branch=branch)
    assert list(queries.heads_near(branch)) == [head]
    assert list(queries.heads_near(branch, but=head.pk)) == [hq]
