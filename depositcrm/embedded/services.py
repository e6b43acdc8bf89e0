"""The user's side of the embedded services: join those that run, start those that do not, leave them to the others."""

import contextlib
import json
import os
import signal
import subprocess
import sys

from depositcrm.embedded.folders import ROOT, Folders, ServiceError, folders
from depositcrm.embedded.keeper import LEFTOVER_SECONDS, STOP_SECONDS, state_file
from depositcrm.embedded.processes import Lock, tail

CONFIGURED_BY = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}


# This process's use of each service: the shared lock counts it, the kernel takes it back when the process ends.
_memberships: dict[str, Lock] = {}
_keepers: dict[str, subprocess.Popen[bytes]] = {}


def ensure_services() -> dict[str, str]:
    """DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL of the embedded services, without those the environment gives.

    Starts what is not running; it stays up at least until this process ends. Raises ServiceError.
    """
    wanted = [name for name, variable in CONFIGURED_BY.items() if not os.environ.get(variable)]
    if not wanted:
        return {}
    places = folders()
    found: dict[str, str] = {}
    starts = [Lock(places.run / f"{name}.start") for name in wanted]
    try:
        for name, start in zip(wanted, starts, strict=True):
            _join(places, name)
            if not start.take(wait=180):
                raise ServiceError(f"somebody has been starting {name} for minutes; see {places.logs}")
        waiting = [name for name in wanted if not _running(places, name)]
        keepers = {name: _start_keeper(places, name) for name in waiting}  # together: as long as the slower one takes
        for name, keeper in keepers.items():
            _hear(places, name, keeper)
        for name in wanted:
            found |= json.loads(state_file(places, name).read_text())["urls"]
    finally:
        for start in starts:
            start.close()
    return found


def running() -> bool:
    """Whether every service this process uses is still up."""
    places = folders()
    return all(_running(places, name) for name in _memberships)


def leave_services() -> list[str]:
    """Stop using the services; those nobody else uses are stopped when this returns. Gives the names of the others."""
    places = folders()
    left, last_of = [], []
    for name, users in list(_memberships.items()):
        # Our shared lock becomes the only one when nobody else is there; the wait is for the keeper's own short look.
        alone = users.take(wait=0.2)
        pid = _keeper_pid(places, name)
        if alone or pid is None:
            last_of.append((name, pid))
        else:
            left.append(name)
        users.release()
        users.close()
        del _memberships[name]
    for _, pid in last_of:
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
    for name, _ in last_of:
        ended = Lock(places.run / f"{name}.keeper")
        keeper = _keepers.pop(name, None)
        if ended.take(wait=STOP_SECONDS) and keeper:
            keeper.wait()  # it lets go of the lock by ending; the kernel may need a moment for the rest
        ended.close()
    return left


def _join(places: Folders, name: str) -> None:
    if name in _memberships:
        return
    users = Lock(places.run / f"{name}.users")
    if not users.take(shared=True, wait=STOP_SECONDS + LEFTOVER_SECONDS):  # a keeper that stops holds it alone
        raise ServiceError(f"{name} does not stop; see {places.logs}")
    _memberships[name] = users


def _running(places: Folders, name: str) -> bool:
    """Whether a keeper lives and has said where its service is."""
    probe = Lock(places.run / f"{name}.keeper")
    alone = probe.take(shared=True)
    probe.close()
    return not alone and state_file(places, name).exists()


def _keeper_pid(places: Folders, name: str) -> int | None:
    if not _running(places, name):
        return None
    return int(json.loads(state_file(places, name).read_text())["pid"])


def _start_keeper(places: Folders, name: str) -> subprocess.Popen[bytes]:
    """A process of its own, outside our session: it must survive us when another command uses the service."""
    with (places.logs / "keeper.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "depositcrm.embedded.keeper", name],
            cwd=ROOT,
            env={**os.environ, "DEPOSITCRM_VAR": str(places.var)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )


def _hear(places: Folders, name: str, keeper: subprocess.Popen[bytes]) -> None:
    """Wait for the keeper's one line."""
    _keepers[name] = keeper
    line = keeper.stdout.readline() if keeper.stdout else b""
    if not line:
        raise ServiceError(f"the keeper of {name} ended at once:\n{tail(places.logs / 'keeper.log')}")
    answer = json.loads(line)
    if "error" in answer:
        keeper.wait()
        raise ServiceError(answer["error"])
