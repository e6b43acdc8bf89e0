"""The product as people meet it: its own web server and workers, on a seeded database apart from the tests' one."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from core.clock import SHANGHAI
from depositcrm.embedded import crew
from depositcrm.embedded.folders import ROOT
from depositcrm.embedded.postgres import APP
from depositcrm.embedded.processes import spawn, stop, tail
from tests import databases

TODAY = datetime(2026, 11, 20, 10, 30, tzinfo=SHANGHAI)  # a Friday in the middle of a month
LEDGER_DAY = "2026-11-19"
PASSWORD = "a branch of its own"
SEED = ("--customers", "300", "--branches", "2", "--days", "100", "--seed", "207", "--end-date", LEDGER_DAY)
# Somebody the core has twice: the night finds them by their identity number, which is nobody's.
TWINS = """customer_no,name,kind,id_type,id_no,id_expires_on,phone,address,occupation,branch_code,opened_on
J000000001,柯明远,person,居民身份证,110199198405172433,2031-05-17,19955501001,本市和平里12号,,B001,2012-03-08
J000000002,柯明远,person,居民身份证,110199198405172433,2031-05-17,19955501002,本市文化街7号,,B001,2019-09-02
"""
TWIN_NUMBERS = ("J000000001", "J000000002")


@dataclass
class Bank:
    """Where the demo branch answers, and the processes that make it."""

    name: str
    folder: Path
    url: str = ""
    env: dict[str, str] = field(default_factory=dict)
    parts: list[tuple[crew.Part, subprocess.Popen[bytes]]] = field(default_factory=list)

    def manage(self, *arguments: str) -> None:
        """Run a management command as an operator would."""
        command = [sys.executable, "-m", "django", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{arguments[0]}:\n{done.stderr}"

    def launch(self, part: crew.Part) -> None:
        """Start one of the product's processes; it ends with the bank."""
        process = spawn(
            part.argv, log=self.log(part), dies_by=signal.SIGKILL, env=self.env, cwd=ROOT, inherits=part.inherits
        )
        self.parts.append((part, process))

    def log(self, part: crew.Part) -> Path:
        """What a process has to say."""
        return self.folder / f"{part.name}.log"

    def serve(self) -> None:
        """Open the doors; returns when the first page answers."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            self.launch(crew.web(listener))
            part, _process = self.parts[-1]
            try:
                urllib.request.urlopen(f"{self.url}/health/live", timeout=60).close()
            except OSError as error:
                raise AssertionError(tail(self.log(part))) from error

    def move_to(self, day: datetime) -> None:
        """Close, and open again on another day: its clock goes on from there."""
        self.close()
        self.parts.clear()
        self.env["JOURNEYS_SHIFT"] = str((day - datetime.now(SHANGHAI)).total_seconds())
        self.serve()

    def close(self) -> None:
        """End every process, at once: nobody waits for a task of theirs."""
        stop(*((process, signal.SIGKILL) for _part, process in self.parts), wait=5)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Bank]:
    """The demo branch with its doors open; its database is gone afterwards."""
    name = f"journeys_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
    bank = Bank(name, folder)
    with _database(name) as addresses:
        bank.env = _environment(bank, addresses)
        bank.manage("prepare", "--no-seed")
        bank.manage("seed_demo", *SEED)
        twins = folder / "twins.csv"
        twins.write_text(TWINS, encoding="utf-8")
        bank.manage("import_feed", "customers", str(twins), "--business-date", LEDGER_DAY)
        bank.manage("run_night", "--business-date", LEDGER_DAY, "--inline")
        databases.copy(f"{name}_kept", name)
        try:
            bank.serve()
            yield bank
        finally:
            bank.close()
            databases.drop(f"{name}_kept")


@contextlib.contextmanager
def twin_of(bank: Bank, folder: Path) -> Iterator[Bank]:
    """A branch as the other was before its doors opened: time may pass there without anybody else noticing."""
    twin = Bank(f"{bank.name}_twin", folder)
    with _database(twin.name, like=f"{bank.name}_kept") as addresses:
        # Files made once for both, such as those of pages.
        twin.env = {**_environment(twin, addresses), "DEPOSITCRM_VAR": bank.env["DEPOSITCRM_VAR"]}
        try:
            twin.serve()
            yield twin
        finally:
            twin.close()


def _environment(bank: Bank, addresses: dict[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        **addresses,
        "DJANGO_SETTINGS_MODULE": "tests.journeys.settings",
        "DEPOSITCRM_VAR": str(bank.folder / "var"),
        "DEPOSITCRM_DEMO_PASSWORD": PASSWORD,
        "JOURNEYS_NAME": bank.name,
        "JOURNEYS_SHIFT": str((TODAY - datetime.now(SHANGHAI)).total_seconds()),
    }


@contextlib.contextmanager
def _database(name: str, like: str = databases.MIGRATED) -> Iterator[dict[str, str]]:
    """A copy of a database on the run's server, with the addresses for its owner and for the application."""
    addresses = {"DATABASE_URL": databases.owner_address(name)}
    if os.environ.get("DATABASE_OWNER_URL"):  # an embedded server, which knows the application's role
        owner = urlsplit(addresses["DATABASE_URL"])
        app = owner._replace(netloc=f"{APP}@{owner.netloc.rpartition('@')[2]}")
        addresses = {"DATABASE_URL": app.geturl(), "DATABASE_OWNER_URL": owner.geturl()}
    if like == databases.MIGRATED:
        databases.copy_migrated(name)
    else:
        databases.copy(name, like)
    try:
        yield addresses
    finally:
        databases.drop(name)
