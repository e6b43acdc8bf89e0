from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from core import trail
from core.models import TrailEntry, TrailSeal
from core.trail import Actor
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db


def write(count=1, **fields):
    for n in range(count):
        values = {"action": "change", "subject": "test.thing", "subject_id": n, "at": NOW, "changes": {"n": [n, n + 1]}}
        trail.record(actor=Actor(7, "S7"), **{**values, **fields})


def test_record_keeps_who_did_what_when_and_why():
    user = make_user(staff_no="S99")
    mark = trail.request_id.set("req-1")
    trail.record(
        actor=user.actor,
        action="reveal",
        subject="customers.customer",
        subject_id="C1",
        at=NOW,
        changes={"field": "phone"},
        reason="call back" * 100,
    )
    trail.request_id.reset(mark)
    entry = TrailEntry.objects.get()
    assert (entry.at, entry.actor_id, entry.actor_no, entry.actor_kind) == (NOW, user.pk, "S99", "user")
    assert (entry.action, entry.subject, entry.subject_id) == ("reveal", "customers.customer", "C1")
    assert (entry.changes, entry.reason, entry.request_id) == ({"field": "phone"}, ("call back" * 100)[:500], "req-1")


def test_sealing_covers_each_entry_once_and_chains():
    write(3)
    assert trail.seal(at=NOW) == 3
    assert trail.seal(at=NOW) == 0
    write(2)
    assert trail.seal(at=NOW + timedelta(days=1)) == 2
    write(1)
    found = trail.check()
    assert (found.entries, found.seals, found.unsealed, found.ok) == (6, 2, 1, True)


def test_long_trails_are_sealed_in_pieces(monkeypatch):
    monkeypatch.setattr(trail, "SEAL_ROWS", 4)
    write(10)
    assert trail.seal(at=NOW) == 10
    assert list(TrailSeal.objects.order_by("first_id").values_list("entries", flat=True)) == [4, 4, 2]
    assert trail.check().ok


def test_ids_that_were_rolled_back_leave_no_gap_in_the_seals():
    write(1)
    with transaction.atomic():
        write(2)
        transaction.set_rollback(True)
    write(1)
    assert trail.seal(at=NOW) == 2
    write(1)
    assert trail.seal(at=NOW) == 1
    assert trail.check().ok


FORBIDDEN = [
    "UPDATE core_trailentry SET reason = 'x'",
    "DELETE FROM core_trailentry",
    "TRUNCATE core_trailentry",
    "UPDATE core_trailseal SET entries = 0",
    "DELETE FROM core_trailseal",
    "TRUNCATE core_trailseal",
    "ALTER TABLE core_trailentry DISABLE TRIGGER ALL",
    "DROP TABLE core_trailentry",
    "CREATE TABLE mine (id int)",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_cannot_rewrite_the_trail(app_role, statement):
    write()
    trail.seal(at=NOW)
    refused = pytest.raises(DatabaseError, match=r"permission denied|must be owner")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert TrailEntry.objects.count() == TrailSeal.objects.count() == 1


def test_the_application_can_write_seal_and_check(app_role):
    write(2)
    assert trail.seal(at=NOW) == 2
    assert trail.check().ok


@pytest.mark.parametrize("statement", ["UPDATE core_trailentry SET reason = 'x'", "DELETE FROM core_trailseal"])
def test_even_the_owner_is_stopped_by_triggers(statement):
    write()
    trail.seal(at=NOW)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def _update():
    TrailEntry.objects.update(reason="x")


def _bulk_update():
    entry = TrailEntry.objects.get()
    entry.reason = "x"
    TrailEntry.objects.bulk_update([entry], ["reason"])


def _save():
    entry = TrailEntry.objects.get()
    entry.reason = "x"
    entry.save()


def _delete():
    TrailEntry.objects.get().delete()


@pytest.mark.parametrize("change", [_update, _bulk_update, _save, _delete])
def test_the_orm_is_stopped_too(change):
    write()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change()
    assert TrailEntry.objects.get().reason == ""


TAMPERING = {
    "change": "UPDATE core_trailentry SET reason = 'nothing happened' WHERE id = %(middle)s",
    "delete": "DELETE FROM core_trailentry WHERE id = %(middle)s",
    "insert": "INSERT INTO core_trailentry (id, at, actor_no, actor_kind, action, subject, subject_id, reason, changes,"
    " request_id) OVERRIDING SYSTEM VALUE SELECT %(free)s, at, actor_no, actor_kind, action, subject, subject_id,"
    " reason, changes, request_id FROM core_trailentry WHERE id = %(middle)s",
    "reorder": "UPDATE core_trailentry e SET subject_id = o.subject_id, changes = o.changes FROM core_trailentry o"
    " WHERE e.id IN (%(middle)s, %(middle)s + 1) AND o.id IN (%(middle)s, %(middle)s + 1) AND o.id <> e.id",
}


@pytest.mark.parametrize("kind", TAMPERING)
def test_a_superusers_tampering_names_the_broken_seal(kind):
    write(5)
    trail.seal(at=NOW)
    with transaction.atomic():  # an id that was never used
        write(1)
        transaction.set_rollback(True)
    write(5)
    trail.seal(at=NOW)
    write(5)
    trail.seal(at=NOW)
    seals = list(TrailSeal.objects.order_by("first_id"))
    free = seals[0].last_id + 1
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_trailentry DISABLE TRIGGER ALL")
        cursor.execute(TAMPERING[kind], {"middle": seals[1].last_id - 2, "free": free})
        assert cursor.rowcount == (2 if kind == "reorder" else 1)
    found = trail.check()
    assert (found.ok, found.first_bad) == (False, seals[1].pk)


def test_a_seal_taken_out_or_recomputed_shows():
    for _ in range(3):
        write(2)
        trail.seal(at=NOW)
    seals = list(TrailSeal.objects.order_by("first_id"))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_trailseal DISABLE TRIGGER ALL")
        cursor.execute("DELETE FROM core_trailseal WHERE id = %s", [seals[1].pk])
    assert trail.check().first_bad == seals[2].pk
