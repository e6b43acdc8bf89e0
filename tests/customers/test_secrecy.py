"""Identity numbers, phones, e-mail and postal addresses are unreadable outside the application, whatever happens."""

import io
import logging
import os
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django.fixtures import Settings

from core import crypto
from core.models import IdempotencyKey, Job
from core.trail import Actor
from customers.models import Customer, Feed
from customers.queries import search
from customers.services import intake, records
from customers.services.feeds import Controls, rejects_csv
from customers.tasks import check_feed, import_feed
from staff.models import Branch, User
from tests.customers.contents import tables_with
from tests.customers.feeding import feed_bytes
from tests.factories import NOW, TODAY, make_branch, make_user

pytestmark = pytest.mark.django_db
HEADER = "customer_no,name,id_type,id_no,phone,email,address,branch_code,备注\n"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_no(number: int) -> str:
    """A well-formed identity number nobody else in these tests has."""
    body = f"33088219{61 + number % 30}0{1 + number % 9}1{number % 10}{number:03}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


class Person:
    def __init__(self, number: int) -> None:
        self.id_no, self.phone = id_no(number), f"1770099{number:04}"
        self.email, self.address = f"geheim{number}@example.org", f"隐秘路{number}号院"
        self.secrets = [self.id_no, self.phone, self.email, self.address]

    def row(self, number: str, branch: str = "B1", *, wrong: bool = False) -> str:
        phone = self.phone[:-1] + "x" if wrong else self.phone
        return f"{number},张三,,{self.id_no},{phone},{self.email},{self.address},{branch},{self.phone}\n"


@pytest.fixture(autouse=True)
def branch() -> None:
    make_branch(code="B1")


def file_of(people: list[Person]) -> str:
    """Good rows, a row of an unknown branch, one with two identity numbers short of a digit, one with a bad phone."""
    good = "".join(person.row(f"N{n}") for n, person in enumerate(people))
    lost = people[0].row("X1", "B7") + people[1].row("X2", wrong=True)
    return f"标题 {people[2].id_no}\n{HEADER}{good}{lost}合计,{people[3].phone},,,,,,,\n"


def files_with(folder: Path, *secrets: str) -> list[Path]:
    """Files below the folder, the database's own apart (its tables are looked through one by one)."""
    found = []
    for place, below, names in os.walk(folder):
        below[:] = [name for name in below if name != "postgres"]  # where files come and go
        for path in (Path(place, name) for name in names):
            content = path.read_bytes() if path.is_file() else b""
            if any(secret.encode(encoding) in content for secret in secrets for encoding in ("utf-8", "gb18030")):
                found.append(path)
    return found


def test_no_table_log_or_file_holds_a_value(
    caplog: pytest.LogCaptureFixture, settings: Settings, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    settings.UPLOADS = tmp_path
    people = [Person(n) for n in range(40)]
    secrets = [secret for person in people for secret in person.secrets]
    text = file_of(people)

    done = feed_bytes("customers", text.encode("gb18030"))
    assert (done.status, done.accepted, done.rejected) == ("committed", 40, 2)
    feed_bytes("customers", text.encode(), dry_run=True, on=date(2026, 11, 21))
    feed_bytes("customers", text.encode(), max_rejected=Decimal(0), on=date(2026, 11, 22))
    feed_bytes("customers", text.replace("customer_no", people[5].phone).encode())
    upload(text, tmp_path)
    user = make_user(role="manager")
    for secret in secrets[:8]:
        list(search(Customer.everything.all(), secret))
    records.reveal(
        customer=Customer.everything.get(customer_no="N0"), field="id_no", reason="核对证件", actor=user, at=NOW
    )

    assert tables_with(*secrets) == {}
    assert [secret for secret in secrets if secret in caplog.text] == []
    assert files_with(tmp_path, *secrets) == []
    assert files_with(django_settings.VAR, *secrets) == []


def upload(text: str, folder: Path) -> None:
    """Through the upload's own way: sealed on disk, checked by a job, imported by a job, one more refused."""
    actor = Actor(None, "S1")
    for name, day in (("one.csv", date(2026, 11, 23)), ("two.csv", date(2026, 11, 24))):
        with (folder / f"{name}.sealed").open("wb") as file:
            crypto.seal_stream(io.BytesIO(text.encode()), file)
        feed = intake.receive_feed(
            kind=None,
            upload_name=name,
            stored_as=f"{name}.sealed",
            business_date=day,
            actor=actor,
            at=NOW,
            controls=Controls(max_rejected=Decimal(1)),
        )
        check_feed(feed.job_id)
    intake.commit_feed(feed=Feed.objects.get(pk=feed.pk), actor=actor, at=NOW)
    import_feed(Feed.objects.get(pk=feed.pk).job_id)
    assert list(Feed.objects.filter(source="upload").order_by("pk").values_list("status", flat=True)) == [
        "dry_run",
        "committed",
    ]
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


def test_what_is_kept_of_rejected_rows_opens_for_their_reader() -> None:
    people = [Person(n) for n in range(4)]
    done = feed_bytes("customers", file_of(people).encode())
    text = "".join(rejects_csv(done))
    assert people[0].id_no in text
    assert people[1].email in text


def test_a_broken_file_is_described_without_its_cells() -> None:
    person = Person(1)
    content = f'{HEADER}{person.row("N1")}N2,"{person.id_no},{person.phone}\n{person.row("N3")}'
    broken = feed_bytes("customers", content.encode())
    nothing = feed_bytes("customers", f"{person.id_no},{person.phone}\n{person.row('N1')}".encode())
    assert [feed.status for feed in (broken, nothing)] == ["failed", "failed"]
    assert tables_with(*person.secrets) == {}


def test_equal_values_are_sealed_differently_and_found_alike() -> None:
    person = Person(7)
    feed_bytes("customers", (HEADER + person.row("N1") + person.row("N2")).encode())
    one, two = Customer.everything.order_by("customer_no")
    assert one.id_no_cipher != two.id_no_cipher
    assert (bytes(one.id_no_index), len(one.id_no_index)) == (bytes(two.id_no_index), 16)
    assert bytes(one.phone_index) != crypto.blind_index("customers.customer.id_no", person.phone)
    with pytest.raises(crypto.BadSeal):
        crypto.unseal("customers.customer.id_no", "N2", one.id_no_cipher)
    assert [records.unsealed(one, field) for field in records.FIELDS] == [*person.secrets, ""]


def test_a_customer_can_be_found_by_every_value_kept_sealed() -> None:
    person = Person(9)
    feed_bytes("customers", (HEADER + person.row("N1")).encode(), on=TODAY)
    for text in (person.id_no, person.phone, person.phone[-4:], f"+86 {person.phone}"):
        assert [c.customer_no for c in search(Customer.everything.all(), text)] == ["N1"]


def test_the_look_through_all_tables_finds_what_is_there() -> None:
    feed_bytes("customers", (HEADER + Person(1).row("N1")).encode())
    assert list(tables_with("张三")) == ["customers_customer"]
    cipher = Customer.everything.get().phone_cipher
    assert list(tables_with(bytes(cipher).hex())) == ["customers_customer"]


def test_an_answer_kept_for_a_retried_request_is_sealed(client_of: Callable[[User], Client]) -> None:
    person, user = Person(3), make_user(branch=Branch.objects.get(code="B1"))
    feed_bytes("customers", (HEADER + person.row("N1")).encode())
    ask = partial(
        client_of(user).post,
        "/api/v1/customers/N1/reveal/",
        {"field": "phone", "reason": "核对电话"},
        content_type="application/json",
        headers={"Idempotency-Key": "k1"},
    )
    answers = [ask().json() for _again in range(2)]
    assert answers == [{"field": "phone", "value": person.phone}] * 2
    assert (IdempotencyKey.objects.count(), tables_with(*person.secrets)) == (1, {})
