"""The long-running processes of the product, kept up together and stopped in order."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from depositcrm.embedded.folders import ROOT, Folders, ServiceError
from depositcrm.embedded.processes import Lock, spawn, stop, tail

WEB_WORKERS, WEB_THREADS, TASK_WORKERS = 2, 4, 2
WARM_STOP_SECONDS = 30  # a task at work may finish
MAX_RESTARTS = 5
SETTLED_SECONDS = 60


@dataclass(slots=True)
class Part:
    """One long-running process of the product."""

    name: str
    argv: list[str]
    stop_by: signal.Signals
    dies_by: signal.Signals  # when the supervisor is killed nobody waits for a task to finish
    inherits: list[int] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    crashes: int = 0
    again_at: float = 0.0


class Crew:
    """The parts that were started. Every one inherits `alive`, which is free only when all of them are gone."""

    def __init__(self, places: Folders, alive: Lock, env: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.places = places
        self.alive = alive
        self.env = env
        self.say = say
        self.parts: list[Part] = []

    def launch(self, part: Part) -> None:
        """Start a part and look after it from now on."""
        self.parts.append(part)
        self._spawn(part)

    def log(self, part: Part) -> Path:
        """Where a part writes."""
        return self.places.logs / f"{part.name}.log"

    def look_after(self) -> None:
        """One look: restart what ended, with growing pauses. Raises ServiceError when something does not stay up."""
        for part in self.parts:
            now = time.monotonic()
            if part.process and part.process.poll() is not None:
                self._ended(part, part.process, now)
            if part.process is None and now >= part.again_at:
                self._spawn(part)

    def stop(self, impatient: Callable[[float], bool]) -> None:
        """Ask all to end and wait, a task at work may finish; `impatient` waits a moment and tells to stop waiting."""
        children = [(part.process, part.stop_by) for part in self.parts if part.process]
        for process, by in children:
            if process.poll() is None:
                process.send_signal(by)
        until = time.monotonic() + WARM_STOP_SECONDS
        while time.monotonic() < until and any(process.poll() is None for process, _ in children):
            if impatient(0.05):
                break
        stop(*((process, signal.SIGKILL) for process, _ in children), wait=2)

    def _ended(self, part: Part, process: subprocess.Popen[bytes], now: float) -> None:
        part.crashes = 1 if now - part.started > SETTLED_SECONDS else part.crashes + 1
        log = self.log(part)
        if part.crashes > MAX_RESTARTS:
            raise ServiceError(f"{part.name} ended {part.crashes} times; the end of {log}:\n{tail(log)}")
        self.say(f"{part.name} ended with {process.returncode}; starting it again ({log})")
        stop((process, part.stop_by), wait=0)  # what it left behind
        part.process, part.again_at = None, now + 0.25 * 2**part.crashes

    def _spawn(self, part: Part) -> None:
        part.process = spawn(
            part.argv,
            log=self.log(part),
            dies_by=part.dies_by,
            env=self.env,
            cwd=ROOT,
            inherits=[*part.inherits, self.alive.fd],
        )
        part.started = time.monotonic()


def web(listener: socket.socket) -> Part:
    """gunicorn on our own listening socket: while it restarts, requests wait instead of failing."""
    argv = [sys.executable, "-m", "gunicorn", "depositcrm.wsgi", "--preload", "--no-control-socket"]
    argv += ["--bind", f"fd://{listener.fileno()}", "--workers", str(WEB_WORKERS), "--threads", str(WEB_THREADS)]
    argv += ["--timeout", "60", "--graceful-timeout", "10"]
    return Part("web", argv, signal.SIGTERM, signal.SIGINT, inherits=[listener.fileno()])


def worker() -> Part:
    """Celery's workers; a cold stop when the supervisor is killed, tasks are acknowledged late and come again."""
    argv = [sys.executable, "-m", "celery", "-A", "depositcrm", "worker", "--loglevel", "INFO"]
    argv += ["--concurrency", str(TASK_WORKERS), "--without-gossip", "--without-mingle"]
    return Part("worker", argv, signal.SIGTERM, signal.SIGQUIT)


def scheduler(run: Path) -> Part:
    """Celery's clock."""
    argv = [sys.executable, "-m", "celery", "-A", "depositcrm", "beat", "--loglevel", "INFO"]
    argv += ["--schedule", str(run / "beat"), "--pidfile", ""]
    return Part("scheduler", argv, signal.SIGTERM, signal.SIGTERM)
