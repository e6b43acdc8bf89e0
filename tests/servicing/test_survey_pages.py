"""V17 in the browser of a customer: one link, one answer, nothing told about anybody; and the kiosk at the counter."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import now
from servicing.models import Feedback, Invitation, SurveyAnswer, Wave
from servicing.rules.surveys import digest_of
from servicing.services import kiosk, visits
from tests import factories as make
from tests.test_pages import faults

pytestmark = pytest.mark.django_db
TOKEN = "Ab" * 16


class Bank:
    def __init__(self):
        self.top = make.make_head_office()
        self.branch = make.make_branch(parent=self.top)
        self.teller = make.make_user(branch=self.branch)
        self.head = make.make_user(role="branch_head", branch=self.branch)
        self.customer = make.make_customer(branch=self.branch, name="欧阳娜娜", phone="13912345678")
        today = now().date()
        self.wave = Wave.everything.create(
            name="Q4",
            branch=self.branch,
            starts_on=today,
            ends_on=today + timedelta(days=9),
            seed=1,
            state="running",
            channels=["sms", "kiosk"],
            created_by=self.head,
            created_at=now(),
        )

    def link(self, token=TOKEN, **fields):
        at = now()
        values = {"state": "sent", "made_at": at, "sent_at": at, "expires_at": at + timedelta(days=9), **fields}
        return Invitation.everything.create(
            wave=self.wave, customer=self.customer, branch=self.branch, channel="sms", digest=digest_of(token), **values
        )


@pytest.fixture
def bank():
    return Bank()


def page(token=TOKEN):
    return reverse("servicing:survey_link", args=[token])


def test_looking_uses_nothing_up_and_an_answer_works_once(bank):
    bank.link()
    client = Client(enforce_csrf_checks=True)
    for language, word in (("zh-hans", "推荐"), ("en", "recommend")):
        for method in (client.get, client.head, client.get):
            answer = method(page(), {"lang": language})
            assert answer.status_code == 200
        body = answer.content.decode()
        assert word in body
        assert answer.headers["Content-Language"] == language
        assert faults(body) == []
        assert not any(secret in body for secret in ("欧阳", "1391", bank.customer.customer_no, bank.teller.name))
        assert (answer.headers["Referrer-Policy"], answer.headers["X-Robots-Tag"]) == (
            "no-referrer",
            "noindex, nofollow",
        )
        assert "no-store" in answer.headers["Cache-Control"]
        assert not answer.cookies
    assert client.post(page(), {"comment": "x"}).status_code == 422
    assert client.post(page(), {"score": "11"}).status_code == 422
    done = client.post(page() + "?lang=en", {"score": "9", "mark_speed": "4", "comment": "good"})
    assert (done.status_code, done.headers["Location"]) == (302, "/s/thanks/?lang=en")
    assert client.get(done.headers["Location"]).status_code == 200
    answer = SurveyAnswer.everything.get()
    assert (answer.score, answer.marks, answer.comment, answer.feedback) == (9, {"speed": 4}, "good", None)
    assert client.post(page(), {"score": "0"}).status_code == 404
    assert SurveyAnswer.everything.count() == 1


def test_a_link_that_never_was_is_like_one_that_was_used_or_is_over(bank):
    bank.link("u" * 32, used_at=now())
    client = Client()
    bodies = {(answer.status_code, answer.content) for answer in map(client.get, map(page, ("u" * 32, "n" * 32, "x")))}
    Invitation.everything.update(used_at=None, expires_at=now() - timedelta(seconds=1))
    bodies |= {(answer.status_code, answer.content) for answer in [client.get(page("u" * 32))]}
    Invitation.everything.update(expires_at=now() + timedelta(days=1), state="waiting")
    bodies |= {(answer.status_code, answer.content) for answer in [client.get(page("u" * 32))]}
    assert [status for status, _body in bodies] == [404]


def test_no_session_of_staff_answers(bank, client_of):
    bank.link()
    client = client_of(bank.teller)
    assert b'name="score"' not in client.get(page()).content
    assert client.post(page(), {"score": "10"}).status_code == 403
    assert Invitation.everything.get().used_at is None


def test_who_comes_too_often_waits(bank, monkeypatch):
    monkeypatch.setattr(visits, "MOST", 3)
    answers = [Client().get(page(f"{n}" * 32)).status_code for n in range(5)]
    assert answers == [404, 404, 404, 429, 429]
    assert Client().get(reverse("servicing:survey_thanks")).status_code == 200  # each page has its own count


def test_a_kiosk_takes_answers_at_the_pace_of_people(bank, client_of, monkeypatch):
    monkeypatch.setattr(visits, "MOST_ANSWERS", 2)
    url, _answer = opened(client_of(bank.teller))
    said = [Client().post(url, {"score": "9", "once": str(uuid4())}).status_code for _n in range(4)]
    assert (said, SurveyAnswer.everything.count()) == ([302, 302, 429, 429], 2)


def opened(client, **sent):
    answer = client.post(reverse("servicing:kiosk_open"), sent)
    return answer.headers.get("Location", ""), answer


def test_the_kiosk_ends_the_session_and_takes_answers_one_after_the_other(bank, client_of):
    client = client_of(bank.teller)
    assert client.get(reverse("servicing:kiosk_open")).context["wave"] == bank.wave
    url, answer = opened(client)
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert client.get("/counter/").headers["Location"].startswith("/accounts/login/")
    shown = client.get(url)
    assert shown.status_code == 200
    assert faults(shown.content.decode()) == []
    once = str(uuid4())
    for score in ("10", "2"):  # the same page sent twice counts once
        done = client.post(url, {"score": score, "comment": "", "once": once})
        assert client.get(done.headers["Location"]).context["next"] == url
    client.post(url, {"score": "1", "comment": "等了很久", "once": str(uuid4())})
    assert client.post(url, {"score": "x", "once": str(uuid4())}).status_code == 422
    assert list(SurveyAnswer.everything.order_by("pk").values_list("score", "invitation", "channel")) == [
        (10, None, "kiosk"),
        (1, None, "kiosk"),
    ]
    opened_ = Feedback.everything.get()
    assert (opened_.customer, opened_.owner, opened_.source) == (None, bank.head, "kiosk")
    # With a session of staff in the same browser nothing is taken.
    assert client_of(bank.teller).post(url, {"score": "10", "once": str(uuid4())}).status_code == 403


def test_the_first_answer_is_the_customers_who_was_named_and_nobody_is_asked_twice(bank, client_of):
    number = bank.customer.customer_no
    for wrong in ("C-NONE", make.make_customer(branch=make.make_branch()).customer_no):
        assert opened(client_of(bank.teller), customer_no=wrong)[1].status_code == 422
    client = client_of(bank.teller)
    url, _answer = opened(client, customer_no=number)
    assert number not in url
    for score in ("9", "8"):
        client.post(url, {"score": score, "once": str(uuid4())})
    invitation = Invitation.everything.get()
    assert (invitation.about, invitation.used_at is not None) == (bank.teller, True)
    assert list(SurveyAnswer.everything.order_by("pk").values_list("score", "invitation")) == [
        (9, invitation.pk),
        (8, None),
    ]
    assert opened(client_of(bank.teller), customer_no=number)[1].status_code == 422
    Invitation.everything.update(made_at=now() - timedelta(days=91), wave=bank.wave)
    mourning = make.make_customer(branch=bank.branch)
    make.make_alert(customer=mourning, kind="bereavement", starts_on=now().date())
    assert opened(client_of(bank.teller), customer_no=mourning.customer_no)[1].status_code == 422


def test_who_was_named_and_left_is_not_given_the_next_one_s_answer(bank):
    at = now()
    key = kiosk.open_kiosk(actor=bank.teller, customer=bank.customer, at=at)
    later = at + kiosk.NAMED_FOR
    assert kiosk.read_kiosk(key=key, at=later - timedelta(seconds=1)).invitation is not None
    kiosk.answer_kiosk(key=key, score=1, comment="等了很久", once=uuid4(), at=later)
    assert SurveyAnswer.everything.get().invitation is None
    assert Feedback.everything.get().customer is None


def test_a_kiosk_closes_with_its_day_its_wave_and_its_opener(bank):
    key = kiosk.open_kiosk(actor=bank.teller, customer=None, at=now())
    assert kiosk.read_kiosk(key=key, at=now()).branch == bank.branch
    for wrong, at in ((key, now() + timedelta(hours=12)), (key + "x", now()), ("", now())):
        with pytest.raises(kiosk.KioskOver):
            kiosk.read_kiosk(key=wrong, at=at)
    bank.teller.access_epoch += 1
    bank.teller.save()
    assert Client().get(reverse("servicing:kiosk", args=[key])).status_code == 404
    key = kiosk.open_kiosk(actor=bank.teller, customer=None, at=now())
    Wave.everything.update(state="closed")
    assert Client().get(reverse("servicing:kiosk_thanks", args=[key])).status_code == 404
    with pytest.raises(kiosk.NoKioskSurvey):
        kiosk.open_kiosk(actor=bank.teller, customer=None, at=now())


def test_a_head_draws_up_begins_and_closes_a_survey(bank, client_of):
    client, today = client_of(bank.head), now().date()
    sent = {"name": "新", "branch": bank.branch.code, "starts_on": today, "ends_on": today, "percent": "20"}
    assert client.post(reverse("servicing:survey_new"), {**sent, "channels": []}).status_code == 422
    assert (
        client.post(reverse("servicing:survey_new"), {**sent, "branch": bank.top.code, "channels": ["sms"]}).status_code
        == 422
    )
    made = client.post(reverse("servicing:survey_new"), {**sent, "channels": ["sms"]})
    wave = Wave.everything.get(name="新")
    assert made.headers["Location"] == reverse("servicing:survey", args=[wave.pk])
    client.post(reverse("servicing:survey_edit", args=[wave.pk]), {**sent, "percent": "30", "channels": ["sms"]})
    step = lambda name: client.post(reverse("servicing:survey_step", args=[wave.pk, name]))  # noqa: E731  short here
    step("start")
    wave.refresh_from_db()
    assert (wave.state, wave.percent, set(wave.questions)) == ("running", 30, {"recommend", "questions", "thanks"})
    shown = client.get(reverse("servicing:survey", args=[wave.pk]))
    assert shown.status_code == 200
    assert shown.context["steps"] == {"close"}
    step("close")
    assert step("dance").status_code == 404
    wave.refresh_from_db()
    assert wave.state == "closed"
    other = make.make_user(role="branch_head", branch=make.make_branch(parent=bank.top))
    assert client_of(other).get(reverse("servicing:survey", args=[wave.pk])).status_code == 404
