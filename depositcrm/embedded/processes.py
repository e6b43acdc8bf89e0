"""Child processes that cannot outlive their parent, and locks that live exactly as long as their holders."""

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
LOG_KEPT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Account:
    """An operating system account a child runs as."""

    uid: int
    gid: int


class Lock:
    """An flock on a file: the kernel lets go of it when its last holder is gone, however that ended.

    A child that inherits `fd` holds it too: a lock handed to a server is free only when its last process is gone.
    """

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def take(self, *, shared: bool = False, wait: float = 0) -> bool:
        """Whether the lock was had within `wait` seconds."""
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(self.fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    return False
                time.sleep(0.02)
            else:
                return True

    def release(self) -> None:
        """Let go, keeping the file open."""
        fcntl.flock(self.fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close this process's copy; inherited copies go on holding."""
        os.close(self.fd)


def spawn(
    argv: Sequence[str | Path],
    *,
    log: Path | None,
    dies_by: signal.Signals,
    env: Mapping[str, str],
    cwd: Path = Path("/"),
    inherits: Sequence[int] = (),
    account: Account | None = None,
    stdout: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own (a terminal's Ctrl-C passes it by), told to end by `dies_by` when we die.

    It writes to `log`, or to our own standard error when that is None. Call it from the main thread: the kernel takes
    the end of the starting thread for the end of the parent.
    """
    who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    with _opened(log) as output:
        return subprocess.Popen(
            list(map(str, argv)),
            stdin=subprocess.DEVNULL,
            stdout=output if stdout is None else stdout,
            stderr=output,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            pass_fds=inherits,
            preexec_fn=_die_with_parent(dies_by),  # noqa: PLW1509  no threads run where services are started
            **who,  # type: ignore[call-overload]  # user and group, or nothing
        )


def _opened(log: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    if log is None:
        return contextlib.nullcontext()
    if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")


def _die_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def apply() -> None:
        # A shell starts what runs in the background with these ignored; a child that has not yet set a handler of its
        # own would not hear that its parent died, and stay.
        for ignored in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(ignored, signal.SIG_DFL)
        prctl(PR_SET_PDEATHSIG, int(signum))
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return apply


def stop(*children: tuple[subprocess.Popen[bytes], signal.Signals], wait: float) -> None:
    """Ask each child to end by its signal; after `wait` seconds end its whole process group."""
    for process, by in children:
        if process.poll() is None:
            process.send_signal(by)
    until = time.monotonic() + wait
    for process, _ in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, for an error message."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
