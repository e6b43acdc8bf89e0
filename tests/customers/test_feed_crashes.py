"""Imports on a committed database: killed, cut off from the server, several at once. All or nothing, one by one."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from customers.gateways.sheets import Source
from customers.models import Account, Feed
from customers.services.feeds import IMPORT_LOCK, Controls, import_feed
from tests.customers.contents import REPORTS, contents
from tests.customers.feeding import TESTER, feed_bytes
from tests.factories import NOW, make_branch, make_customer, make_product

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
D1 = date(2026, 11, 19)
D2, D3 = D1 + timedelta(days=1), D1 + timedelta(days=2)
COUNT = 300


@pytest.fixture(autouse=True)
def ledger() -> None:
    """Customers with balances of one day."""
    branch, product = make_branch(), make_product()
    owners = [make_customer(branch=branch, position={"on": None}) for _n in range(5)]
    Account.everything.bulk_create(
        Account(account_no=f"A{n}", customer=owners[n % 5], product=product) for n in range(COUNT)
    )
    assert feed_bytes("balances", balances(0), on=D1).status == "committed"


def balances(add: int) -> bytes:
    return ("account_no,balance\n" + "".join(f"A{n},{n + add}\n" for n in range(COUNT))).encode()


def ledger_rows() -> dict[str, list[str]]:
    """What an import leaves, without what differs between any two runs."""
    tables = ("accountbalance", "customerposition", "fedday", "feddayaccount")
    rows = contents()
    return {
        name: found for name, found in rows.items() if name.removeprefix("customers_") in tables or "change_" in name
    }


def after(*days: tuple[date, bytes]) -> dict[str, list[str]]:
    """The ledger when these days are imported undisturbed; taken back again."""
    with transaction.atomic():
        for day, content in days:
            assert feed_bytes("balances", content, on=day).status == "committed"
        found = ledger_rows()
        transaction.set_rollback(True)
    return found


@contextmanager
def command(path: Path, content: bytes, day: date) -> Iterator["subprocess.Popen[str]"]:
    """`manage.py import_feed` in a process of its own, gone afterwards."""
    file = path / "balances.csv"
    file.write_bytes(content)
    found = connection.settings_dict
    address = (
        f"postgres://{found['USER']}:{found['PASSWORD']}@/{found['NAME']}?host={found['HOST']}&port={found['PORT']}"
    )
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": address,
        "DATABASE_OWNER_URL": address,
        "DEPOSITCRM_VAR": str(settings.VAR),
    }
    args = [sys.executable, "manage.py", "import_feed", "balances", str(file), "--business-date", str(day), "--json"]
    process = subprocess.Popen(args, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


def waiting(kind: str) -> int:
    """Other connections that wait for a lock of this kind (relation, advisory, transactionid ...)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND wait_event = %s",
            [kind],
        )
        return int(cursor.fetchone()[0])


# Where the import is when it is killed: the table whose rows it is about to change.
STAGES = ["customers_accountbalance", "customers_customerposition", "customers_feed"]


@pytest.mark.parametrize("table", STAGES)
def test_a_killed_import_leaves_nothing_and_can_be_run_again(tmp_path: Path, table: str) -> None:
    before, expected = contents(), after((D2, balances(7)))

    with command(tmp_path, balances(7), D2) as process:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
            until(lambda: waiting("relation") == 1)
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        until(lambda: waiting("relation") == 0)
        until(lambda: not others_at_work())

    assert contents() == before
    assert feed_bytes("balances", balances(7), on=D2).status == "committed"
    assert ledger_rows() == expected


def others_at_work() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid())"
        )
        return bool(cursor.fetchone()[0])


def test_a_process_left_alone_prints_one_object_and_ends_with_0(tmp_path: Path) -> None:
    expected = after((D2, balances(7)))
    with command(tmp_path, balances(7), D2) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out.count("\n")) == (0, 1), err
    assert out.startswith('{"feed": ')
    assert ledger_rows() == expected


def test_the_server_goes_away_inside_the_copy() -> None:
    before, openings = contents(without=REPORTS), 0

    def opener() -> BytesIO:
        nonlocal openings
        openings += 1
        if openings == 5:
            _cut_off(connection.connection.info.backend_pid)
        return BytesIO(balances(7))

    source = Source("feed.csv", opener)
    feed = import_feed(kind="balances", source=source, business_date=D2, controls=Controls(), actor=TESTER, at=NOW)
    assert (feed.status, Feed.objects.get(pk=feed.pk).status) == ("failed", "failed")
    assert contents(without=REPORTS) == before
    assert feed_bytes("balances", balances(7), on=D2).status == "committed"


def _cut_off(pid: int) -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def in_threads(*works: Callable[[], Feed]) -> list[Feed]:
    """Each on a connection of its own, all held back until every one waits for the import's lock."""
    done: list[Feed] = []

    def run(work: Callable[[], Feed]) -> None:
        try:
            done.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
        for thread in threads:
            thread.start()
        until(lambda: waiting("advisory") == len(threads))
    for thread in threads:
        thread.join(60)
    return done


def test_imports_at_once_run_one_after_the_other() -> None:
    days = [(D3, balances(30)), (D2, balances(20)), (D1, balances(10))]
    expected = after(*days)
    done = in_threads(
        *(lambda day=day, content=content: feed_bytes("balances", content, on=day) for day, content in days)
    )
    assert [feed.status for feed in done] == ["committed"] * 3
    assert ledger_rows() == expected


def test_the_same_file_at_once_is_imported_once() -> None:
    done = in_threads(*[lambda: feed_bytes("balances", balances(5), on=D2)] * 3)
    assert sorted(feed.status for feed in done) == ["already_imported", "already_imported", "committed"]
    assert [(feed.created, feed.updated) for feed in done if feed.status == "already_imported"] == [(0, 0)] * 2
    assert Feed.objects.filter(status="committed", business_date=D2).count() == 1
