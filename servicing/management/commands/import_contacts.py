"""Take contacts of an earlier system over."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.clock import now
from core.commands import JsonCommand, Unusable
from core.enums import ActorKind
from core.trail import Actor
from customers.services.sheets import UnreadableFile, plain_file
from servicing.services.contact_import import HeaderMissing, Imported, import_contacts, rejects_csv


def _private(path: str, flags: int) -> int:
    # Personal data in clear: for the one who asked for it, and nobody else.
    return os.open(path, flags, 0o600)


class Command(JsonCommand):
    help = "Import contacts with their authors and dates (CSV or XLSX, Chinese or English headings)."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--rejects", type=Path)

    def work(self, **options: Any) -> Mapping[str, Any]:
        try:
            found = import_contacts(
                source=plain_file(options["path"]),
                actor=Actor(None, "import_contacts", ActorKind.JOB),
                at=now(),
                dry_run=options["dry_run"],
            )
        except (UnreadableFile, HeaderMissing) as error:
            raise Unusable(str(error)) from error
        counts = {name: getattr(found, name) for name in ("rows", "created", "known", "repeated")}
        rejects = self._write(found, options["rejects"])
        return {"dry_run": found.dry_run, **counts, "rejected": len(found.rejected), "rejects": rejects}

    def _write(self, found: Imported, path: Path | None) -> str | None:
        if path is None or not found.rejected:
            return None
        try:
            with open(path, "w", encoding="utf-8", newline="", opener=_private) as file:
                file.writelines(rejects_csv(found))
        except OSError as error:
            self.say(f"the rejects could not be written to {path}: {error.strerror}")
            return None
        return str(path)
