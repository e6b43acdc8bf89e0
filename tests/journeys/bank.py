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

import psycopg2

from core.clock import SHANGHAI
from depositcrm.embedded import crew
from depositcrm.embedded.folders import ROOT
from depositcrm.embedded.postgres import APP
from depositcrm.embedded.processes import spawn, stop, tail

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

    def close(self) -> None:
        """End every process, at once: nobody waits for a task of theirs."""
        stop(*((process, signal.SIGKILL) for _part, process in self.parts), wait=5)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Bank]:
    """The demo branch with its doors open; its database is gone afterwards."""
    name = f"journeys_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
    bank = Bank(name, folder)
    with _database(name) as addresses:
        bank.env = {**os.environ, **addresses, **_environment(bank)}
        bank.manage("prepare", "--no-seed")
        bank.manage("seed_demo", *SEED)
        twins = folder / "twins.csv"
        twins.write_text(TWINS, encoding="utf-8")
        bank.manage("import_feed", "customers", str(twins), "--business-date", LEDGER_DAY)
        bank.manage("run_night", "--business-date", LEDGER_DAY, "--inline")
        try:
            bank.serve()
            yield bank
        finally:
            bank.close()


def _environment(bank: Bank) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "tests.journeys.settings",
        "DEPOSITCRM_VAR": str(bank.folder / "var"),
        "DEPOSITCRM_DEMO_PASSWORD": PASSWORD,
        "JOURNEYS_NAME": bank.name,
        "JOURNEYS_SHIFT": str((TODAY - datetime.now(SHANGHAI)).total_seconds()),
    }


@contextlib.contextmanager
def _database(name: str) -> Iterator[dict[str, str]]:
    """An empty database on the run's server, with the addresses for its owner and for the application."""
    owner = urlsplit(os.environ["DATABASE_URL"])  # tests.settings made it the owner's
    addresses = {"DATABASE_URL": owner._replace(path=f"/{name}").geturl()}
    if os.environ.get("DATABASE_OWNER_URL"):  # an embedded server, which knows the application's role
        app = owner._replace(netloc=f"{APP}@{owner.netloc.rpartition('@')[2]}", path=f"/{name}")
        addresses = {"DATABASE_URL": app.geturl(), "DATABASE_OWNER_URL": addresses["DATABASE_URL"]}
    server = psycopg2.connect(owner.geturl())
    server.autocommit = True
    with contextlib.closing(server), server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield addresses
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
