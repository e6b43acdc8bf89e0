"""X08, R09: a file of a list is its asker's alone, for a time, and its pages say how it stands."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import today
from core.models import Job, TrailEntry
from staff.enums import ExportState
from staff.models import Absence, Export
from staff.services import exports
from tests.conftest import ClientOf
from tests.factories import NOW
from tests.staff.exporting import SMALL, Bank, actions, ask, ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path
    return tmp_path


# The file


def body(response: object) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def fetch(client: Client, export: Export) -> object:
    return client.get(reverse("staff:export", args=[export.pk]))


def test_the_asker_fetches_the_file_and_it_is_written_down(bank: Bank, uploads: Path, client_of: ClientOf):
    export = ready(bank, uploads)

    response = fetch(client_of(bank.asker), export)

    assert (response.status_code, body(response)) == (200, b"PK whatever")
    assert response["Content-Disposition"] == f'attachment; filename="customers_20261120_{export.pk}.xlsx"'
    assert ("no-store" in response["Cache-Control"], response["Content-Length"]) == (True, "11")
    entry = TrailEntry.objects.get(action="download")
    assert entry.actor_no == bank.asker.staff_no
    assert entry.changes == {"rows": 12, "sha256": bytes(export.content_hash).hex(), "file": export.file_name}
    assert Export.everything.get().downloads == 1


@pytest.mark.parametrize("name", ["colleague", "head", "hq", "compliance"])
def test_to_others_there_is_no_file(bank: Bank, uploads: Path, client_of: ClientOf, name: str):
    export = ready(bank, uploads)

    client = client_of(getattr(bank, name))
    pages = ["export", "export_detail", "export_progress"]

    assert {client.get(reverse(f"staff:{page}", args=[export.pk])).status_code for page in pages} == {404}
    assert not TrailEntry.objects.filter(action="download").exists()


@pytest.mark.parametrize("change", ["role", "branch", "both"])
def test_whose_rights_changed_does_not_fetch_it(bank: Bank, uploads: Path, client_of: ClientOf, change: str):
    export = ready(bank, uploads)
    if change != "branch":
        bank.asker.role = "teller"
    if change != "role":
        bank.asker.branch = bank.other
    bank.asker.save()

    client = client_of(bank.asker)

    assert fetch(client, export).status_code == 404
    page = client.get(reverse("staff:export_detail", args=[export.pk])).content.decode()
    assert reverse("staff:export", args=[export.pk]) not in page


def test_a_deputys_file_is_closed_once_the_colleague_is_back(bank: Bank, uploads: Path, client_of: ClientOf):
    absence = Absence.objects.create(
        user=bank.colleague,
        deputy=bank.asker,
        starts_on=today(),
        ends_on=today(),
        created_by=bank.head,
        created_at=NOW,
    )
    export = ready(bank, uploads, stood_in=[bank.colleague.pk])
    client = client_of(bank.asker)

    assert fetch(client, export).status_code == 200
    Absence.objects.filter(pk=absence.pk).update(cancelled_at=NOW)
    assert fetch(client, export).status_code == 404
    assert "stand in" in page_of(client, "staff:export_detail", export.pk)


def test_a_file_has_its_time(bank: Bank, uploads: Path, client_of: ClientOf):
    export = ready(bank, uploads, expires_at=NOW - timedelta(days=3_000))

    assert fetch(client_of(bank.asker), export).status_code == 404


def test_after_its_time_the_file_is_deleted(bank: Bank, uploads: Path, client_of: ClientOf):
    old, fresh = ready(bank, uploads, expires_at=NOW), ready(bank, uploads)

    assert [exports.expire(at=NOW), exports.expire(at=NOW)] == [1, 0]

    assert [path.name for path in uploads.iterdir()] == [fresh.stored_as]
    assert Export.everything.get(pk=old.pk).state == ExportState.EXPIRED
    assert actions(old)[-1] == "export_expire"
    client = client_of(bank.asker)
    assert fetch(client, old).status_code == 404
    assert "deleted after its time" in page_of(client, "staff:export_detail", old.pk)


def test_a_file_that_is_gone_is_not_found(bank: Bank, uploads: Path, client_of: ClientOf):
    export = ready(bank, uploads)
    (uploads / export.stored_as).unlink()

    assert fetch(client_of(bank.asker), export).status_code == 404
    assert not TrailEntry.objects.filter(action="download").exists()


# The pages


def page_of(client: Client, name: str, *args: object) -> str:
    client.cookies["language"] = "en"
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_my_exports_are_mine(bank: Bank, uploads: Path, client_of: ClientOf):
    ready(bank, uploads)
    exports.request_export(
        asked=SMALL, file_format="csv", language="en", reason="not hers at all", actor=bank.colleague, at=NOW
    )

    page = page_of(client_of(bank.asker), "staff:exports")

    assert "季度核对" in page
    assert "not hers at all" not in page
    assert "Download" in page


def test_who_decides_sees_what_but_not_the_rows(bank: Bank, client_of: ClientOf):
    export = ask(bank)
    client = client_of(bank.head)

    assert "王经理" in page_of(client, "staff:exports_waiting")
    page = page_of(client, "staff:export_decide", export.pk)

    assert all(word in page for word in ("王经理", "季度核对", "1,001", "Customer, Balance", "Tier: Gold"))


@pytest.mark.parametrize(("decision", "state"), [("approve", "queued"), ("reject", "rejected")])
def test_deciding_on_the_page(bank: Bank, client_of: ClientOf, decision: str, state: str):
    export = ask(bank)
    sent = {"digest": exports.digest_of(export), "comment": "as agreed", "decision": decision}

    response = client_of(bank.head).post(reverse("staff:export_decide", args=[export.pk]), sent)

    assert response.headers["Location"] == reverse("staff:exports_waiting")
    assert Export.everything.get().state == state


def test_a_decision_without_a_reason_is_said_on_the_page(bank: Bank, client_of: ClientOf):
    export = ask(bank)
    sent = {"digest": exports.digest_of(export), "comment": "", "decision": "reject"}

    client = client_of(bank.head)
    client.cookies["language"] = "en"

    response = client.post(reverse("staff:export_decide", args=[export.pk]), sent)

    assert (response.status_code, "Say why" in response.content.decode()) == (422, True)


def test_ones_own_request_is_not_there_to_decide(bank: Bank, client_of: ClientOf):
    export = ask(bank, actor=bank.head)
    client = client_of(bank.head)

    assert client.get(reverse("staff:export_decide", args=[export.pk])).status_code == 404
    assert client.post(reverse("staff:export_withdraw", args=[export.pk])).status_code == 302
    assert Export.everything.get().state == ExportState.WITHDRAWN


def test_the_page_follows_the_work(bank: Bank, client_of: ClientOf):
    export = ask(bank, SMALL)
    Job.objects.update(state="running", done_count=400, total_count=1_000)
    client = client_of(bank.asker)

    page = page_of(client, "staff:export_detail", export.pk)
    assert ("400 / 1,000" in page, reverse("staff:export_progress", args=[export.pk]) in page) == (True, True)
    assert "400 / 1,000" in page_of(client, "staff:export_progress", export.pk)

    Export.everything.update(state=ExportState.FAILED, message="Your role no longer opens this list.")
    assert client.get(reverse("staff:export_progress", args=[export.pk]), headers={"hx-request": "true"}).headers[
        "HX-Refresh"
    ]
    assert "Your role no longer opens this list." in page_of(client, "staff:export_detail", export.pk)


def test_work_nobody_could_finish_is_said(bank: Bank, client_of: ClientOf):
    export = ask(bank, SMALL)
    Job.objects.update(state="parked")

    assert "could not be made" in page_of(client_of(bank.asker), "staff:export_detail", export.pk)
