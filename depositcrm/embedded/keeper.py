"""Keeps one embedded service running for as long as anybody uses it.

`./run`, every `manage.py` command and this process meet at four files in `var/run`:

  NAME.users   each user holds a shared lock until it ends, however it ends; the keeper stops when it can have it alone
  NAME.start   held while looking whether a keeper runs and starting one, so two users never start two
  NAME.keeper  held by the keeper for life
  NAME.server  handed down to the server; free only when its last process is gone
  NAME.json    addresses and the keeper's process id; there exactly while the service can be used
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from depositcrm.embedded.folders import Folders, ServiceError, folders
from depositcrm.embedded.postgres import Postgres
from depositcrm.embedded.processes import Lock, stop, tail
from depositcrm.embedded.valkey import Valkey

SERVICES = {service.name: service for service in (Postgres, Valkey)}
LINGER_SECONDS = 1.0  # so that a script of several commands does not start and stop the services each time
LOOK_SECONDS = 0.3
STOP_SECONDS = 60
LEFTOVER_SECONDS = 30
MAX_RESTARTS = 5
SETTLED_SECONDS = 60


class Keeper:
    """One service, its locks and its restarts."""

    def __init__(self, name: str, places: Folders) -> None:
        self.service = SERVICES[name](places)
        self.places = places
        self.alone = Lock(places.run / f"{name}.users")
        self.own = Lock(places.run / f"{name}.keeper")
        self.wake = threading.Event()
        self.linger = LINGER_SECONDS
        signal.signal(signal.SIGTERM, self._hurry)
        signal.signal(signal.SIGINT, self._hurry)

    def _hurry(self, *_: object) -> None:
        """Asked to stop: do so as soon as nobody uses the service, without lingering."""
        self.linger = 0.0
        self.wake.set()

    def keep(self) -> None:
        """Start the service, say where it is, stay while it is used, stop it. Raises ServiceError."""
        if not self.own.take(wait=LEFTOVER_SECONDS):
            raise ServiceError(f"another keeper of {self.service.name} does not end; see {self.places.logs}")
        self.process = self._start()
        self._announce()
        try:
            self._stay()
        finally:
            state_file(self.places, self.service.name).unlink(missing_ok=True)
            stop((self.process, self.service.stop_signal), wait=STOP_SECONDS)

    def _start(self) -> subprocess.Popen[bytes]:
        held = Lock(self.places.run / f"{self.service.name}.server")
        try:
            if not held.take(wait=LEFTOVER_SECONDS):
                raise ServiceError(f"an earlier {self.service.name} of {self.places.var} does not end: stop it first")
            return self.service.start([held.fd])
        finally:
            held.close()

    def _announce(self) -> None:
        state = json.dumps({"pid": os.getpid(), "urls": self.service.urls()})
        final = state_file(self.places, self.service.name)
        draft = final.with_suffix(".draft")
        draft.write_text(state)
        draft.replace(final)
        print(state, flush=True)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)

    def _stay(self) -> None:
        crashes, since, unused_since = 0, time.monotonic(), None
        while True:
            self.wake.wait(LOOK_SECONDS)
            self.wake.clear()
            now = time.monotonic()
            if self.process.poll() is not None:
                crashes = 1 if now - since > SETTLED_SECONDS else crashes + 1
                if crashes > MAX_RESTARTS:
                    raise ServiceError(f"{self.service.name} ended {crashes} times:\n{tail(self.service.log)}")
                time.sleep(0.1 * 2**crashes)
                self.process, since = self._start(), time.monotonic()
            if not self.alone.take():
                unused_since = None
                continue
            unused_since = unused_since or now
            if now - unused_since >= self.linger:
                return  # still alone: a new user waits for the lock, then starts another keeper
            self.alone.release()


def state_file(places: Folders, name: str) -> Path:
    """Where a running service says how to reach it."""
    return places.run / f"{name}.json"


def main() -> int:
    """`python -m depositcrm.embedded.keeper NAME`: one line of JSON to standard output once the service answers."""
    name = sys.argv[1]
    try:
        Keeper(name, folders()).keep()
    except ServiceError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
