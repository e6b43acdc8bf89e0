"""The file of a case as one zip: its data, letters and evidence, a manifest with hashes, and who took it (B8)."""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from complaints.gateways import vault
from complaints.models import Complaint, Evidence
from complaints.queries import pack as queries
from complaints.queries.clocks import day_of
from complaints.queries.decisions import Letter
from complaints.queries.pack import Part
from complaints.services.evidence import is_sound
from complaints.services.states import Recused, record_case
from staff.models import User


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack on its way out: the file's name and its bytes, made while they are taken."""

    name: str
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of the pack: where it lies, its bytes, and what else the manifest says of it."""

    path: str
    pieces: Iterable[bytes]
    about: dict[str, Any]


class _Out:
    """What the zip writer has written and nobody has taken yet; it cannot be wound back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Everything is in memory."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def pack_case(*, complaint: Complaint, actor: User, at: datetime) -> Pack:
    """The whole file of a case. The entry on the trail is written before the first byte leaves. Raises Recused.

    A damaged file is left out, named as such in the manifest, and flagged.
    """
    if actor.pk in complaint.recused:
        raise Recused()
    if complaint.same_as_id and not Complaint.objects.visible_to(actor).filter(pk=complaint.same_as_id).exists():
        complaint.same_as = None  # of that case whoever takes this one must not know
    sound = [(row, _is_sound(row, complaint, actor, at)) for row in queries.files_of(complaint)]
    entries = [*_papers(complaint, at), *_evidence(sound)]
    kept = {"files": len(entries), "damaged": sum(not good for _row, good in sound)}
    record_case(case=complaint, action="pack", actor=actor, at=at, changes=kept)
    head = _head(complaint, actor, at)
    damaged = [_about(row) | {"is_sound": False} for row, good in sound if not good]
    return Pack(f"{complaint.number}_{localtime(at):%Y%m%d_%H%M}.zip", _zipped(head, entries, damaged, at))


def _is_sound(row: Evidence, case: Complaint, actor: User, at: datetime) -> bool:
    row.complaint = case
    return is_sound(evidence=row, actor=actor.actor, at=at)


def _head(case: Complaint, actor: User, at: datetime) -> dict[str, Any]:
    who = {"name": actor.name, "number": actor.staff_no, "unit": actor.branch.name}
    mark = _("For the bank and its regulator only. Taken by %(name)s (%(number)s, %(unit)s), %(when)s.")
    taken = mark % {**who, "when": f"{localtime(at):%Y-%m-%d %H:%M}"}
    return {"complaint": case.number, "mark": taken, "made_at": localtime(at).isoformat(), "made_by": who}


def _papers(case: Complaint, at: datetime) -> Iterator[_Entry]:
    """The data for people and for programs, and the letters."""
    parts = list(queries.parts_of(case))
    yield _Entry("case.txt", [_text(parts).encode()], {})
    yield _Entry("case.json", [_json(_data(parts))], {})
    for name, letter in queries.letters_of(case, day_of(at), get_language() or ""):
        yield _Entry(f"letters/{name}.txt", [_letter(letter).encode()], {})


def _evidence(sound: Iterable[tuple[Evidence, bool]]) -> Iterator[_Entry]:
    for place, (row, may_leave) in enumerate(sound, start=1):
        if may_leave:
            yield _Entry(f"evidence/{place:02}-{row.name}", vault.pieces(row.stored_as), _about(row))


def _about(row: Evidence) -> dict[str, Any]:
    return {"name": row.name, "type": row.kind, "filed_sha256": bytes(row.sha256).hex(), "filed_at": row.added_at}


def _zipped(
    head: dict[str, Any], entries: Iterable[_Entry], damaged: list[dict[str, Any]], at: datetime
) -> Iterator[bytes]:
    """The zip in pieces; the manifest comes last, as only then every hash is known."""
    out, listed, day = _Out(), [], localtime(at).timetuple()[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload]  # a stream that only writes
        for entry in entries:
            digest, size = hashlib.sha256(), 0
            with archive.open(zipfile.ZipInfo(entry.path, day), "w") as target:
                for piece in entry.pieces:
                    digest.update(piece)
                    size += len(piece)
                    target.write(piece)
                    yield out.taken()
            listed.append({"path": entry.path, "size": size, "sha256": digest.hexdigest(), **entry.about})
        archive.comment = str(head["mark"]).encode()
        manifest = _json({**head, "files": listed, "damaged": damaged})
        archive.writestr(zipfile.ZipInfo("manifest.json", day), manifest)
    yield out.taken()


def _json(data: Any) -> bytes:
    return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1).encode()


def _data(parts: Iterable[Part]) -> dict[str, Any]:
    return {part.key: [{fact.name: fact.value for fact in row} for row in part.rows] for part in parts}


def _text(parts: Iterable[Part]) -> str:
    blocks = []
    for part in parts:
        rows = ["\n".join(f"{fact.label}: {fact.words}" for fact in row if fact.words) for row in part.rows]
        blocks.append(f"== {part.title} ==\n" + ("\n\n".join(rows) or _("None")))
    return "\n\n\n".join(blocks) + "\n"


def _letter(letter: Letter) -> str:
    said = asdict(letter)
    body = ("greeting", "opening", "facts", "finding", "words", "remedy", "amount")
    lines = [letter.title, letter.number, *(said[name] for name in body), *letter.routes, letter.closing]
    return "\n\n".join(line for line in (*lines, letter.signed, letter.day) if line) + "\n"
