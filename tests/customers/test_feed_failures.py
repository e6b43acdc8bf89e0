"""Imports that go wrong: files nobody can read, disks that fail or fill up. Nothing is ever kept of them."""

import gzip
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils.translation import override

from customers.gateways.sheets import Source
from customers.models import Account, Feed
from customers.services.feeds import Controls, import_feed
from tests.customers.contents import REPORTS, contents
from tests.customers.feeding import EVERYTHING, TESTER, feed_bytes
from tests.customers.hostile import END, MAIN, hostile_files, xlsx
from tests.factories import NOW, TODAY, make_branch, make_customer, make_product

ROOT = Path(__file__).resolve().parents[2]
NEXT = TODAY + timedelta(days=1)


def make_accounts(count: int) -> None:
    """Accounts A0, A1, ... of ten customers."""
    branch, product = make_branch(), make_product()
    owners = [make_customer(branch=branch, position={"on": None}) for _n in range(10)]
    Account.everything.bulk_create(
        Account(account_no=f"A{n}", customer=owners[n % 10], product=product) for n in range(count)
    )


def balances(count: int, add: int = 0) -> bytes:
    return ("account_no,balance\n" + "".join(f"A{n},{n + add}.50\n" for n in range(count))).encode()


def table_of(number: int) -> bytes:
    return f"account_no,balance\nA1,{number}\n".encode()


UNREADABLE = {
    "empty": (b"", "empty"),
    "empty gz": (gzip.compress(b""), "empty"),
    "only a mark": (b"\xef\xbb\xbf", "Missing: account_no 账号, balance 余额"),
    "blank lines": (b"\n\n  \n", "Missing: account_no 账号, balance 余额"),
    "cut gz": (gzip.compress(balances(2000))[:-200], "damaged"),
    "changed gz": (gzip.compress(balances(2000))[:-8] + b"12345678", "damaged"),
    "gz of nothing known": (b"\x1f\x8b\x00\x00abc", "damaged"),
    "zero bytes": (b"account_no,balance\nA1,\x005\n", "neither a text file"),
    "utf-16": (table_of(5).decode().encode("utf-16"), "UTF-16"),
    "utf-16 without a mark": (table_of(5).decode().encode("utf-16-le"), "neither a text file"),
    "neither encoding": ("账号,余额\nA1,5\n".encode() + b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old or password-protected"),
    "archive that is no workbook": (xlsx().replace(b"xl/workbook.xml", b"xl/nothing1.xml"), "neither a text file"),
    "cut workbook": (xlsx()[:-30], "damaged"),
    "damaged workbook": (xlsx("<worksheet><sheetData><row r='1'><c"), "damaged"),
    "workbook that is none": (xlsx("<nothing/>"), "Missing: account_no 账号, balance 余额"),
    "workbook without rows": (xlsx(MAIN + END), "Missing: account_no 账号, balance 余额"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "neither a text file"),
    "column missing": (b"account_no,amount\nA1,5\n", "Missing: balance 余额"),
    "another kind": (b"staff_no,name,role,branch_code\nS1,x,teller,B1\n", "Missing: account_no 账号, balance 余额"),
    "open quotation mark": (b'account_no,balance\nA1,5\nA2,"6\nA3,7\n', "Line 3 cannot be read"),
    "quotation mark far away": (b'account_no,balance,x\nA1,5,"\n' + b"A2,6,\n" * 99 + b'A3,7,"\n', "Line 2 cannot"),
    "cell far too long": (b"account_no,balance\nA1,5\nA2," + b"9" * 100_001 + b"\n", "Line 3 cannot be read"),
}


@pytest.mark.django_db
class TestUnreadable:
    @pytest.fixture(autouse=True)
    def english(self) -> Iterator[None]:
        with override("en"):
            yield

    @pytest.mark.parametrize(("content", "words"), UNREADABLE.values(), ids=UNREADABLE)
    def test_says_why_and_keeps_nothing(self, content: bytes, words: str) -> None:
        make_accounts(3)
        before = contents(without=REPORTS)
        feed = feed_bytes("balances", content)
        assert feed.status == "failed"
        assert words in feed.message
        assert contents(without=REPORTS) == before
        assert (Feed.objects.get().status, feed.rejects.count()) == ("failed", 0)

    def test_is_refused_before_it_costs_anything(self, tmp_path: Path) -> None:
        files = hostile_files()
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        reader = [sys.executable, "-m", "tests.customers.hostile", str(tmp_path)]
        found = json.loads(subprocess.run(reader, cwd=ROOT, check=True, capture_output=True, timeout=60).stdout)
        assert set(found) == set(files)
        for name, (seconds, megabytes, message) in found.items():
            assert seconds < 1, name
            assert megabytes < 100, name
            is_read = name == "nothing hostile"
            assert message.startswith("2 rows ['A1', '1']" if is_read else ("The ", "A ", "This ")), name


class Failing(io.RawIOBase):
    """A file whose disk gives up halfway: an honest input/output error from the operating system's own text."""

    def __init__(self, content: bytes, good: int) -> None:
        self._content, self._good = io.BytesIO(content), good

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._content.tell() >= self._good:
            raise OSError(5, os.strerror(5))
        return self._content.readinto(buffer[: self._good - self._content.tell()])


def failing_source(content: bytes, *, openings: int) -> Source:
    """Readable in full the first times it is opened, then only to its middle."""
    opened = 0

    def opener() -> io.BufferedReader:
        nonlocal opened
        opened += 1
        return io.BufferedReader(Failing(content, len(content) + 1 if opened <= openings else len(content) // 2))

    return Source("feed.csv", opener)


@contextmanager
def full_disk() -> Iterator[None]:
    """The operating system lets this connection's server process write no file beyond 17 MB (a WAL segment has 16)."""
    _limit_files("17825792")
    yield
    _limit_files("unlimited")


def _limit_files(size: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
        # As the server's own account, which may limit its processes; the ":" leaves the hard limit alone.
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS said (word text)")
        cursor.execute(f"COPY said FROM PROGRAM 'prlimit --pid {pid} --fsize={size}: && echo done'")


@pytest.mark.django_db
class TestHalfway:
    @pytest.fixture(autouse=True)
    def ledger(self) -> None:
        make_accounts(5_000)
        feed_bytes("balances", balances(100), on=TODAY)

    def test_a_file_that_breaks_off_inside_the_copy(self) -> None:
        before = contents(without=REPORTS)
        source = failing_source(balances(5_000), openings=4)
        feed = import_feed(
            kind="balances", source=source, business_date=NEXT, controls=Controls(), actor=TESTER, at=NOW
        )
        assert (feed.status, contents(without=REPORTS)) == ("failed", before)
        assert "disk" in feed.message or "磁盘" in feed.message

    def test_a_line_that_cannot_be_read_inside_the_copy(self) -> None:
        before = contents(without=REPORTS)
        feed = feed_bytes("balances", balances(5_000) + b'A1,"5\n', on=NEXT)
        assert (feed.status, contents(without=REPORTS)) == ("failed", before)
        assert "5002" in feed.message

    def test_the_databases_disk_is_full(self) -> None:
        before = contents(without=REPORTS)
        content = b"account_no,balance\n" + b"".join(b"%040d,1.00\n" % n for n in range(200_000))
        with full_disk():
            feed = feed_bytes("balances", content, on=NEXT)
        assert (feed.status, contents(without=REPORTS)) == ("failed", before)
        assert "could not extend file" in feed.message
        assert feed_bytes("balances", balances(5_000), on=NEXT).status == "committed"

    def test_the_database_refuses_the_copy_itself(self) -> None:
        """A statement that takes too long is cancelled by the server while rows are still coming."""
        before = contents(without=REPORTS)

        openings = 0

        def opener() -> io.BytesIO:
            nonlocal openings
            openings += 1
            if openings == 5:  # the one inside the COPY
                time.sleep(0.3)
            return io.BytesIO(balances(5_000))

        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '200ms'")
            feed = import_feed(
                kind="balances",
                source=Source("feed.csv", opener),
                business_date=NEXT,
                controls=Controls(max_rejected=EVERYTHING),
                actor=TESTER,
                at=NOW,
            )
            cursor.execute("SET LOCAL statement_timeout = 0")
        assert (feed.status, contents(without=REPORTS)) == ("failed", before)
        assert "timeout" in feed.message
