"""M10: one step, no sign-in, at once; and the recipients of a campaign as people see them."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st

from campaigns.models import Outreach
from campaigns.queries.opt_out import customer_of, leaving_of, link_of
from campaigns.rules.opt_out import Leaving, read_token, token_of
from campaigns.services import sending
from core.messaging import CARRIERS, Delivery, Sent
from customers.enums import ConsentChannel
from customers.models import Consent, Customer
from customers.queries import consents
from customers.services.consents import record_consent
from tests import factories as make
from tests.campaigns.outbox import Bank
from tests.factories import NOW
from tests.test_pages import faults

pytestmark = pytest.mark.django_db
KEYS = (b"new", b"old")


@given(st.integers(1, 2**62), st.sampled_from(ConsentChannel), st.integers(0, 2**62), st.sampled_from(KEYS), st.data())
@rules(max_examples=60)
def test_a_link_speaks_for_one_customer_and_no_letter_of_it_can_be_changed(customer, channel, campaign, key, data):
    leaving = Leaving(customer, channel, campaign)
    token = token_of(leaving, key)
    assert read_token(token, KEYS) == leaving
    assert read_token(token, [b"another"]) is None
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("abz059-_Zé"))
    changed = token[:place] + letter + token[place + 1 :]
    assert changed == token or read_token(changed, KEYS) is None


@pytest.mark.parametrize("text", ["", "-", "--", "s1-1-", "s1-1", "x" * 500, "s-1-aaaaaaaaaaaaaaaa", "退订-1-x"])
def test_any_other_text_is_no_link(text):
    assert read_token(text, KEYS) is None


def test_one_button_leaves_at_once_and_looking_does_not(settings, monkeypatch):
    monkeypatch.setattr("servicing.services.visits.MOST", 3)
    settings.PUBLIC_URL = "https://crm.bank"
    bank = Bank()
    waiting, sent = bank.queued(2, name="欧阳娜娜")
    Outreach.everything.filter(pk=sent.pk).update(state="sent", sent_at=NOW)
    link = link_of(Leaving(waiting.customer_id, ConsentChannel.SMS, bank.campaign.pk))
    assert len(link) < 60
    page, client = link.removeprefix("https://crm.bank"), Client(enforce_csrf_checks=True)
    for language, word in (("zh-hans", "短信"), ("en", "Text message")):
        for method in (client.get, client.head, client.get):
            answer = method(page, {"lang": language})
            assert answer.status_code == 200
        body = answer.content.decode()
        assert faults(body) == []
        assert word in body
        assert not any(secret in body for secret in ("欧阳", "1380", waiting.customer.customer_no, bank.campaign.name))
        assert body.count("<button") == 1
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert not answer.cookies
    assert consents.may(waiting.customer_id, "marketing", "sms")
    # Staff press nobody's button.
    staff = Client()
    staff.force_login(bank.head, backend="staff.backends.StaffBackend")
    assert staff.post(page).status_code == 403
    for _again in range(2):
        assert client.post(page + "?lang=en").status_code == 200
    said = Consent.everything.filter(customer=waiting.customer, decision="withdrawn").get()
    facts = (said.purpose, said.channel, said.proof, said.proof_ref, said.recorded_by)
    assert facts == ("marketing", "sms", "online_form", f"campaign {bank.campaign.pk}", None)
    states = dict(Outreach.everything.values_list("pk", "state"))
    assert states == {waiting.pk: "suppressed", sent.pk: "sent"}
    assert bank.send()["rows"] == 0
    # A record that was merged leaves as the one it became; a mail program leaves by one POST of its own.
    kept = bank.customer()
    Customer.everything.filter(pk=sent.customer_id).update(merged_into=kept)
    other = Leaving(sent.customer_id, ConsentChannel.EMAIL, bank.campaign.pk)
    assert customer_of(other) == kept
    one_click = {"List-Unsubscribe": "One-Click"}
    for _many in range(5):
        assert client.post(link_of(other).removeprefix("https://crm.bank"), one_click).status_code == 200
    assert not consents.may(kept.pk, "marketing", "email")
    # Guessed links are told nothing, and not for long.
    assert [client.post(f"/o/s1-1-{n:016d}/").status_code for n in range(4)] == [404, 404, 404, 429]
    assert leaving_of("s1-1-x") is None


@given(st.data())
@rules(max_examples=8, deadline=None)
def test_no_send_without_a_consent_that_holds_at_that_moment_however_it_changes_meanwhile(data):
    """Consents change before the batch, between the first look and the claim, and between two lots of the batch."""
    # An example that is given up half way leaves nothing behind for the next.
    with transaction.atomic():
        _consents_change(data)
        transaction.set_rollback(True)


def _consents_change(data):
    bank, wrong = Bank(), []
    rows = bank.queued_quickly(6)
    clerk = make.make_user(branch=bank.branch)

    def change(count):
        for _n in range(data.draw(st.integers(0, count))):
            row = data.draw(st.sampled_from(rows))
            record_consent(
                customer=row.customer,
                purpose="marketing",
                channel="sms",
                decision=data.draw(st.sampled_from(["given", "withdrawn"])),
                proof="at_counter",
                stated_at=NOW - timedelta(hours=data.draw(st.integers(0, 48))),
                actor=clerk,
                at=NOW,
            )

    def arrives(message):
        key = int(message.key[1:].partition("-")[0])
        customer = next(row.customer_id for row in rows if row.pk == key)
        wrong.extend([] if consents.may(customer, "marketing", "sms") else [customer])
        return Sent(Delivery.SENT)

    claim = sending._claim

    def claimed(keys, at):
        change(3)
        found = claim(keys, at)
        change(3)
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(CARRIERS, "console", arrives)
        patched.setattr(sending, "lot_of", lambda channel: 2)
        patched.setattr(sending, "_claim", claimed)
        change(6)
        bank.send()
        bank.send()
    assert wrong == []
    for row in Outreach.everything.filter(campaign=bank.campaign):
        assert row.state in ("sent", "suppressed")


def test_recipients_are_listed_with_their_reasons_and_doubts_are_decided(client_of, django_assert_max_num_queries):
    bank = Bank()
    doubt, failed, waiting = bank.queued(3)
    make.make_outreach(bank.campaign, bank.customer(name="欧阳娜娜"), state="suppressed", reason="opted_out")
    for row, state in ((doubt, "unknown"), (failed, "failed")):
        for step in ("sending", state):
            Outreach.everything.filter(pk=row.pk).update(state=step, claimed_at=NOW)
    page = reverse("campaigns:outreach", args=[bank.campaign.pk])
    client = client_of(bank.head)
    with django_assert_max_num_queries(30):
        body = client.get(page).content.decode()
    assert faults(body) == []
    for words in ("欧阳娜娜", waiting.customer.name, "?state=suppressed"):
        assert words in body
    only = client.get(page, {"state": "suppressed", "reason": "opted_out"}).content.decode()
    assert "欧阳娜娜" in only
    assert waiting.customer.name not in only
    tab = client.get(page, headers={"HX-Request": "true", "HX-Target": "campaign-tab"}).content.decode()
    assert "<html" not in tab
    assert "?state=unknown" in tab
    # A manager of the branch sees only the customers in sight, and decides nothing.
    manager = make.make_user(role="manager", branch=bank.branch)
    own = bank.customer(manager=manager, name="自己的客户")
    make.make_outreach(bank.campaign, own)
    body = client_of(manager).get(page).content.decode()
    assert "自己的客户" in body
    assert "欧阳娜娜" not in body
    settle = [reverse("campaigns:outreach_settle", args=[bank.campaign.pk, what]) for what in ("sent", "retry")]
    client_of(manager).post(settle[0])
    assert Outreach.everything.get(pk=doubt.pk).state == "unknown"
    for address in settle:
        assert client.post(address).status_code == 302
    states = dict(Outreach.everything.values_list("pk", "state"))
    assert (states[doubt.pk], states[failed.pk]) == ("sent", "queued")
    assert client.post(reverse("campaigns:outreach_settle", args=[bank.campaign.pk, "eat"])).status_code == 404
    wish = client.get(reverse("campaigns:outreach_export"), {"campaign": bank.campaign.pk, "state": "suppressed"})
    assert (wish.status_code, wish.context["count"]) == (200, 1)
    assert client.get(wish.context["back"]).status_code == 200
