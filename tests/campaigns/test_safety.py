"""What a curious colleague, one person alone or a broken line must not get out of campaigns."""

import threading
from dataclasses import replace
from datetime import date
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from campaigns.enums import CampaignState, Occasion, OutreachState
from campaigns.forms import segments as segment_forms
from campaigns.models import ArticleUse, Campaign, CampaignMoveMade, Outreach
from campaigns.queries.campaigns import standing_of
from campaigns.rules.sending import key_of
from campaigns.services import campaigns, events, launching, lists, occasions, receipts, sending
from campaigns.services.outcomes import Outcome, write_outcomes
from campaigns.services.segments import SegmentInUse
from core.messaging import Delivery, Message, deliver, is_configured
from customers.services.consents import lock_customers
from servicing.models import Interaction
from tests import factories as make
from tests.campaigns.outbox import Bank
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db
REASON = {"kind": "complaint", "severity": "warning", "text": "", "starts_on": TODAY}


def test_why_a_customer_is_left_out_is_kept_from_whom_its_alert_is_kept_from(client_of):
    bank = Bank()
    apart, open_one = (bank.customer(name=name) for name in ("保密的", "公开的"))
    for customer in (apart, open_one):
        make.make_outreach(bank.campaign, customer, state="suppressed", reason="complaint")
    make.make_alert(customer=apart, **REASON, hidden_from=[bank.head.pk])
    page, tab = (reverse(f"campaigns:{name}", args=[bank.campaign.pk]) for name in ("outreach", "overview"))
    api = f"/api/v1/campaigns/{bank.campaign.pk}/outreach/"
    for reader, knows in ((bank.head, False), (bank.hq, True)):
        client = client_of(reader)
        said = {row["customer_no"]: row["reason"] for row in client.get(api).json()["results"]}
        assert said == {apart.customer_no: "complaint" if knows else "not_now", open_one.customer_no: "complaint"}
        for answer in (client.get(page, {"reason": "complaint"}), client.get(api, {"reason": "complaint"})):
            body = answer.content.decode()
            assert ((apart.customer_no in body), (open_one.customer_no in body)) == (knows, True)
        counts = dict(standing_of(bank.campaign, reader).left_out)
        assert counts == ({"complaint": 2} if knows else {"complaint": 1, "not_now": 1})
        assert client.get(tab).status_code == 200
        wish = client.get(reverse("campaigns:outreach_export"), {"campaign": bank.campaign.pk, "reason": "complaint"})
        assert wish.context["count"] == (2 if knows else 1)


def test_a_list_a_rule_names_is_approved_with_it_and_stays_while_customers_join_by_it():
    bank, template = Bank(), "{bank}：{salutation}您好，利率以网点公示为准。退订：{opt_out}"
    maker, checker = (make.make_user(role="branch_head", branch=bank.branch) for _n in range(2))
    named = make.make_segment(branch=bank.branch, created_by=maker, kind="list", rule={})
    rule = {"all": [{"field": "list", "op": "in", "value": [named.pk]}]}
    segment = make.make_segment(branch=bank.branch, created_by=maker, rule=rule)
    words = make.make_template(created_by=maker, body=template)
    made = {"segment": segment, "template": words, "starts_on": TODAY}
    campaign = make.make_campaign(branch=bank.branch, created_by=maker, **made)
    campaigns.submit(campaign=campaign, actor=maker, at=NOW)
    campaign = campaigns.check(campaign=campaign, actor=checker, at=NOW)
    assert launching.launch_fault(campaign, TODAY) == ""
    numbers = [(1, bank.customer().customer_no)]
    lists.add_to_list(segment=named, numbers=numbers, actor=maker, at=NOW)
    campaign = Campaign.everything.get(pk=campaign.pk)
    assert launching.launch_fault(campaign, TODAY) == "changed"
    joining = {"kind": "trigger", "occasion": Occasion.BIRTHDAY, "segment": segment, "state": CampaignState.RUNNING}
    make.make_campaign(branch=bank.branch, created_by=maker, **joining)
    with pytest.raises(SegmentInUse):
        lists.add_to_list(segment=named, numbers=[(1, bank.customer().customer_no)], actor=maker, at=NOW)


def test_who_rises_to_the_highest_tier_is_reached_on_an_occasion_only_where_compliance_judged():
    make.first_scheme()
    bank = Bank()
    people = [bank.customer(birth_date=date(1980, 11, 21), tier=tier) for tier in (3, 4)]
    rows = [
        make.make_campaign(
            branch=bank.branch, created_by=bank.head, kind="trigger", occasion="birthday", state="running", holdout=0
        )
        for _n in range(2)
    ]
    CampaignMoveMade.objects.create(
        campaign=rows[1], move="approve", from_state="checked", to_state="approved", by=bank.hq, at=NOW
    )
    occasions.run(business_day=TODAY, at=NOW)
    found = [set(Outreach.everything.filter(campaign=row).values_list("customer_id", flat=True)) for row in rows]
    assert found == [{people[0].pk}, {person.pk for person in people}]


def test_a_receipt_that_overtakes_its_sender_counts_once_and_a_claim_is_dropped_with_its_campaign(monkeypatch):
    bank = Bank()
    article = make.make_article(created_by=bank.head)
    Campaign.everything.filter(pk=bank.campaign.pk).update(state="ended")
    campaign = make.make_campaign(branch=bank.branch, created_by=bank.head, state="running", holdout=0, article=article)
    row = make.make_outreach(campaign, bank.customer(), state="sending")
    report = receipts.Report(key_of(row.pk, row.created_at), receipts.Receipt.DELIVERED)
    assert receipts.record_receipts(reports=[report], at=NOW)["rows"] == 1
    late = [Outcome(row, OutreachState.SENT, sent_at=NOW)]
    assert write_outcomes(campaign=campaign, outcomes=late, at=NOW) == {}
    assert (ArticleUse.everything.count(), Interaction.everything.count()) == (1, 1)
    # What left stays on record, or it would leave again.
    with pytest.raises(IntegrityError), transaction.atomic():
        Outreach.everything.filter(pk=row.pk).delete()
    # Ended while its message was claimed: nothing of it waits for ever.
    waiting = make.make_outreach(campaign, bank.customer())
    claim = sending._claim

    def overtaken(keys, at):
        found = claim(keys, at)
        campaigns.end(campaign=campaign, actor=bank.head, at=NOW)
        return found

    monkeypatch.setattr(sending, "_claim", overtaken)
    sending.run(channel="sms", clock=lambda: NOW)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "over")


@pytest.mark.django_db(transaction=True)
def test_a_reply_to_stop_waits_for_the_message_on_its_way_and_locks_nothing_before():
    bank = Bank()
    (row,) = bank.queued()
    Outreach.everything.filter(pk=row.pk).update(state="sending", claimed_at=NOW)
    report = receipts.Report(key_of(row.pk, row.created_at), receipts.Receipt.REPLIED, "TD")
    counts = {}

    def replies():
        counts.update(receipts.record_receipts(reports=[report], at=NOW))
        connection.close()

    thread = threading.Thread(target=replies)
    with transaction.atomic():
        lock_customers([row.customer_id])
        thread.start()
        thread.join(0.3)
        # The sender writes down that it left; before, each would have waited for the other.
        sent = [Outcome(row, OutreachState.SENT, sent_at=NOW)]
        assert write_outcomes(campaign=bank.campaign, outcomes=sent, at=NOW) == {"sent": 1}
    thread.join(5)
    assert counts == {"rows": 1, "unknown": 0, "left": 1}


def test_receipts_and_texts_nobody_expects_are_refused(client, client_of, settings):
    settings.RECEIPTS_TOKEN = "word"
    asked = {"content_type": "application/json", "headers": {"Authorization": "Bearer word"}}
    for state in ([], {}, None, 1):
        assert client.post("/receipts/", [{"key": "o1-a", "state": state}], **asked).status_code == 400
    bank = Bank()
    head, listed = (
        client_of(bank.head),
        make.make_segment(branch=bank.branch, created_by=bank.head, kind="list", rule={}),
    )
    rule = {"rule-0-kind": "all", "rule-0.0-kind": "if", "rule-0.0-field": "list", "rule-0.0-op": "in"}
    for value in ("9" * 15, "9" * 40, "\x00", "nan", "-1", "[1]", "1e9"):
        typed = {**rule, "rule-0.0-value": value, "branch": "a\x00b", "customer": "\x00"}
        for address in (reverse("campaigns:segment_count"), reverse("campaigns:rule_builder")):
            assert head.post(address, typed).status_code == 200, value
    assert head.post(reverse("campaigns:list_remove", args=[listed.pk]), {"customer": "a\x00"}).status_code == 302
    file = SimpleUploadedFile("a.csv", "客户号\nC\x001\n没有\n".encode())
    answer = head.post(reverse("campaigns:list_add", args=[listed.pk]), {"file": file})
    assert answer.status_code in (200, 422)


def test_a_file_of_numbers_is_read_no_further_than_a_list_is_long(monkeypatch):
    monkeypatch.setattr(segment_forms, "MOST", 2)
    found = segment_forms.read_numbers(_file("A" * 100 + "\n2\n3\n4\n"))
    assert found == [(1, "A" * 64), (2, "2"), (3, "3")]
    monkeypatch.setattr(segment_forms, "MOST_BYTES", 5)
    with pytest.raises(segment_forms.ValidationError):
        segment_forms.read_numbers(_file("1\n2\n3\n"))


def _file(text):
    """A file as it arrives: it can be opened as often as it is read."""
    return SimpleNamespace(name="a.csv", size=len(text), open=lambda: BytesIO(text.encode()))


def test_who_sees_no_amounts_asks_for_none_by_counting(client_of):
    bank = Bank()
    officer = client_of(make.make_user(role="compliance", branch=bank.top))
    bank.customer(name="富裕的")
    rich = {"all": [{"field": "total", "op": "at_least", "value": "0"}]}
    assert officer.post(reverse("campaigns:segment_count")).status_code == 403
    for rule, is_named in ((rich, False), ({"all": []}, True)):
        segment = make.make_segment(branch=bank.branch, created_by=bank.head, rule=rule)
        address = reverse("campaigns:segment_sample", args=[segment.pk])
        assert ("富裕的" in officer.get(address).content.decode()) is is_named
        assert "富裕的" in client_of(bank.head).get(address).content.decode()


def test_what_cannot_be_a_letter_fails_alone_and_nothing_goes_to_a_provider_in_clear(settings):
    settings.MESSAGE_GATEWAYS = {"sms": "http", "wecom": "", "email": "mail"}
    for to, subject in (("a@b\nBcc: c@d", "x"), ("a@b.cn", "x\r\nBcc: c@d")):
        assert deliver(Message("email", to, subject, "words", key="k")).delivery == Delivery.FAILED
    for url, is_right in (
        ("https://sms.example.bank/v1", True),
        ("http://sms.example.bank/v1", False),
        ("http://127.0.0.1:8080", True),
        ("https://", False),
        ("ftp://a", False),
    ):
        settings.PRODUCTION, settings.MESSAGE_PROVIDERS = True, {"sms": {"url": url, "key": "k"}}
        assert is_configured("sms") is is_right, url


def test_an_estimate_that_takes_too_long_is_no_error(client_of, monkeypatch):
    bank = Bank()
    monkeypatch.setattr("campaigns.views.drafts.reach_of", lambda *_args: None)
    typed = {"segment": bank.campaign.segment_id, "branch": bank.branch.code, "holdout": 10}
    assert client_of(bank.head).post(reverse("campaigns:estimate") + "?kind=message", typed).status_code == 200


def test_invitations_end_where_their_event_says_something_else_and_it_says_nothing_banned():
    bank = Bank(kind="event")
    event = make.make_event(branch=bank.branch, created_by=bank.head, campaign=bank.campaign)
    (row,) = bank.queued()
    facts = events.EventFacts(**{name: getattr(event, name) for name in events.EventFacts.__dataclass_fields__})
    who = {"event": event, "actor": bank.head, "at": NOW}
    with pytest.raises(events.EventWords, match="保本"):
        events.change_event(facts=replace(facts, place="保 本理财专场"), **who)
    events.change_event(facts=replace(facts, capacity=9), **who)
    bank.campaign.refresh_from_db()
    assert bank.campaign.state == "running"
    events.change_event(facts=replace(facts, place="三楼"), **who)
    bank.campaign.refresh_from_db()
    row.refresh_from_db()
    assert (bank.campaign.state, row.state) == ("ended", "cancelled")
