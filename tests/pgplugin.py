"""Gives the whole test run a PostgreSQL and a broker of its own; both are gone afterwards, however it ends.

A plugin of its own because Django's settings, and with them the addresses, are read before any conftest.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from depositcrm.embedded.folders import folders
from depositcrm.embedded.postgres import Postgres
from depositcrm.embedded.processes import stop
from depositcrm.embedded.testing import find_browser
from depositcrm.embedded.valkey import Valkey

_started: list[tuple[Postgres | Valkey, subprocess.Popen[bytes]]] = []
_folders: list[Path] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start both, unless the run was given addresses or is a part of one that has them (xdist)."""
    browser = find_browser()
    if browser:
        os.environ["DEPOSITCRM_CHROMIUM"] = browser
    if os.environ.get("DATABASE_URL") or os.environ.get("PYTEST_XDIST_WORKER"):
        return
    early_config.add_cleanup(_stop)
    folder = Path(tempfile.mkdtemp(prefix="depositcrm-tests-"))
    folder.chmod(0o711)  # PostgreSQL's own account passes through when we are root
    places = folders(folder)
    _folders.extend([places.sockets, folder / "postgres", folder])
    for service in (Postgres(places, durable=False), Valkey(places, durable=False)):
        _started.append((service, service.start([])))
        os.environ.update(service.urls())
    os.environ["DEPOSITCRM_VAR"] = str(folder)


def _stop() -> None:
    for service, process in reversed(_started):
        stop((process, service.stop_signal), wait=20)
    for folder in _folders:
        shutil.rmtree(folder.resolve(), ignore_errors=True)
