"""Gives the whole test run a PostgreSQL and a broker of its own; both are gone afterwards, however it ends.

A plugin of its own because Django's settings, and with them the addresses, are read before any conftest.
"""

import gc
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from depositcrm.embedded.folders import folders
from depositcrm.embedded.postgres import Postgres
from depositcrm.embedded.processes import stop
from depositcrm.embedded.testing import find_browser
from depositcrm.embedded.valkey import Valkey
from tests import databases

_started: list[tuple[Postgres | Valkey, subprocess.Popen[bytes]]] = []
_folders: list[Path] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start both, unless the run was given addresses or is a part of one that has them (xdist)."""
    gc.disable()
    browser = find_browser()
    if browser:
        os.environ["DEPOSITCRM_CHROMIUM"] = browser
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    os.environ[databases.RUN] = uuid4().hex
    if os.environ.get("DATABASE_URL"):
        early_config.add_cleanup(partial(databases.drop, databases.MIGRATED))
    else:
        early_config.add_cleanup(_stop)
        _start()
    if getattr(early_config.known_args_namespace, "numprocesses", None):
        # While the workers collect; who needs the database before it is there waits for it.
        migrating = subprocess.Popen([sys.executable, "-m", "tests.databases"], cwd=databases.ROOT)
        early_config.add_cleanup(partial(_end, migrating))


def pytest_collection_finish() -> None:
    """What collecting made stays: looking through it for garbage took a quarter of that time, and 7 % of the tests'."""
    gc.freeze()
    gc.enable()


def _start() -> None:
    folder = Path(tempfile.mkdtemp(prefix="depositcrm-tests-"))
    folder.chmod(0o711)  # PostgreSQL's own account passes through when we are root
    places = folders(folder)
    _folders.extend([places.sockets, folder / "postgres", folder])
    for service in (Postgres(places, durable=False), Valkey(places, durable=False)):
        _started.append((service, service.start([])))
        os.environ.update(service.urls())
    os.environ["DEPOSITCRM_VAR"] = str(folder)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _stop() -> None:
    for service, process in reversed(_started):
        stop((process, service.stop_signal), wait=20)
    for folder in _folders:
        shutil.rmtree(folder.resolve(), ignore_errors=True)
