"""`./run`: the whole product in the foreground, in the right order, and all of it gone afterwards."""

import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from typing import NoReturn

from depositcrm.embedded.crew import Crew, scheduler, web, worker
from depositcrm.embedded.folders import ROOT, Folders, ServiceError, folders
from depositcrm.embedded.processes import Lock, spawn, stop, tail
from depositcrm.embedded.services import ensure_services, leave_services, running

LIVE_SECONDS = 60
LEFTOVER_SECONDS = 15
SIGN_INS = "teller lobby manager senior expert head hq admin compliance auditor teller2 manager2 head2"


class Interrupted(Exception):
    """Ctrl-C, or the terminal or the service manager asked us to stop."""


class Supervisor:
    """Starts the services and the parts, watches them, stops them in order."""

    def __init__(self, places: Folders, listener: socket.socket, alive: Lock) -> None:
        self.places = places
        self.listener = listener
        self.env = _environment(places)
        self.crew = Crew(places, alive, self.env, self.say)
        self.asked = threading.Event()
        self.began = float(self.env.pop("DEPOSITCRM_BEGAN", time.monotonic()))
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, lambda *_: self.asked.set())

    def run(self) -> int:
        """Until asked to stop (0) or until something does not stay up (1)."""
        try:
            self.start()
            self.watch()
        except Interrupted:
            return 0
        except ServiceError as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
        finally:
            self.stop()

    def start(self) -> None:
        """Services, database, web, then the workers: each step needs the one before."""
        self.say("PostgreSQL and the broker")
        self.env.update(ensure_services())
        self.check()
        self.say("database, static files, demo branch")
        sign_ins = self.prepare()
        self.env.pop("DEPOSITCRM_DEMO_PASSWORD", None)  # nothing else needs it
        self.say("web server")
        self.crew.launch(web(self.listener))
        self.wait_live()
        self.crew.launch(worker())
        self.crew.launch(scheduler(self.places.run))
        (self.places.var / "port").write_text(f"{self.listener.getsockname()[1]}\n")
        self.say(f"ready: {self.address}")
        print(sign_ins or f"demo sign-ins: {SIGN_INS}; their password was printed when they were made")
        print("Ctrl-C stops everything", flush=True)

    def prepare(self) -> str:
        """Migrations, static files and, when the database is empty, the demo branch; what it prints is for the end."""
        printed = self.places.run / "prepare.out"
        argv = [sys.executable, "manage.py", "prepare"]
        with printed.open("wb") as out:
            process = spawn(argv, log=None, stdout=out, dies_by=signal.SIGTERM, env=self.env, cwd=ROOT)
        try:
            while process.poll() is None:
                self.asked.wait(0.05)
                self.check()
        finally:
            stop((process, signal.SIGTERM), wait=5)
        said = printed.read_text(errors="replace").strip()
        printed.unlink()
        if process.returncode:
            raise ServiceError(f"{said}\nmanage.py prepare failed ({process.returncode})".lstrip())
        return said

    def wait_live(self) -> None:
        """Until the web server answers its first request."""
        part = self.crew.parts[0]
        until = time.monotonic() + LIVE_SECONDS
        while time.monotonic() < until and part.process and part.process.poll() is None:
            self.check()
            try:
                address = f"{self.address}health/live"
                with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310  our own http address
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.05)
        log = self.crew.log(part)
        raise ServiceError(f"the web server did not start; the end of {log}:\n{tail(log)}")

    def watch(self) -> NoReturn:
        """Look after everything until asked to stop."""
        while True:
            self.asked.wait(0.5)
            self.check()
            if not running():
                self.say("an embedded service ended: starting it again")
                ensure_services()
            self.crew.look_after()

    def stop(self) -> None:
        """The parts first, then the services nobody else uses; asked a second time, without patience."""
        self.asked.clear()
        self.say("stopping")
        self.crew.stop(impatient=self.asked.wait)
        (self.places.var / "port").unlink(missing_ok=True)
        left = leave_services()
        self.say(f"stopped; {' and '.join(left)} still used by another command" if left else "stopped")

    def check(self) -> None:
        """Raise Interrupted when asked to stop."""
        if self.asked.is_set():
            raise Interrupted

    def say(self, what: str) -> None:
        """One line of progress."""
        print(f"[{time.monotonic() - self.began:5.1f} s] {what}", flush=True)

    @property
    def address(self) -> str:
        """Where a browser finds the product."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/"


def _environment(places: Folders) -> dict[str, str]:
    """What every part is told."""
    return {
        **os.environ,
        "DEPOSITCRM_VAR": str(places.var),
        "DEPOSITCRM_ENV": "development",
        "DJANGO_SETTINGS_MODULE": "depositcrm.settings",
        "PYTHONUNBUFFERED": "1",
        "TZ": "Asia/Shanghai",
    }


def listen(wanted: int) -> socket.socket:
    """A listening socket on `wanted`, or on a free port when somebody has that one."""
    for port in (wanted, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(128)
        except OSError:
            listener.close()
            continue
        if port != wanted:
            print(f"port {wanted} is taken: using {listener.getsockname()[1]}", flush=True)
        return listener
    raise ServiceError("no free port on 127.0.0.1")


def main() -> int:
    """Refuse a second product on the same folder, then run one."""
    try:
        places = folders()
        only = Lock(places.run / "supervisor")
        if not only.take():
            port = places.var / "port"
            where = f" at http://127.0.0.1:{port.read_text().strip()}/" if port.exists() else ""
            raise ServiceError(f"already running{where} on {places.var}; another one needs another DEPOSITCRM_VAR")
        alive = Lock(places.run / "parts")
        if not alive.take(wait=LEFTOVER_SECONDS):
            raise ServiceError(f"processes of an earlier run on {places.var} do not end: stop them first")
        listener = listen(int(os.environ.get("PORT") or 8000))
    except (ServiceError, PermissionError) as error:
        print(error, file=sys.stderr)
        return 1
    return Supervisor(places, listener, alive).run()


if __name__ == "__main__":
    sys.exit(main())
