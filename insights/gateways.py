"""What stands outside: the broker and its workers, and the folder feeds are dropped in."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from celery import current_app

ANSWER_SECONDS = 1.0
# A file somebody may still be writing is left alone.
SETTLED_SECONDS = 60
_BALANCES = re.compile(r"balances[_.-].*?(\d{8})[^/]*\.(csv|csv\.gz|txt|txt\.gz|xlsx)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Liveness:
    """Whether the broker answers, and the names of the workers that do."""

    broker: bool
    workers: tuple[str, ...]


def liveness() -> Liveness:
    """Ask the workers; takes up to ANSWER_SECONDS when there are none."""
    try:
        with current_app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=2)
        answers = current_app.control.inspect(timeout=ANSWER_SECONDS).ping() or {}
    except Exception:  # kombu raises its transports' own errors: any of them means "not there"
        return Liveness(False, ())
    return Liveness(True, tuple(sorted(answers)))


def inbox_days(folder: Path, at: datetime) -> set[date]:
    """Business days whose balances lie in the inbox, complete."""
    found = set()
    for path in folder.iterdir() if folder.is_dir() else ():
        match = _BALANCES.fullmatch(path.name)
        if match and at.timestamp() - path.stat().st_mtime >= SETTLED_SECONDS:
            try:
                found.add(date.fromisoformat(match[1]))
            except ValueError:  # eight digits that are no day
                continue
    return found
