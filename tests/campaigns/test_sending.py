"""M03, M04, M07: what the gate lets pass, what leaves once, and what becomes of what did not."""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.enums import OutreachState
from campaigns.models import AppMessage, Article, ArticleUse, Campaign, Outreach, SegmentMember
from campaigns.queries.gate import rulings
from campaigns.rules.sending import STEPS, key_of, may_become, pk_of, retry_at
from campaigns.services import receipts, sending
from core import crypto
from core.clock import SHANGHAI
from core.models import Job, TrailEntry
from customers.models import Customer, Preference
from servicing.models import Interaction
from servicing.queries.permission import marketing_permits
from tests import factories as make
from tests.campaigns.outbox import Bank, mail_server, provider
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bank():
    return Bank()


def at(hour, minute=0, day=TODAY):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def test_what_is_allowed_leaves_once_as_a_contact_begun_by_us_that_resets_no_clock(bank, caplog):
    caplog.set_level("INFO", "core.messaging.console")
    row, *_more = bank.queued(3, name="欧阳娜娜")
    assert bank.send()["rows"] == 3
    assert bank.send()["rows"] == 0
    assert bank.states() == {("sent", ""): 3}
    row.refresh_from_db()
    assert (row.sent_at, row.attempts, row.claimed_at) == (NOW, 1, NOW)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3
    assert "/o/s" in said[0]
    assert "13800138000" not in "".join(said)
    contact = Interaction.everything.get(customer=row.customer)
    assert (contact.direction, contact.outcome, contact.origin, contact.author) == (
        "out",
        "sent",
        "campaign",
        bank.head,
    )
    row.customer.position.refresh_from_db()
    assert row.customer.position.last_contact_on is None
    assert not Interaction.objects.visible_to(bank.head).by_people().exists()
    assert TrailEntry.objects.get(action="send").changes == {"sent": 3}


def test_who_may_not_be_contacted_is_left_out_with_the_gravest_reason(bank):
    asked = {
        "no_consent": bank.customer(consent=""),
        "opted_out": bank.customer(consent="withdrawn"),
        "no_address": bank.customer(phone=""),
        "do_not_contact": bank.customer(),
        "bereavement": bank.customer(),
        "complaint": bank.customer(),
        "gone": bank.customer(),
        "excluded": bank.customer(),
        "": bank.customer(),
    }
    for kind in ("do_not_contact", "bereavement"):
        make.make_alert(customer=asked[kind], kind=kind)
        make.make_alert(customer=asked["do_not_contact"], kind="bereavement")
    make.make_complaint(customer=asked["complaint"], branch=bank.branch)
    Customer.everything.filter(pk=asked["gone"].pk).update(merged_into=asked[""])
    away = make.make_segment(branch=bank.top, created_by=bank.hq, kind="list", exclusion="always")
    make_listed(away, asked["excluded"], bank.hq)
    for customer in asked.values():
        make.make_outreach(bank.campaign, customer)
    bank.send()
    found = dict(Outreach.everything.values_list("customer", "reason"))
    assert {why: found[customer.pk] for why, customer in asked.items()} == {why: why for why in asked}
    assert bank.states()["sent", ""] == 1


def make_listed(segment, customer, user):
    SegmentMember.everything.create(segment=segment, customer=customer, added_by=user, added_at=NOW)


def test_an_offer_is_asked_again_when_it_leaves_and_a_piece_out_of_date_stays(bank):
    offer = make.make_offer(created_by=bank.hq, rule={"field": "tier", "op": "in", "value": [3]})
    facts = {"branch": bank.branch, "created_by": bank.head, "approved_by": bank.hq, "state": "running"}
    bank.campaign = make.make_campaign(**facts, offer=offer)
    good, low = bank.customer(tier=3), bank.customer(tier=2)
    for customer in (good, low):
        make.make_outreach(bank.campaign, customer)
    assert bank.send()["rows"] == 1
    assert bank.states() == {("sent", ""): 1, ("suppressed", "not_eligible"): 1}
    facts["article"] = Article.everything.create(
        title="利息怎么算",
        subject="interest",
        body="...",
        state="approved",
        expires_on=TODAY,
        review_on=TODAY,
        created_by=bank.head,
        created_at=NOW,
        approved_by=bank.hq,
    )
    bank.campaign = make.make_campaign(**facts)
    first, second = bank.queued(2)
    Outreach.everything.filter(pk=second.pk).update(not_before=NOW + timedelta(days=3))
    assert bank.send()["rows"] == 1
    assert ArticleUse.everything.get().customer_id == first.customer_id
    bank.send(NOW + timedelta(days=3))
    assert bank.states() == {("sent", ""): 1, ("suppressed", "item_expired"): 1}


@pytest.mark.parametrize(
    ("now", "prefers", "until"),
    [
        # Before nine, at noon and after eight it waits for the next window of the day or the next workday.
        (at(8, 59), "", at(9)),
        (at(12, 0), "", at(14)),
        (at(20, 0), "", at(9, day=date(2026, 11, 23))),
        # A Saturday, and National Day's week up to its last day off.
        (at(10, day=date(2026, 11, 21)), "", at(9, day=date(2026, 11, 23))),
        (at(10, day=date(2026, 10, 1)), "", at(9, day=date(2026, 10, 8))),
        (at(10), "evening", at(18)),
        (at(10), "weekend", at(9, day=date(2026, 11, 21))),
    ],
)
def test_outside_the_hours_it_is_held_until_the_next_allowed_minute(now, prefers, until):
    bank = Bank(starts_on=date(2026, 9, 1), ends_on=date(2026, 12, 31))
    (row,) = bank.queued()
    make_consent_early(row)
    if prefers:
        wish(row.customer, prefers)
    assert bank.send(now)["rows"] == 0
    row.refresh_from_db()
    assert (row.state, row.reason, row.not_before) == ("queued", "hours", until)
    assert bank.send(until - MINUTE)["rows"] == 0
    assert bank.send(until)["rows"] == 1


def make_consent_early(row):
    make.make_consent(customer=row.customer, stated_at=at(9, day=date(2026, 9, 1)))


def wish(customer, value):
    Preference.everything.create(
        customer=customer,
        kind="contact_time",
        value=value,
        source="counter",
        stated_on=TODAY,
        recorded_at=NOW,
        recorded_by=make.make_user(),
    )


def test_the_weekly_cap_counts_over_all_campaigns_and_calls_and_lifts_on_monday(bank):
    (row,) = bank.queued()
    other = make.make_campaign(branch=bank.branch, created_by=bank.head, state="running", approved_by=bank.hq)
    third = make.make_campaign(branch=bank.branch, created_by=bank.head, state="running", approved_by=bank.hq)
    make.make_interaction(customer=row.customer, author=bank.head, direction="out", happened_at=at(9))
    later = [make.make_outreach(campaign, row.customer) for campaign in (other, third)]
    permit = marketing_permits([row.customer_id], "sms", NOW)[row.customer_id]
    assert permit.remaining == 1  # of two a week for a customer of no high tier
    assert bank.send()["rows"] == 1
    found = [Outreach.everything.get(pk=one.pk) for one in later]
    monday = at(9, day=date(2026, 11, 23))
    assert [(one.state, one.reason, one.not_before) for one in found] == [("queued", "cap", monday)] * 2
    assert bank.send(monday)["rows"] == 2


def test_paused_ended_and_call_campaigns_send_nothing(bank):
    bank.queued()
    for change in ({"state": "paused"}, {"state": "ended"}):
        Campaign.everything.filter(pk=bank.campaign.pk).update(**change)
        assert bank.send()["rows"] == 0
        assert sending.wake(at=NOW) == 0
    calls = Bank(kind="call", channel="sms")
    calls.queued()
    assert calls.send()["rows"] == 0
    over = Bank(ends_on=TODAY - timedelta(days=1), starts_on=TODAY - timedelta(days=9))
    over.queued()
    assert over.send()["rows"] == 0


def test_in_the_app_it_is_a_row_of_our_own_and_a_lost_claim_waits_again():
    bank = Bank(channel="app")
    bank.queued(2, phone="")
    assert bank.send()["rows"] == 2
    assert AppMessage.everything.count() == 2
    left = bank.queued(phone="")[0]
    Outreach.everything.filter(pk=left.pk).update(state="sending", claimed_at=NOW - 2 * MINUTE)
    assert bank.send()["rows"] == 1


def test_a_claim_nobody_finished_is_perhaps_sent_and_a_person_decides(bank):
    left, again, fresh = bank.queued(3)
    lost = Outreach.everything.filter(pk__in=[left.pk, again.pk])
    lost.update(state="sending", claimed_at=NOW - 2 * MINUTE)
    Outreach.everything.filter(pk=fresh.pk).update(state="sending", claimed_at=NOW)
    assert sending.wake(at=NOW) == 1
    assert bank.send()["unknown"] == 2
    assert bank.send()["rows"] == 0
    assert bank.states() == {("unknown", ""): 2, ("sending", ""): 1}
    facts = {"campaign": bank.campaign, "at": NOW}
    with pytest.raises(receipts.DoubtNotYours):
        receipts.settle_unknown(**facts, keys=[left.pk], was_sent=True, actor=make.make_user(branch=bank.branch))
    receipts.settle_unknown(**facts, keys=[left.pk], was_sent=True, actor=bank.head)
    receipts.settle_unknown(**facts, keys=[left.pk, again.pk], was_sent=False, actor=bank.hq)
    assert bank.send()["rows"] == 1
    assert bank.states() == {("sent", ""): 2, ("sending", ""): 1}
    assert Interaction.everything.filter(origin="campaign").count() == 2
    # The claim of a worker still alive is not touched before it can be over.
    assert bank.send(NOW + MINUTE)["unknown"] == 0
    assert bank.send(NOW + 2 * MINUTE)["unknown"] == 1


def test_a_provider_refuses_fails_breaks_off_and_is_asked_by_key(bank, settings):
    rows = bank.queued(6)
    with provider(settings) as found:
        # Taken; refused for good; not now; then the line breaks with the message taken: it and what follows wait.
        found.answers = [202, 422, 503]
        assert bank.send() == Counter(rows=1, sent=1, failed=1, queued=4)
        assert bank.states() == {("sent", ""): 1, ("failed", "refused"): 1, ("queued", "unreached"): 4}
        assert Outreach.everything.get(pk=rows[0].pk).provider_no.startswith("P-o")
        found.answers = [0]
        soon = NOW + MINUTE
        assert bank.send(soon)["unknown"] == 1
        assert bank.send(soon + MINUTE)["rows"] == 3
        # Asked a minute later the provider knows the key.
        assert bank.send(soon + 2 * MINUTE) == Counter(rows=1, sent=1)
        # One that never arrived there leaves now, and one it cannot be asked about stays in doubt.
        lost = bank.queued()[0]
        Outreach.everything.filter(pk=lost.pk).update(state="sending", claimed_at=NOW)
        assert bank.send(soon + 2 * MINUTE)["sent"] == 1
        assert set(found.delivered.values()) == {1}
        assert len(found.delivered) == 6
        failed = Outreach.everything.filter(state="failed").values_list("pk", flat=True)
        receipts.retry_failed(campaign=bank.campaign, keys=list(failed), actor=bank.head, at=soon)
        assert bank.send(soon + 2 * MINUTE)["rows"] == 1
        waiting = bank.queued()[0]
    # Nobody listens any more: not sent, tried again after a minute, five, a quarter of an hour, an hour; then failed.
    now = soon + 3 * MINUTE
    for minutes in (1, 5, 15, 60):
        bank.send(now)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.not_before) == ("queued", now + minutes * MINUTE)
        now = waiting.not_before
    bank.send(now)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason, waiting.attempts) == ("failed", "unreached", 5)


def test_letters_go_over_a_real_line_with_one_click_to_leave(settings):
    bank = Bank(channel="email")
    rows = bank.queued(4, phone="")
    for row in rows:
        sealed = crypto.seal("customers.customer.email", row.customer.customer_no, "a@b.example")
        Customer.everything.filter(pk=row.customer_id).update(email_cipher=sealed)
    with mail_server(settings) as found:
        found.refuse = ["550 no such mailbox", "450 later"]
        assert bank.send() == Counter(rows=2, sent=2, failed=1, queued=1)
        letter = found.letters[0]
        for line in ("To: a@b.example", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Message-ID: <o"):
            assert line in letter
        found.hang_up = True
        assert bank.send(NOW + MINUTE) == Counter(rows=0, unknown=1)
    assert len(found.letters) == 3
    # Nobody can be asked: it stays so.
    assert bank.send(NOW + 9 * MINUTE)["rows"] == 0


def test_receipts_come_in_any_order_and_a_reply_to_stop_is_an_opt_out(bank, client, settings):
    sent, doubt, waiting = bank.queued(3)
    Outreach.everything.filter(pk=sent.pk).update(state="sent", sent_at=NOW)
    for state in ("sending", "unknown"):
        Outreach.everything.filter(pk=doubt.pk).update(state=state, claimed_at=NOW)
    other = make.make_campaign(branch=bank.branch, created_by=bank.head, state="running", approved_by=bank.hq)
    left_out = make.make_outreach(other, sent.customer)
    key = {row.pk: key_of(row.pk, row.created_at) for row in (sent, doubt, waiting)}
    lines = [
        {"key": key[sent.pk], "state": "read"},
        {"key": key[sent.pk], "state": "delivered"},
        {"key": key[doubt.pk], "state": "delivered"},
        {"key": key[waiting.pk], "state": "delivered"},
        {"key": f"o{sent.pk}-1", "state": "delivered"},
        {"key": key[sent.pk], "state": "replied", "text": " td "},
    ]
    assert client.post("/receipts/", lines, "application/json").status_code == 404
    settings.RECEIPTS_TOKEN = "word"
    asked = {"content_type": "application/json", "headers": {"Authorization": "Bearer word"}}
    for wrong in ("{", '{"key": 1}', '[{"key": "x", "state": "eaten"}]'):
        assert client.post("/receipts/", wrong, **asked).status_code == 400
    assert client.post("/receipts/", lines, **asked).json() == {"rows": 3, "unknown": 1, "left": 1}
    assert client.post("/receipts/", lines, **asked).json() == {"rows": 0, "unknown": 1, "left": 0}
    found = {row.pk: (row.state, row.receipt) for row in Outreach.everything.all()}
    assert found[sent.pk] == ("sent", "replied")
    assert found[doubt.pk] == ("sent", "delivered")
    assert found[waiting.pk] == ("queued", "")
    assert found[left_out.pk] == ("suppressed", "")


def test_a_worker_is_woken_for_what_is_due_and_again_when_its_job_is_over(bank, monkeypatch):
    assert sending.wake(at=NOW) == 0
    (row,) = bank.queued()
    monkeypatch.setattr("core.jobs.send", lambda task, *args: True)
    assert [sending.wake(at=NOW) for _n in range(2)] == [1, 0]
    job = Job.objects.get(name=sending.SEND_JOB)
    assert (job.key, job.state) == ("sms", "waiting")
    Job.objects.update(state="done")
    assert sending.wake(at=NOW) == 1
    Outreach.everything.filter(pk=row.pk).update(not_before=NOW + MINUTE)
    Job.objects.update(state="done")
    assert sending.wake(at=NOW) == 0


def test_nothing_goes_where_the_table_of_states_does_not_lead_not_even_by_hand(bank):
    (row,) = bank.queued()
    allowed = {(before, after) for before, steps in STEPS.items() for after in steps}
    for before in OutreachState:
        for after in OutreachState:
            with transaction.atomic():
                mine = Outreach.everything.filter(pk=row.pk)
                fields = {"sent_at": NOW, "claimed_at": NOW, "reason": "cap"}
                with without_guard():
                    mine.update(state=before, **fields)
                try:
                    with transaction.atomic():
                        mine.update(state=after)
                    moved = before != after
                except IntegrityError:
                    moved = False
            assert moved == ((before, after) in allowed) == may_become(before, after)


class without_guard:
    def __enter__(self):
        self._run("DISABLE")

    def __exit__(self, *_exc):
        self._run("ENABLE")

    def _run(self, what):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE campaigns_outreach {what} TRIGGER outreach_allowed_move")


def test_keys_and_waits():
    assert pk_of(key_of(77, NOW)) == 77
    assert [pk_of(text) for text in ("", "o", "x7-1", "o-1", "o" + "9" * 40)] == [None] * 5
    assert [retry_at(n, NOW) for n in (1, 4, 5)] == [NOW + MINUTE, NOW + 60 * MINUTE, None]


def test_the_gate_of_nobody_asks_nothing(bank, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert rulings(bank.campaign, [], NOW) == {}
