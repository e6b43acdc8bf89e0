"""P11, B8: evidence is looked at, sealed, opened with an entry, locked with the case, and leaves as one pack."""

import hashlib
import io
import json
import socket
import struct
import threading
import zipfile
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from complaints.gateways import scan, vault
from complaints.models import Complaint, Escalation, Evidence, Review
from complaints.queries import evidence as queries
from complaints.rules.evidence import parts_of, plain_name, type_of
from complaints.rules.limits import BUILT_IN, read_limits
from complaints.services import evidence as services
from complaints.services.pack import pack_case
from complaints.services.states import Recused
from core import crypto
from core.models import TrailEntry
from core.trail import NIGHT
from staff.models import Notification
from tests import factories as make
from tests.factories import NOW

PDF, PNG = b"%PDF-1.7\n1 0 obj", b"\x89PNG\r\n\x1a\n...."


def office(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as document:
        for name in ("[Content_Types].xml", *names):
            document.writestr(name, "x")
    return made.getvalue()


DOCX = office("word/document.xml")
MS = "application/vnd.openxmlformats-officedocument"


@pytest.mark.parametrize(
    ("name", "data", "mime"),
    [
        ("letter.pdf", PDF, "application/pdf"),
        ("LETTER.PDF", PDF, "application/pdf"),
        ("letter.jpg", PDF, ""),
        ("photo.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("photo.png", PNG, "image/png"),
        ("photo.webp", b"RIFF1234WEBPVP8 ", "image/webp"),
        ("call.wav", b"RIFF1234WAVEfmt ", "audio/wav"),
        ("call.webp", b"RIFF1234WAVEfmt ", ""),
        ("call.mp3", b"ID3\x04", "audio/mpeg"),
        ("call.m4a", b"\0\0\0\x20ftypM4A ", "audio/mp4"),
        ("note.txt", "柜台等候一小时".encode("gb18030"), "text/plain"),
        ("note.txt", "柜台\t等候\r\n".encode(), "text/plain"),
        ("note.txt", b"MZ\x90\x00\x03", ""),
        ("note.txt", b"", ""),
        ("page.html", b"<html>", ""),
        ("run.exe", b"MZ", ""),
        ("none", PDF, ""),
        ("note.docx", DOCX, f"{MS}.wordprocessingml.document"),
        ("note.xlsx", DOCX, ""),
        ("sums.xlsx", office("xl/workbook.xml"), f"{MS}.spreadsheetml.sheet"),
        ("note.docx", office("word/document.xml", "word/vbaProject.bin"), ""),
        ("note.docx", DOCX[:-8], ""),
        ("note.docx", b"PK\x03\x04" + b"0" * 99, ""),
    ],
)
def test_a_file_is_what_its_content_and_its_name_say(name, data, mime):
    assert type_of(name, data) == mime


def test_archives_made_to_harm_are_not_read():
    assert parts_of(DOCX) == {"[Content_Types].xml", "word/document.xml"}
    at = DOCX.rindex(b"PK\x05\x06")
    many = DOCX[: at + 10] + struct.pack("<H", 60_000) + DOCX[at + 12 :]
    large = DOCX[: at + 12] + struct.pack("<I", 1 << 30) + DOCX[at + 16 :]
    split = DOCX[:at] + b"PK\x06\x07" + b"\0" * 16 + DOCX[at:]
    assert [parts_of(data) for data in (many, large, split, b"", DOCX[:40])] == [frozenset()] * 5


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/回单.pdf", "回单.pdf"),
        ("C:\\docs\\a.pdf", "a.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("a\x00\nb .pdf ", "ab .pdf"),
        (".pdf", "pdf"),
        ("x" * 300 + ".PDF", "x" * 116 + ".pdf"),
        ("none", "none"),
    ],
)
def test_names_are_kept_without_what_deceives(name, kept):
    assert plain_name(name) == kept


def test_limits_are_read_whole():
    limits = read_limits(BUILT_IN)
    day = NOW.date()
    assert (limits.file_bytes, limits.since(day)) == (20 << 20, day - timedelta(days=59))
    turns = {limits.turn(day + timedelta(days=n)) for n in range(limits.check_days)}
    assert turns == set(range(limits.check_days))
    for name in BUILT_IN:
        with pytest.raises(ValueError, match=f"^{name}$"):
            read_limits({**BUILT_IN, name: 0})


class Desk:
    """A branch with its people and a case the teller wrote down and the manager handles; `named` is kept away."""

    def __init__(self):
        self.top = make.make_head_office()
        self.branch = make.make_branch(parent=self.top)
        people = {"teller": "teller", "manager": "manager", "head": "branch_head", "named": "branch_head"}
        for name, role in people.items():
            setattr(self, name, make.make_user(role=role, branch=self.branch))
        self.compliance = make.make_user(role="compliance", branch=self.top)
        self.customer = make.make_customer(manager=self.manager, name="欧阳娜娜")
        about = {"customer": self.customer, "registered_by": self.teller, "handler": self.manager}
        self.case = make.make_complaint(state="investigating", named=(self.named,), **about)

    def received(self, data=PDF, name="回单.pdf"):
        stored_as = uuid4()
        path = vault.path_of(stored_as)
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as target:
            crypto.seal_stream(io.BytesIO(data), target)
        return services.Received(stored_as, name, len(data), hashlib.sha256(data).digest())

    def file(self, data=PDF, name="回单.pdf", actor=None):
        received = self.received(data, name)
        return services.add_evidence(complaint=self.case, file=received, actor=actor or self.manager, at=NOW)

    def end(self, state="closed"):
        days: dict[str, object] = {"answered_on": NOW.date(), "closed_on": NOW.date()}
        steps = {"closed": ("proposed", "answered", "closed"), "withdrawn": ("withdrawn",)}
        if state == "closed":
            days |= {"cause": "slow"}
            delivered = {"approved_by": self.head, "delivered_on": NOW.date(), "proof": "EMS 1"}
            make.make_decision(self.case, proposed_by=self.manager, **delivered)
        for step in steps[state]:
            Complaint.everything.filter(pk=self.case.pk).update(state=step, **days)
        self.case.refresh_from_db()


@pytest.fixture
def desk(db, settings, tmp_path):
    settings.UPLOADS = tmp_path
    return Desk()


def acts(row):
    entries = TrailEntry.objects.filter(subject=queries.SUBJECT, subject_id=str(row.pk)).order_by("id")
    return list(entries.values_list("action", flat=True))


def test_a_file_is_filed_opened_with_an_entry_and_taken_out_with_a_reason(desk):
    row = desk.file()
    assert (row.name, row.kind, row.size, bytes(row.sha256)) == (
        "回单.pdf",
        "application/pdf",
        len(PDF),
        hashlib.sha256(PDF).digest(),
    )
    assert PDF not in vault.path_of(row.stored_as).read_bytes()
    assert b"".join(services.open_evidence(evidence=row, actor=desk.head, at=NOW)) == PDF
    (seen,) = queries.evidence_of(desk.case, desk.head)
    assert [(one.name, one.at) for one in seen.opened] == [(desk.head.name, NOW)]
    assert (seen.is_damaged, seen.may_remove, queries.evidence_of(desk.case, desk.teller)[0].may_remove) == (
        False,
        True,
        False,
    )
    with pytest.raises(services.SameFile):
        desk.file(name="again.pdf")
    with pytest.raises(services.NotYoursToRemove):
        services.remove_evidence(evidence=row, reason="放错了", actor=desk.teller, at=NOW)
    with pytest.raises(services.ReasonMissing):
        services.remove_evidence(evidence=row, reason=" ", actor=desk.manager, at=NOW)
    gone = services.remove_evidence(evidence=row, reason="放错了", actor=desk.manager, at=NOW)
    assert (gone.removed_by, gone.removed_at, gone.remove_reason) == (desk.manager, NOW, "放错了")
    assert queries.evidence_of(desk.case, desk.manager) == []
    assert [one.row for one in queries.evidence_of(desk.case, desk.head)] == [row]
    assert desk.file() != row  # it may be filed again
    entry = TrailEntry.objects.filter(subject=queries.SUBJECT, subject_id=str(row.pk))
    assert (acts(row), "回单" in str(list(entry.values("changes")))) == (["add", "open", "remove"], False)


def test_what_may_not_be_filed_is_refused(desk, settings, monkeypatch):
    one = desk.file(PNG, "a.png")
    for data, name, error in (
        (b"", "a.pdf", services.EmptyFile),
        (PDF, "a.jpg", services.WrongType),
        (PDF + b"0" * (1 << 20), "a.pdf", services.FileTooLarge),
    ):
        with monkeypatch.context() as patch:
            patch.setattr("complaints.queries.limits.BUILT_IN", {**BUILT_IN, "file_mb": 1})
            with pytest.raises(error):
                desk.file(data, name)
    with monkeypatch.context() as patch:
        patch.setattr("complaints.queries.limits.BUILT_IN", {**BUILT_IN, "files": 1})
        with pytest.raises(services.TooManyFiles):
            desk.file()
    with pytest.raises(Recused):
        desk.file(actor=desk.named)
    settings.CLAMD_SOCKET = "/nowhere/clamd.sock"
    with pytest.raises(services.NotScanned):
        desk.file()
    monkeypatch.setattr(scan, "_asked", lambda pieces: b"stream: Eicar FOUND" if b"".join(pieces) == PDF else b"OK")
    with pytest.raises(services.Infected):
        desk.file()
    assert desk.file(DOCX, "ok.docx").kind.endswith("wordprocessingml.document")
    assert Evidence.everything.filter(complaint=desk.case).count() == 2
    assert one.pk


def test_the_scanner_is_asked_in_its_own_protocol(settings, tmp_path):
    settings.CLAMD_SOCKET = str(tmp_path / "clamd.sock")
    heard = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(settings.CLAMD_SOCKET)
        server.listen(1)

        def serve():
            line, _from = server.accept()
            with line, line.makefile("rb") as said:
                heard.append(said.read(10))
                while size := struct.unpack("!I", said.read(4))[0]:
                    heard.append(said.read(size))
                line.sendall(b"stream: OK\0")

        thread = threading.Thread(target=serve)
        thread.start()
        verdict = scan.scan([b"one", b"two"])
        thread.join()
    assert (verdict, heard) == (scan.Verdict.CLEAN, [b"zINSTREAM\0", b"one", b"two"])


@pytest.mark.parametrize("state", ["closed", "withdrawn"])
def test_the_file_of_a_case_that_has_ended_does_not_change(desk, state):
    row = desk.file()
    desk.end(state)
    with pytest.raises(services.CaseEnded):
        desk.file(PNG, "a.png")
    with pytest.raises(services.CaseEnded):
        services.remove_evidence(evidence=row, reason="放错了", actor=desk.manager, at=NOW)
    for change in ({"note": "x"}, {"sha256": b"0" * 32}):
        with pytest.raises(DatabaseError, match=r"file_is_closed|same_file|ended"), transaction.atomic():
            Evidence.everything.filter(pk=row.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Evidence.everything.filter(pk=row.pk).delete()
    assert b"".join(services.open_evidence(evidence=row, actor=desk.manager, at=NOW)) == PDF


def test_a_file_that_is_not_what_was_added_is_flagged_once_and_not_given_out(desk, settings):
    row, other = desk.file(), desk.file(PNG, "a.png")
    path = vault.path_of(row.stored_as)
    vault.path_of(other.stored_as).replace(path)  # a sealed file, but another one
    assert [queries.check(one) for one in (row, other)] == [False, False]
    for _again in range(2):
        with pytest.raises(services.FileDamaged):
            services.open_evidence(evidence=row, actor=desk.manager, at=NOW)
    assert acts(row) == ["add", "damaged"]
    # By the night, too: every file once in as many nights as there are turns; whoever is kept away is never told.
    found = [services.check_files(turn=turn, turns=2, actor=NIGHT, at=NOW) for turn in (0, 1)]
    assert (sum(one["rows"] for one in found), sum(one["damaged"] for one in found)) == (2, 2)
    assert acts(row) == ["add", "damaged"]
    told = set(Notification.objects.filter(event="evidence_damaged").values_list("user", flat=True))
    assert told == {desk.head.pk, desk.compliance.pk}
    assert {one.is_damaged for one in queries.evidence_of(desk.case, desk.manager)} == {True}
    # Put back, it is sound again, and what was missing is told of anew.
    path.replace(vault.path_of(other.stored_as))
    assert b"".join(services.open_evidence(evidence=other, actor=desk.manager, at=NOW)) == PNG
    seen = {one.row: one.is_damaged for one in queries.evidence_of(desk.case, desk.manager)}
    assert seen == {row: True, other: False}
    settings.UPLOADS = path.parent / "not mounted"
    assert services.check_files(turn=0, turns=1, actor=NIGHT, at=NOW) == {"rows": 0, "damaged": 0}


def test_the_pack_holds_everything_with_hashes_and_who_took_it(desk):
    desk.file(), desk.file(PNG, "a.png"), desk.file(DOCX, "c.docx")
    rows = {row.name: row for row in Evidence.everything.all()}
    vault.path_of(rows["a.png"].stored_as).unlink()
    services.remove_evidence(evidence=rows["c.docx"], reason="放错了", actor=desk.manager, at=NOW)
    decision = make.make_decision(desk.case, proposed_by=desk.manager, approved_by=desk.head)
    asked = crypto.seal(f"complaint.review.reason.{decision.pk}", str(desk.case.once), "利息算错")
    people = {"desk": desk.top, "recorded_by": desk.teller, "recorded_at": NOW, "asked_on": NOW.date()}
    Review.everything.create(complaint=desk.case, decision=decision, due_on=NOW.date(), reason_cipher=asked, **people)
    risen = {"clock": "statutory", "round": 1, "rung": 50, "span": 15, "business_day": NOW.date(), "at": NOW}
    Escalation.everything.create(complaint=desk.case, told=[desk.manager.pk], **risen)
    made = pack_case(complaint=desk.case, actor=desk.compliance, at=NOW)
    entry = TrailEntry.objects.get(subject="complaints.complaint", subject_id=desk.case.number, action="pack")
    assert (entry.actor_no, entry.changes["files"], entry.changes["damaged"]) == (desk.compliance.staff_no, 4, 1)

    archive = zipfile.ZipFile(io.BytesIO(b"".join(made.pieces)))
    assert archive.testzip() is None
    manifest = json.loads(archive.read("manifest.json"))
    papers = ["case.txt", "case.json", "letters/1.1.txt", "evidence/01-回单.pdf"]
    assert [one["path"] for one in manifest["files"]] == papers
    for one in manifest["files"]:
        data = archive.read(one["path"])
        assert (one["sha256"], one["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert [one["name"] for one in manifest["damaged"]] == ["a.png"]
    assert desk.compliance.staff_no in manifest["mark"]
    assert manifest["mark"].encode() == archive.comment
    data = json.loads(archive.read("case.json"))
    assert data["case"][0]["account"] == "客户称排队一小时无人受理"
    assert [len(data[key]) for key in ("moves", "recusals", "evidence", "decisions")] == [1, 1, 3, 1]
    assert data["reviews"][0]["reason"] == "利息算错"
    assert data["escalations"][0]["told"] == f"{desk.manager.name} ({desk.manager.staff_no})"
    assert "我行向您致歉" in archive.read("letters/1.1.txt").decode()
    assert desk.customer.name in archive.read("case.txt").decode()
    with pytest.raises(Recused):
        pack_case(complaint=desk.case, actor=desk.named, at=NOW)
    # Of a case that is kept from whoever takes it the pack of the other one says nothing.
    hidden = make.make_complaint(branch=desk.branch, named=(desk.head,))
    Complaint.everything.filter(pk=desk.case.pk).update(same_as=hidden)
    for actor, said in ((desk.compliance, True), (desk.head, False)):
        made = pack_case(complaint=Complaint.everything.get(pk=desk.case.pk), actor=actor, at=NOW)
        text = zipfile.ZipFile(io.BytesIO(b"".join(made.pieces))).read("case.txt").decode()
        assert (hidden.number in text) is said


def test_files_are_sent_opened_and_packed_from_the_page(desk, client_of):
    number = desk.case.number
    here = reverse("complaints:evidence", args=[number])
    sent = [SimpleUploadedFile("票据.pdf", PDF), SimpleUploadedFile("bad.exe", b"MZ")]
    answer = client_of(desk.teller).post(here, {"files": sent, "note": "取号单"})
    assert answer.status_code == 422
    (row,) = Evidence.everything.filter(complaint=desk.case)
    assert (row.name, row.note, row.added_by) == ("票据.pdf", "取号单", desk.teller)
    # The refused file is gone with the request.
    assert [path.name for path in vault.path_of(row.stored_as).parent.iterdir()] == [f"{row.stored_as.hex}.sealed"]

    url = reverse("complaints:evidence_file", args=[number, row.pk])
    response = client_of(desk.manager).get(url)
    assert (b"".join(response.streaming_content), response["Content-Type"]) == (PDF, "application/pdf")
    assert response["Content-Disposition"].startswith("attachment")
    for page in (here, url):
        assert client_of(desk.named).get(page).status_code == 404
    vault.path_of(row.stored_as).write_bytes(b"x")
    damaged = client_of(desk.manager).get(url)
    assert (damaged.status_code, damaged["Location"]) == (302, desk.case.get_absolute_url())

    out = reverse("complaints:evidence_remove", args=[number, row.pk])
    assert client_of(desk.teller).post(out, {}).status_code == 422
    assert client_of(desk.teller).post(out, {f"f{row.pk}-reason": "放错了"}).status_code == 200
    assert client_of(desk.manager).get(url).status_code == 404

    pack = reverse("complaints:pack", args=[number])
    assert client_of(desk.manager).post(pack).status_code == 403
    assert client_of(desk.named).post(pack).status_code == 404
    response = client_of(desk.head).post(pack)
    assert zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))).namelist()[-1] == "manifest.json"
    assert UUID(hex=row.stored_as.hex)
