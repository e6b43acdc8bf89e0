"""An embedded Valkey (or Redis): broker and cache on a Unix socket, its queue kept in an append-only file."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from depositcrm.embedded import binaries
from depositcrm.embedded.folders import Folders, ServiceError
from depositcrm.embedded.processes import spawn, tail

START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Valkey:
    """The broker of one set of folders. `durable=False` keeps nothing on disk."""

    folders: Folders
    durable: bool = True

    name: ClassVar[str] = "valkey"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    @property
    def log(self) -> Path:
        """Where the server writes."""
        return self.folders.logs / "valkey.log"

    @property
    def socket(self) -> Path:
        """Path of the server's socket, open to its owner (and root) only."""
        return self.folders.sockets / "valkey.sock"

    def urls(self) -> dict[str, str]:
        """Environment values by which the product finds this server."""
        return {"REDIS_URL": f"unix://{self.socket}?db=0"}

    def start(self, inherits: list[int]) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; it holds `inherits` while it lives. Raises ServiceError."""
        data = self.folders.var / "valkey"
        data.mkdir(mode=0o700, exist_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(data),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "maxmemory-policy": "noeviction",  # a full broker refuses; it never forgets a job in silence
            "daemonize": "no",
        }
        process = spawn(
            [binaries.redis_server(), *(part for name, value in settings.items() for part in (f"--{name}", value))],
            log=self.log,
            dies_by=self.stop_signal,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            inherits=inherits,
        )
        try:
            self._wait(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if process.poll() is not None:
                raise ServiceError(f"the broker did not start:\n{tail(self.log)}")
            if self._answers():
                return
            time.sleep(0.01)
        raise ServiceError(f"the broker was not ready after {START_SECONDS} s:\n{tail(self.log)}")

    def _answers(self) -> bool:
        """Whether it says PONG: while it still reads its file it accepts connections but says LOADING."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False
