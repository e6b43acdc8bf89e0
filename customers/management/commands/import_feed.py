"""Import one feed file of the core banking system."""

import os
from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.clock import now
from core.commands import FAILED, REFUSED, JsonCommand, Unusable
from core.enums import ActorKind
from core.money import AmountError, parse_amount
from core.trail import Actor
from customers.enums import FeedKind, FeedStatus
from customers.gateways.sheets import UnreadableFile, open_sheet, plain_file
from customers.models import Feed
from customers.rules import feeds as rules
from customers.services.feeds import Controls, MissingColumns, import_feed, locate, rejects_csv, stated_date

EXIT: dict[str, int] = {FeedStatus.REFUSED: REFUSED, FeedStatus.FAILED: FAILED}


def share(text: str) -> Decimal:
    """1%, 0.5% or 100% as a fraction."""
    try:
        value = Decimal(text.removesuffix("%")) / 100
        if 0 <= value <= 1:
            return value
    except InvalidOperation:
        pass
    raise ArgumentTypeError(f"{text} is not a share such as 1%, between 0% and 100%")


def amount(text: str) -> Decimal:
    """A control total in yuan."""
    try:
        return parse_amount(text)
    except AmountError as error:
        raise ArgumentTypeError(str(error)) from None


def _private(path: str, flags: int) -> int:
    # Personal data in clear: for the one who asked for it, and nobody else.
    return os.open(path, flags, 0o600)


class Command(JsonCommand):
    help = "Import one feed file of the core banking system (interfaces: kinds, columns, controls)."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=list(FeedKind.values))
        parser.add_argument("path", type=Path)
        parser.add_argument("--business-date", type=date.fromisoformat)
        parser.add_argument("--source", default="core")
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--control-rows", type=int)
        parser.add_argument("--control-total", type=amount)
        parser.add_argument("--max-rejected", type=share, default=Decimal("0.01"))
        parser.add_argument("--rejects", type=Path)

    def work(self, **options: Any) -> Mapping[str, Any]:
        kind, source = FeedKind(options["kind"]), plain_file(options["path"])
        try:
            stated = stated_date(locate(kind, open_sheet(source, rules.is_heading)))
        except (UnreadableFile, MissingColumns) as error:
            raise Unusable(str(error)) from error
        at = now()
        self.say(f"importing {source.name} as {kind} ...")
        feed = import_feed(
            kind=kind,
            source=source,
            business_date=options["business_date"] or stated or at.date(),
            controls=Controls(options["control_rows"], options["control_total"], options["max_rejected"]),
            actor=Actor(None, "import_feed", ActorKind.JOB),
            at=at,
            dry_run=options["dry_run"],
            origin=options["source"],
        )
        if getattr(feed, "unreadable", False):
            raise Unusable(feed.message)
        if feed.message:
            self.say(feed.message)
        for note in feed.notes:
            self.say(note.replace(":", " "))
        return {
            **self._answer(feed),
            "rejects": self._write_rejects(feed, options),
            "exit_status": EXIT.get(feed.status, 0),
        }

    def _answer(self, feed: Feed) -> dict[str, Any]:
        counts = ("rows", "accepted", "rejected", "created", "updated", "unchanged")
        return {
            "feed": feed.pk,
            "kind": feed.kind,
            "business_date": feed.business_date.isoformat(),
            "status": feed.status,
            **{name: getattr(feed, name) for name in counts},
            "total": None if feed.total is None else f"{feed.total:.2f}",
            "seconds": feed.seconds,
        }

    def _write_rejects(self, feed: Feed, options: Mapping[str, Any]) -> str | None:
        path: Path | None = options["rejects"]
        if path is None or not feed.rejected:
            return None
        try:
            with open(path, "w", encoding="utf-8", newline="", opener=_private) as file:
                file.writelines(rejects_csv(feed))
        except OSError as error:
            self.say(f"the rejects could not be written to {path}: {error.strerror}")
            return None
        return str(path)
