"""R10, R11, M03 in earnest: senders killed with messages in their hands, a broker that forgets, consents withdrawn over
other connections while a batch is on its way."""

import os
import random
import signal
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from campaigns import tasks
from campaigns.models import Outreach
from campaigns.services import sending
from core import jobs
from core.clock import now
from core.models import Job
from customers.models import Customer
from customers.queries import consents
from customers.services.consents import record_consent
from servicing.models import Interaction
from staff.models import User
from tests.campaigns.outbox import Bank, provider
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)
MINUTES = timedelta(minutes=2)


def sender(job: Job) -> int:
    """A process of its own that does the job; its number."""
    child = os.fork()
    if child:
        return child
    # The parent's line to the database stays the parent's: kept here until the end, never closed.
    kept, connection.connection = connection.connection, None
    try:
        tasks.send_outreach(job.pk)
    finally:
        os.kill(os.getpid(), signal.SIGKILL)
    return kept.fileno()


def test_senders_killed_with_messages_in_their_hands_lose_and_double_nothing(settings, monkeypatch):
    bank = Bank()
    bank.queued_quickly(20)
    rng, alive, left = random.Random(5), [0], [0]

    def kill_at_its_message(_body):
        left[0] -= 1
        if left[0] == 0:
            os.kill(alive[0], signal.SIGKILL)

    monkeypatch.setattr("core.jobs.send", lambda task, *args: True)
    with provider(settings) as found:
        found.before = kill_at_its_message
        at, kills = NOW, 0
        while Outreach.everything.exclude(state="sent").exists():
            assert kills < 20
            monkeypatch.setattr("campaigns.tasks.now", lambda at=at: at)
            sending.wake(at=at)
            left[0] = rng.randint(2, 8)
            ready = threading.Event()
            # The first message may come before the parent knows its child's number.
            found.before = lambda body, ready=ready: (ready.wait(5), kill_at_its_message(body))
            alive[0] = sender(Job.objects.get(name=sending.SEND_JOB))
            ready.set()
            os.waitpid(alive[0], 0)
            at, kills = at + MINUTES, kills + 1
        assert kills >= 4
        assert Counter(found.delivered.values()) == {1: 20}
    assert Interaction.everything.filter(origin="campaign").values("customer").distinct().count() == 20
    assert Interaction.everything.count() == 20


def test_a_broker_that_forgets_loses_nothing_and_one_that_repeats_sends_nothing_twice(broker, worker, monkeypatch):
    bank = Bank()
    bank.queued_quickly(30)
    monkeypatch.setattr("campaigns.tasks.now", lambda: NOW)
    at = now()
    assert sending.wake(at=NOW) == 1
    job = Job.objects.get(name=sending.SEND_JOB)
    broker.flush()
    assert broker.waiting() == 0
    Job.objects.update(published_at=at, due_at=at)
    assert jobs.sweep(at=at + timedelta(seconds=44)) == 0
    assert jobs.sweep(at=at + timedelta(seconds=46)) == 1
    for _again in range(2):
        jobs.send(sending.SEND_JOB, job.pk)
    with worker():
        broker.drained()
    assert Counter(Outreach.everything.values_list("state", flat=True)) == {"sent": 30}
    assert Interaction.everything.count() == 30


def test_no_message_leaves_without_a_consent_that_is_live_when_it_arrives(settings):
    bank = Bank()
    bank.queued_quickly(40)
    people, clerk = list(Customer.everything.filter(name="客户")), User.objects.get(pk=bank.head.pk)
    rng, wrong, over = random.Random(11), [], threading.Event()

    def changing():
        """Customers change their minds, over a connection of their own, as fast as they can."""
        try:
            while not over.is_set():
                facts = {"purpose": "marketing", "channel": "sms", "stated_at": NOW, "at": NOW, "actor": clerk}
                decision = rng.choice(["withdrawn", "withdrawn", "given"])
                who = rng.choice(people)
                record_consent(customer=who, decision=decision, proof="at_counter", proof_ref="1", **facts)
        finally:
            connection.close()

    def arriving(body):
        """The provider's own look at the ledger, while it holds the message in its hands."""
        key = int(body["key"][1:].partition("-")[0])
        customer = Outreach.everything.filter(pk=key).values_list("customer", flat=True).get()
        if not consents.may(customer, "marketing", "sms"):
            wrong.append(customer)
        connection.close()

    with provider(settings) as found:
        found.before = arriving
        thread = threading.Thread(target=changing)
        thread.start()
        try:
            bank.send()
        finally:
            over.set()
            thread.join()
        assert wrong == []
        states = bank.states()
        assert found.delivered.total() == states["sent", ""]
        assert states["sent", ""] + states["suppressed", "opted_out"] == 40
        assert min(states["sent", ""], states["suppressed", "opted_out"]) > 0
