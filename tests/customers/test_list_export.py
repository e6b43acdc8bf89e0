"""The customers list as a file: what is seen on the page, by whom it is seen, at the moment it is made."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import load_workbook

from core import jobs
from core.enums import JobState
from core.models import Job, TrailEntry
from customers.models import Customer, CustomerPosition
from staff.enums import ExportState
from staff.models import User
from staff.services import exports
from tests.conftest import ClientOf
from tests.customers.exporting import Bank, ask, content, english, made, names, table
from tests.factories import NOW, make_customer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path
    return tmp_path


@pytest.fixture
def bank() -> Bank:
    return Bank()


def test_the_file_holds_what_the_page_shows(bank: Bank, client_of: ClientOf):
    export = made(ask(client_of(bank.manager), columns="name,balance,next_maturity,phone", ordering="-balance"))

    rows = table(export)

    assert rows[0] == ["Customer number", "Customer", "Balance", "Next maturity", "Phone"]
    assert [row[:3] for row in rows[1:]] == [
        ["C1", "安一", 650_000.0],
        ["C2", "白二", 10.0],
        ["C3", "=HYPERLINK(1)", 0.0],
    ]
    assert isinstance(rows[1][3], date)
    assert [row[4] for row in rows[1:]] == ["138****8000"] * 3
    assert (export.rows, export.message) == (3, "")


def test_the_file_says_who_took_it_when_and_why(bank: Bank, client_of: ClientOf):
    export = made(ask(client_of(bank.manager), tier=3))

    lines = load_workbook(io.BytesIO(content(export))).get_sheet_by_index(0).to_python(skip_empty_area=False)[:3]
    with ZipFile(io.BytesIO(content(export))) as book:
        properties = book.read("docProps/core.xml").decode()

    for text in (str(lines), properties):
        assert all(
            word in text for word in ("王经理", "M1", "一支行", f"no. {export.pk}", "季度核对", "Tier:", "Internal")
        )


def test_only_the_rows_of_the_filters(bank: Bank, client_of: ClientOf):
    export = ask(client_of(bank.manager), tier=3)

    assert (export.expected_rows, export.query) == (1, "tier=3")
    assert names(made(export)) == ["安一"]


def test_only_the_rows_ticked(bank: Bank, client_of: ClientOf):
    export = ask(client_of(bank.manager), {"selected": ["C2", "C1", "C9"], "state": "columns=name,phone&tier=3"})

    assert (export.expected_rows, export.numbers, export.query) == (2, ["C2", "C1", "C9"], "")
    assert table(made(export)) == [
        ["Customer number", "Customer", "Phone"],
        ["C1", "安一", "138****8000"],
        ["C2", "白二", "138****8000"],
    ]


def test_the_trail_tells_the_whole_story(bank: Bank, client_of: ClientOf):
    client = client_of(bank.manager)
    export = made(ask(client, tier=3, columns="name,phone"))
    b"".join(client.get(reverse("staff:export", args=[export.pk])).streaming_content)

    entries = TrailEntry.objects.filter(subject="staff.export", subject_id=str(export.pk)).order_by("id")

    assert [(entry.action, entry.actor_no) for entry in entries] == [
        ("export_request", "M1"),
        ("export", "M1"),
        ("download", "M1"),
    ]
    assert entries[1].changes["rows"] == 1
    assert entries[1].changes["sha256"] == bytes(export.content_hash).hex()
    assert entries[1].changes["columns"] == ["name", "phone"]
    assert entries[1].changes["filters"] == {"tier": "3"}
    assert "13800138000" not in str([entry.changes for entry in entries])


def test_csv_is_text_and_nothing_else(bank: Bank, client_of: ClientOf):
    export = made(ask(client_of(bank.manager), {"matching": "columns=name,balance", "file_format": "csv"}))

    rows = list(csv.reader(io.StringIO(content(export).decode("utf-8-sig"), newline="")))[3:]

    assert rows == [
        ["Customer number", "Customer", "Balance"],
        ["C3", "'=HYPERLINK(1)", "0.00"],
        ["C1", "安一", "650000.00"],
        ["C2", "白二", "10.00"],
    ]
    assert export.file_name.endswith(".csv")


def test_headings_are_in_the_askers_language(bank: Bank, client_of: ClientOf):
    bank.manager.language = "zh-hans"
    bank.manager.save()

    assert table(made(ask(client_of(bank.manager))))[0][1] == "客户"


# Rights: whoever asks sees no more in the file than on the page.


@pytest.mark.parametrize("person", ["teller", "compliance"])
def test_no_amounts_for_those_who_see_none(bank: Bank, client_of: ClientOf, person: str):
    user = bank.teller if person == "teller" else make_user(role=person, branch=bank.top)

    rows = table(made(ask(client_of(user))))

    assert "Balance" not in rows[0]
    assert not any(isinstance(value, float) for row in rows[1:] for value in row)


def test_amounts_cannot_be_asked_for_either(bank: Bank, client_of: ClientOf):
    client = client_of(bank.teller)

    assert client.get(reverse("customers:export"), {"ordering": "-balance"}).status_code == 400
    export = made(ask(client, columns="name,balance"))
    assert table(export)[0] == ["Customer number", "Customer"]


def test_nobody_elses_customer_is_in_it(bank: Bank, client_of: ClientOf):
    for user in (bank.manager, bank.teller, bank.head):
        assert "欧阳娜娜" not in names(made(ask(client_of(user))))
    page = english(client_of(bank.manager)).post(reverse("customers:export"), {"selected": ["C9"]})
    assert "nothing to export" in page.content.decode()


def moved(user: User, **fields: object) -> None:
    User.objects.filter(pk=user.pk).update(**fields)


def test_the_rights_that_count_are_those_when_it_is_made(bank: Bank, client_of: ClientOf):
    export = ask(client_of(bank.head))
    Customer.everything.filter(pk=bank.poor.pk).update(branch=bank.other)
    CustomerPosition.everything.filter(pk=bank.poor.pk).update(branch=bank.other)
    moved(bank.head, role="teller")

    export = made(export)

    rows = table(export)
    assert [row[0] for row in rows[1:]] == ["C3", "C1"]
    assert "Balance" not in rows[0]
    assert (export.role, "balance" in export.columns) == ("teller", False)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"role": "admin"}, "no longer opens"),
        ({"is_active": False}, "no longer opens"),
        ({"branch": "other"}, "nothing"),
    ],
)
def test_who_lost_the_list_gets_no_file(
    bank: Bank, client_of: ClientOf, uploads: Path, fields: dict[str, object], words: str
):
    export = ask(client_of(bank.teller))
    Customer.everything.filter(pk=bank.foreign.pk).delete()
    moved(bank.teller, **({"branch": bank.other} if "branch" in fields else fields))

    export = made(export)

    assert (export.state, export.job.state) == (ExportState.FAILED, JobState.REFUSED)
    assert words in export.message
    assert list(uploads.iterdir()) == []


def test_a_filter_that_was_lost_is_refused(bank: Bank, client_of: ClientOf):
    export = ask(client_of(bank.head), ordering="-balance")
    moved(bank.head, role="teller")

    assert made(export).state == ExportState.FAILED


def test_a_list_that_grew_past_the_limit_needs_a_new_request(bank: Bank, client_of: ClientOf, monkeypatch):
    monkeypatch.setattr("staff.queries.EXPORTS", {"approval_over": 3, "expires_days": 7, "max_rows": 100})
    export = ask(client_of(bank.manager))
    for _n in range(2):
        make_customer(manager=bank.manager)

    export = made(export)

    assert (export.state, "grown" in export.message) == (ExportState.FAILED, True)


def test_a_large_file_is_made_after_approval(bank: Bank, client_of: ClientOf, monkeypatch):
    monkeypatch.setattr("staff.queries.EXPORTS", {"approval_over": 2, "expires_days": 7, "max_rows": 100})
    export = ask(client_of(bank.manager))
    assert (export.state, export.job) == (ExportState.PENDING, None)

    exports.decide_export(
        export=export, approve=True, digest=exports.digest_of(export), comment="", decided_by=bank.head, at=NOW
    )

    assert len(names(made(export))) == 3


# Workers that die, twice, and brokers that are away


def test_doing_it_twice_changes_nothing(bank: Bank, client_of: ClientOf, uploads: Path):
    export = made(ask(client_of(bank.manager)))
    before = (bytes(export.content_hash), TrailEntry.objects.count(), sorted(uploads.iterdir()))

    Job.objects.update(state=JobState.WAITING)
    again = made(export)

    assert (bytes(again.content_hash), TrailEntry.objects.count(), sorted(uploads.iterdir())) == before


def test_a_killed_workers_file_is_made_anew(
    bank: Bank, client_of: ClientOf, uploads: Path, monkeypatch: pytest.MonkeyPatch
):
    export = ask(client_of(bank.manager))
    with monkeypatch.context() as patched:
        patched.setattr("staff.services.exports._finish", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            made(export)
    assert Job.objects.get().state == JobState.RUNNING

    export = made(export)

    assert len(names(export)) == 3
    assert [path.name for path in uploads.iterdir()] == [export.stored_as]
    assert TrailEntry.objects.filter(action="export").count() == 1


def test_a_full_disk_is_tried_again(bank: Bank, client_of: ClientOf, uploads: Path, monkeypatch: pytest.MonkeyPatch):
    export = ask(client_of(bank.manager))

    def full(*args: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("core.crypto.seal_stream", full)
        assert made(export).state == ExportState.QUEUED
    assert (Job.objects.get().state, list(uploads.iterdir())) == (JobState.WAITING, [])
    assert made(export).state == ExportState.DONE


def test_statements_do_not_grow_with_the_rows(bank: Bank, client_of: ClientOf):
    counts = []
    for _round in range(2):
        export = ask(client_of(bank.manager))
        with CaptureQueriesContext(connection) as caught:
            made(export)
        counts.append(len(caught))
        for _n in range(30):
            make_customer(manager=bank.manager)
    assert counts[0] == counts[1]


def test_expiry_is_a_week_after_it_was_made(bank: Bank, client_of: ClientOf):
    export = made(ask(client_of(bank.manager)))

    assert export.expires_at - export.finished_at == timedelta(days=7)
    assert Decimal(export.size) == len(content(export))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("broker_away")
def test_without_a_broker_the_request_waits(client_of: ClientOf):
    bank = Bank()

    export = ask(client_of(bank.manager))

    assert (export.state, export.job.state, export.job.published_at) == (ExportState.QUEUED, JobState.WAITING, None)
    assert jobs.Job.objects.due(export.job.due_at).count() == 1
