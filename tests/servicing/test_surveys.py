"""V17: who is asked, who is left out and why, links that leave once, and what answers amount to."""

from datetime import date, timedelta

import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from core import crypto
from core.messaging import CARRIERS, Delivery, Sent
from core.models import Job, TrailEntry
from core.trail import NIGHT
from customers.models import Customer, Preference
from servicing.forms.surveys import SURVEYS as KIND
from servicing.models import Feedback, Invitation, SurveyAnswer, Wave
from servicing.queries import surveys as queries
from servicing.rules.surveys import BUILT_IN, digest_of, overlaps, read_surveys, recommendation
from servicing.services import survey_links, surveys
from tests import factories as make
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 19)


def asked_customer(branch, *, channel="sms", phone="13800138000", day=TODAY, **fields):
    """A customer who was in contact on the day and agreed to surveys over a channel."""
    customer = make.make_customer(branch=branch, phone=phone, **fields)
    make.make_interaction(
        customer=customer, author=make.make_user(branch=branch), branch=branch, happened_at=_noon(day)
    )
    if channel:
        make.make_consent(customer=customer, purpose="survey", channel=channel)
    return customer


def _noon(day):
    return NOW.replace(year=day.year, month=day.month, day=day.day, hour=9)


class Bank:
    def __init__(self):
        self.top = make.make_head_office(name="示范银行")
        self.branch = make.make_branch(parent=self.top)
        self.head = make.make_user(role="branch_head", branch=self.branch)
        self.hq = make.make_user(role="head_office", branch=self.top)

    def wave(self, *, start=True, actor=None, **fields):
        unit = fields.pop("branch", self.branch)
        facts = {"name": "Q4", "starts_on": DAY, "ends_on": TODAY + timedelta(days=9), "channels": ["sms"]}
        facts = surveys.WaveFacts(**{**facts, "percent": 100, "branch": unit, **fields})
        wave = surveys.draft_wave(facts=facts, actor=actor or self.hq, at=NOW)
        return surveys.start_wave(wave=wave, actor=actor or self.hq, at=NOW) if start else wave


@pytest.fixture
def bank():
    return Bank()


def night(day=TODAY, at=NOW):
    return surveys.run(business_day=day, actor=NIGHT, at=at)["rows"]


def asked(wave):
    return set(Invitation.everything.filter(wave=wave).values_list("customer", flat=True))


def test_everybody_left_out_is_counted_by_reason_and_doing_it_again_changes_nothing(bank):
    wave = bank.wave(channels=["sms", "email", "kiosk"])
    good = asked_customer(bank.branch)
    make.make_consent(customer=asked_customer(bank.branch), purpose="survey", channel="sms", decision="withdrawn")
    asked_customer(bank.branch, channel="")
    asked_customer(bank.branch, channel="phone")
    asked_customer(bank.branch, phone="")
    for kind in ("do_not_contact", "bereavement"):
        make.make_alert(customer=asked_customer(bank.branch), kind=kind)
    tired = asked_customer(bank.branch)
    other = bank.wave(branch=bank.top)
    Invitation.everything.create(
        wave=other,
        customer=tired,
        branch=bank.branch,
        channel="sms",
        digest=b"x",
        made_at=NOW - timedelta(days=89),
        expires_at=NOW,
    )
    surveys.close_wave(wave=other, actor=bank.hq, at=NOW)
    # Not of the day, not of the unit, or not reached: no contact of this wave's night.
    asked_customer(bank.branch, day=DAY)
    asked_customer(make.make_branch(parent=bank.top))
    lost = make.make_customer(branch=bank.branch)
    make.make_interaction(customer=lost, branch=bank.branch, channel="phone", outcome="not_reached", happened_at=NOW)
    for _again in range(2):
        night()
        wave.refresh_from_db()
        assert asked(wave) == {good.pk}
        assert wave.left_out == {"2026-11-20": {"no_consent": 3, "no_address": 1, "alert": 2, "fatigue": 1}}
    assert queries.left_out_of(wave)["alert"] == 2
    # One day later the earlier survey is 90 days old.
    assert night(at=NOW + timedelta(days=1)) == 1


def test_a_sample_is_drawn_by_its_seed_alone(bank):
    for _n in range(60):
        asked_customer(bank.branch)
    wave = bank.wave(percent=30)
    night()
    first, wave = asked(wave), Wave.everything.get(pk=wave.pk)
    assert 5 < len(first) < 35
    assert len(first) + wave.left_out["2026-11-20"]["not_sampled"] == 60
    Invitation.everything.all().delete()
    night()
    assert asked(wave) == first
    kept = TrailEntry.objects.filter(subject=surveys.SUBJECT, action="create").get().changes
    assert kept["seed"] == wave.seed


def test_the_preferred_channel_goes_first_where_it_is_agreed_to(bank):
    wave = bank.wave(channels=["sms", "wecom"])
    both = asked_customer(bank.branch)
    make.make_consent(customer=both, purpose="survey", channel="wecom")
    Customer.everything.filter(pk=both.pk).update(wechat_cipher=b"x")
    only = asked_customer(bank.branch)
    for customer in (both, only):
        make_preference(customer, "wecom")
    night()
    channels = dict(Invitation.everything.filter(wave=wave).values_list("customer", "channel"))
    assert channels == {both.pk: "wecom", only.pk: "sms"}


def make_preference(customer, value):
    Preference.everything.create(
        customer=customer,
        kind="channel",
        value=value,
        source="counter",
        stated_on=TODAY,
        recorded_at=NOW,
        recorded_by=make.make_user(),
    )


def test_only_heads_run_waves_of_their_own_units_and_states_are_kept(bank):
    teller, other = make.make_user(branch=bank.branch), make.make_user(role="branch_head", branch=make.make_branch())
    for person in (teller, other):
        with pytest.raises(surveys.WaveNotYours):
            bank.wave(actor=person)
    with pytest.raises(surveys.WaveNotYours):
        bank.wave(actor=bank.head, branch=bank.top)
    wave = bank.wave(actor=bank.head, start=False)
    assert night() == 0
    with pytest.raises(surveys.WaveMovedOn):
        surveys.close_wave(wave=wave, actor=bank.head, at=NOW)
    with pytest.raises(surveys.WaveOver):
        surveys.start_wave(wave=wave, actor=bank.head, at=NOW + timedelta(days=30))
    surveys.start_wave(wave=wave, actor=bank.head, at=NOW)
    for change in (surveys.discard_wave, surveys.start_wave):
        with pytest.raises(surveys.WaveMovedOn):
            change(wave=wave, actor=bank.head, at=NOW)
    # Closed by the night once its last link is over.
    night(day=TODAY + timedelta(days=30))
    wave.refresh_from_db()
    assert wave.state == "closed"
    seen = {person: Wave.objects.visible_to(person).count() for person in (bank.head, bank.hq, teller, other)}
    assert list(seen.values()) == [1, 1, 0, 0]


def sent(wave, monkeypatch, what=Delivery.SENT):
    box = []

    def gateway(message):
        box.append((message.to, message.subject, message.words))
        if isinstance(what, BaseException):
            raise what
        return Sent(what)

    monkeypatch.setitem(CARRIERS, "console", gateway)
    return box


def token_of(words):
    return words.rstrip("/").rsplit("/", 1)[1]


def test_links_leave_once_with_nothing_but_the_bank_and_the_link(bank, monkeypatch, settings):
    settings.PUBLIC_URL = "https://crm.bank"
    wave, customer = bank.wave(), asked_customer(bank.branch, name="欧阳娜娜")
    night()
    assert Job.objects.filter(name=surveys.SEND_JOB).count() == 1
    box = sent(wave, monkeypatch)
    for rows in (1, 0):
        assert survey_links.send_waiting(at=NOW)["rows"] == rows
    ((to, subject, words),) = box
    assert (to, subject) == ("13800138000", "示范银行")
    assert "https://crm.bank/s/" in words
    assert "欧阳娜娜" not in words
    assert customer.customer_no not in words
    found = Invitation.everything.get()
    assert (found.state, found.sent_at, bytes(found.digest)) == ("sent", NOW, digest_of(token_of(words)))


def test_what_is_no_longer_permitted_at_the_moment_of_sending_is_dropped(bank, monkeypatch):
    wave = bank.wave()
    gone, warned, _fine = (asked_customer(bank.branch) for _n in range(3))
    night()
    make.make_consent(customer=gone, purpose="survey", channel="sms", decision="withdrawn")
    make.make_alert(customer=warned, kind="bereavement")
    box = sent(wave, monkeypatch)
    counts = survey_links.send_waiting(at=NOW)
    assert (counts["rows"], counts["dropped"], len(box)) == (1, 2, 1)


def test_a_withdrawal_after_the_claim_is_still_seen(bank, monkeypatch):
    wave, customer = bank.wave(), asked_customer(bank.branch)
    night()
    box, claim = sent(wave, monkeypatch), survey_links._claim

    def overtaken(pk, at):
        found = claim(pk, at)
        make.make_consent(customer=customer, purpose="survey", channel="sms", decision="withdrawn")
        return found

    monkeypatch.setattr(survey_links, "_claim", overtaken)
    assert survey_links.send_waiting(at=NOW)["dropped"] == 1
    assert (box, Invitation.everything.get().state) == ([], "dropped")


def test_nobody_is_sent_a_link_twice_when_a_gateway_or_a_worker_fails_midway(bank, monkeypatch, settings):
    wave = bank.wave()
    asked_customer(bank.branch)
    night()
    box = sent(wave, monkeypatch, Delivery.UNKNOWN)
    assert survey_links.send_waiting(at=NOW)["unknown"] == 1
    assert survey_links.send_waiting(at=NOW)["unknown"] == 0
    # A worker that dies with the link in its hands leaves it "being sent"; later nobody knows.
    Invitation.everything.update(state="waiting")
    sent(wave, monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        survey_links.send_waiting(at=NOW)
    assert Invitation.everything.get().state == "sending"
    assert survey_links.send_waiting(at=NOW + timedelta(minutes=11)) == {
        "rows": 0,
        "failed": 0,
        "unknown": 1,
        "dropped": 0,
        "not_configured": 0,
    }
    assert len(box) == 1
    # A person decides to send it anew; with the channel not set up it waits.
    assert surveys.send_again(wave=wave, actor=bank.hq, at=NOW) == 1
    settings.MESSAGE_GATEWAYS = {"sms": "acme", "email": "", "wecom": ""}  # of no code that could send
    assert survey_links.send_waiting(at=NOW)["not_configured"] == 1
    assert Invitation.everything.get().state == "waiting"


def test_mail_goes_by_the_mail_server_to_the_customers_address(bank):
    bank.wave(channels=["email"])
    customer = asked_customer(bank.branch, channel="email", phone="")
    sealed = crypto.seal("customers.customer.email", customer.customer_no, "a@b.example")
    Customer.everything.filter(pk=customer.pk).update(email_cipher=sealed)
    night()
    assert survey_links.send_waiting(at=NOW)["rows"] == 1
    assert [letter.to for letter in mail.outbox] == [["a@b.example"]]


def test_an_answer_works_once_and_a_low_score_is_looked_into(bank, monkeypatch):
    wave, customer = bank.wave(), asked_customer(bank.branch)
    night()
    box = sent(wave, monkeypatch)
    survey_links.send_waiting(at=NOW)
    token = token_of(box[0][2])
    said = {"token": token, "score": 3, "marks": {"service": 2, "nonsense": 5, "speed": 9}, "comment": " 太慢 "}
    with pytest.raises(surveys.StaffMayNotAnswer):
        surveys.answer_survey(**said, by_staff=True, at=NOW)
    late = NOW + timedelta(days=15)
    for wrong, at in ((token, late), ("x" * 32, NOW), ("", NOW)):
        with pytest.raises(surveys.LinkDead):
            surveys.answer_survey(**{**said, "token": wrong}, by_staff=False, at=at)
    answer = surveys.answer_survey(**said, by_staff=False, at=NOW)
    with pytest.raises(surveys.LinkDead):
        surveys.answer_survey(**said, by_staff=False, at=NOW)
    assert (answer.score, answer.marks, answer.comment) == (3, {"service": 2}, "太慢")
    opened = Feedback.everything.get()
    assert (opened.owner, opened.customer, opened.text, opened.source) == (bank.head, customer, "3/10 太慢", "survey")
    assert (answer.feedback, opened.recorded_by) == (opened, None)


def test_results_are_those_of_the_viewers_units_in_few_queries(bank, django_assert_max_num_queries):
    wave = bank.wave(branch=bank.top)
    second = make.make_branch(parent=bank.top)
    for unit, scores in ((bank.branch, [10, 10, 9, 7, 2]), (second, [0])):
        for score in scores:
            SurveyAnswer.everything.create(
                wave=wave, branch=unit, channel="kiosk", score=score, answered_at=NOW, marks={"service": 4}
            )
    with django_assert_max_num_queries(9):
        whole = queries.results_of(wave, bank.hq, TODAY)
    assert (whole.total.count, whole.total.score, whole.response) == (6, 16.7, None)
    mine = queries.results_of(wave, bank.head, TODAY)
    assert (mine.total.count, mine.total.score, mine.marks) == (5, 40.0, [("service", 4.0, 5)])
    assert [line.branch for line in mine.by_branch] == [bank.branch]
    assert not queries.sees_all_of(bank.head, wave)
    assert queries.sees_all_of(bank.hq, wave)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({}, (0, None, None, True)),
        ({10: 1}, (1, 100.0, 0.0, True)),
        ({9: 50, 8: 0, 6: 50}, (100, 0.0, 19.6, False)),
        # p = 0.5, d = 0.2: score 30, spread 0.7 - 0.09 = 0.61, margin 1.96 * sqrt(0.61 / 100)
        ({10: 50, 7: 30, 0: 20}, (100, 30.0, 15.3, False)),
    ],
)
def test_net_recommendation_and_its_margin(scores, expected):
    found = recommendation(scores, small=30)
    assert (found.count, found.score, found.margin, found.is_small) == expected


@given(st.dictionaries(st.integers(0, 10), st.integers(0, 500)))
def test_a_recommendation_never_leaves_its_range(scores):
    found = recommendation(scores, small=30)
    assert found.score is None or (-100 <= found.score <= 100 and 0 <= found.margin <= 196)
    assert overlaps(found, found)


def test_the_rules_are_dated_data_with_an_editor():
    for code, wrong in (("fatigue_days", 0), ("recommend", {"zh": "?"}), ("questions_code", [{"code": "X"}])):
        name = code.partition("_code")[0] if code.endswith("_code") else code
        with pytest.raises(ValueError, match=f"^{code}$"):
            read_surveys({**BUILT_IN, name: wrong})
    form = KIND.form(None, kind=KIND, values=BUILT_IN)
    sent_ = {**form.initial, "effective_on": "2027-01-01", "note": "x", "fatigue_days": 120}
    typed = KIND.form(sent_, kind=KIND, values=BUILT_IN)
    assert typed.is_valid(), typed.errors
    assert read_surveys(typed.typed_values()).fatigue_days == 120
    assert not KIND.form({**sent_, "questions": "x"}, kind=KIND, values=BUILT_IN).is_valid()
    assert set(KIND.parts(BUILT_IN)) >= {"fatigue_days", "thanks_zh", "questions"}
