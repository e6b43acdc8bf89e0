"""Staging by COPY: rows of a feed go into a temporary typed table, from which everything else is set-based."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import DatabaseError, connection

TABLE = "feed_rows"
FLUSH = 1 << 18
# For the import's transaction: its joins are large and few, compiling them costs more than it saves.
SESSION = "SET LOCAL jit = off; SET LOCAL work_mem = '64MB'"


class CopyStream:
    """The file psycopg2 reads COPY lines from; pulls them from an iterator, so nothing is held in memory."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._rest = b""
        self.error: Exception | None = None

    def read(self, size: int = FLUSH) -> bytes:
        """The next bytes; what goes wrong in the iterator is kept for `stage` to raise, and ends the COPY."""
        try:
            return self._read(size)
        except Exception as error:
            self.error = error
            raise

    def _read(self, size: int) -> bytes:
        parts, length = [self._rest], len(self._rest)
        while length < size:
            batch = "".join(islice(self._lines, 2000))
            if not batch:
                break
            parts.append(batch.encode())
            length += len(parts[-1])
        data = b"".join(parts)
        self._rest = data[size:]
        return data[:size]


def copy_field(value: Any) -> str:
    """One value in COPY's text format."""
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return value.replace("\\", "\\\\") if "\\" in value else value
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, list):
        quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in value)
        return copy_field("{" + ",".join(f'"{item}"' for item in quoted) + "}")
    if isinstance(value, (Decimal, date, int)):
        return str(value)
    raise TypeError(type(value).__name__)


def stage(columns: Mapping[str, str], lines: Iterable[str]) -> None:
    """Make the staging table with `line`, the columns (name to SQL type) and `errors`, and fill it.

    Raises what the lines raise: psycopg2 would only quote it in an error of the database's.
    """
    spec = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    drop(TABLE)
    with connection.cursor() as cursor:
        cursor.execute(SESSION)
        cursor.execute(f"CREATE TEMP TABLE {TABLE} (line integer, {spec}, errors text) ON COMMIT DROP")
        stream = CopyStream(iter(lines))
        try:
            with connection.wrap_database_errors:
                cursor.cursor.copy_expert(f"COPY {TABLE} FROM STDIN", stream)
        except DatabaseError:
            if stream.error is None:
                raise
            raise stream.error from None
        cursor.execute(f"ANALYZE {TABLE}")


def mark_duplicates(key: str) -> None:
    """Reject every later row of a number: the first one in the file counts, whatever became of it."""
    mark(
        "duplicate",
        f"FROM (SELECT {key} AS number, min(line) AS first FROM {TABLE} WHERE {key} IS NOT NULL"
        f" GROUP BY {key} HAVING count(*) > 1) AS d WHERE r.{key} = d.number AND r.line > d.first",
    )


def mark(reason: str, condition: str, params: Mapping[str, Any] | None = None) -> None:
    """Add a reason to the rows (alias r) that meet the SQL condition (beginning with FROM or WHERE)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {TABLE} AS r SET errors = concat_ws(',', r.errors, '{reason}') {condition}", params or {}
        )


def rejected() -> dict[int, list[str]]:
    """Line to reasons of every row that cannot be used."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT line, errors FROM {TABLE} WHERE errors IS NOT NULL ORDER BY line")
        return {line: errors.split(",") for line, errors in cursor.fetchall()}


def run(sql: str, params: Mapping[str, Any] | None = None) -> int:
    """Execute one statement; returns how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params or {})
        return int(cursor.rowcount)


def fetch_one(sql: str, params: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    """The first row of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params or {})
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def drop(table: str) -> None:
    """Forget a temporary table of an earlier import in the same transaction."""
    run(f"DROP TABLE IF EXISTS pg_temp.{table}")
