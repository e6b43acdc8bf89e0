"""The product's own web server and workers, as `./run` starts them, for as long as they are measured."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from depositcrm.celery import app
from depositcrm.embedded.crew import web, worker
from depositcrm.embedded.folders import ROOT
from depositcrm.embedded.processes import spawn, stop, tail

START_SECONDS = 60


@contextlib.contextmanager
def web_server(folder: Path) -> Iterator[int]:
    """gunicorn on a free port; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        os.set_inheritable(listener.fileno(), True)
        with _running(web(listener).argv, folder / "web.log", inherits=[listener.fileno()]):
            yield listener.getsockname()[1]


@contextlib.contextmanager
def workers(folder: Path) -> Iterator[None]:
    """Celery's workers, awake. Raises RuntimeError when they do not come up."""
    log = folder / "worker.log"
    with _running(worker().argv, log):
        until = time.monotonic() + START_SECONDS
        while not app.control.ping(timeout=0.5):
            if time.monotonic() > until:
                raise RuntimeError(f"the workers did not start:\n{tail(log)}")
        yield


@contextlib.contextmanager
def _running(argv: Sequence[str], log: Path, inherits: Sequence[int] = ()) -> Iterator[subprocess.Popen[bytes]]:
    process = spawn(
        [sys.executable, *argv[1:]], log=log, dies_by=signal.SIGTERM, env=os.environ, cwd=ROOT, inherits=inherits
    )
    try:
        yield process
    finally:
        stop((process, signal.SIGTERM), wait=10)


def broker_answers() -> bool:
    """Whether there is a broker to hand jobs over."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except Exception:  # each transport raises its own errors: any of them means there is none
        return False
    return True
