"""An embedded PostgreSQL: made, started and found by its socket, never by a port."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psycopg2

from depositcrm.embedded import binaries
from depositcrm.embedded.folders import Folders, ServiceError, private_folder
from depositcrm.embedded.processes import Account, spawn, tail

OWNER, APP, DATABASE = "depositcrm", "depositcrm_app", "depositcrm"
SHELTER = Path("/var/lib/depositcrm")  # where root puts what the server's account must reach, if the checkout is closed
START_SECONDS = 120  # replaying the log after a crash may take this long
BUILTIN_LOCALE_FROM = 17
FIXED = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "jit": "off",
    "max_connections": "100",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "work_mem": "16MB",
}
# Only for data nobody will miss: a power cut may destroy it.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """The PostgreSQL of one set of folders. `durable=False` is for tests: fast, and lost in a power cut."""

    folders: Folders
    durable: bool = True

    name: ClassVar[str] = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # SIGTERM would wait for every client

    @property
    def log(self) -> Path:
        """Where the server writes."""
        return self.folders.logs / "postgres.log"

    @property
    def sockets(self) -> Path:
        """Folder of the socket; the server's account owns it, so that nobody else gets in."""
        return self.folders.sockets / "postgres"

    def urls(self) -> dict[str, str]:
        """Environment values by which the product finds this server."""
        host = quote(str(self.sockets), safe="")
        return {
            "DATABASE_URL": f"postgres://{APP}@{host}/{DATABASE}",
            "DATABASE_OWNER_URL": f"postgres://{OWNER}@{host}/{DATABASE}",
        }

    def start(self, inherits: list[int]) -> subprocess.Popen[bytes]:
        """Start the server, make the cluster, database and roles where missing, and wait until it answers.

        The server holds the descriptors in `inherits` until its last process is gone. Raises ServiceError.
        """
        folder = binaries.postgres_bin()
        major = binaries.postgres_major(folder)
        data, account = self._data_folder()
        folder = _reachable_binaries(folder, account)
        private_folder(self.sockets, mode=0o700) if account is None else _hand_over(self.sockets, account)
        if not (data / "PG_VERSION").exists():
            self._make_cluster(folder, data, account, major)
        made_by = (data / "PG_VERSION").read_text().strip()
        if made_by != str(major):
            raise ServiceError(
                f"the data in {data} was made by PostgreSQL {made_by}, this is {major}: set DEPOSITCRM_PG_BIN to a "
                f"PostgreSQL {made_by}, or dump and restore the data, or set DEPOSITCRM_VAR to another folder"
            )
        process = spawn(
            [folder / "postgres", "-D", data, *self._options()],
            log=self.log,
            dies_by=self.stop_signal,
            env=_environment(),
            inherits=inherits,
            account=account,
        )
        try:
            self._wait(process, data)
            self._make_database()
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process

    def _options(self) -> list[str]:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        sized = {"shared_buffers": f"{min(1024, max(128, memory // 16))}MB"}
        settings = {
            **FIXED,
            **sized,
            **({} if self.durable else THROWAWAY),
            "unix_socket_directories": str(self.sockets),
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _data_folder(self) -> tuple[Path, Account | None]:
        """The cluster's folder and the account that runs it: PostgreSQL refuses root, so root hands it down."""
        kept = self.folders.var / "postgres"
        if kept.is_dir():
            owner = kept.stat()
            if os.geteuid() == 0 and owner.st_uid != 0:
                return kept.resolve(), Account(owner.st_uid, owner.st_gid)
            if owner.st_uid != os.geteuid():
                raise ServiceError(f"{kept} belongs to another user: run as that user, or set DEPOSITCRM_VAR")
        if os.geteuid() != 0:
            return kept, None
        account = _server_account()
        if kept.is_symlink():  # to a shelter that is gone
            kept.unlink()
        if reachable(self.folders.var, account):
            return kept, account
        shelter = Path(tempfile.mkdtemp(prefix="data-", dir=_shelter()))
        shelter.chmod(0o711)
        kept.symlink_to(shelter / "cluster")
        return shelter / "cluster", account

    def _make_cluster(self, folder: Path, data: Path, account: Account | None, major: int) -> None:
        """initdb beside the final place, then rename: a cluster that was cut short while being made is never used."""
        half_made = data.with_name(f"{data.name}.new")
        shutil.rmtree(half_made, ignore_errors=True)
        if account:
            _hand_over(half_made, account)
        else:
            half_made.mkdir(mode=0o700)
        # lc-ctype C would leave pg_trgm without a single trigram for Chinese, silently.
        places = ["--locale=C.UTF-8"]
        if major >= BUILTIN_LOCALE_FROM:
            places = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--lc-collate=C", "--lc-ctype=C.UTF-8"]
        argv: list[str | Path] = [
            folder / "initdb",
            "-D",
            half_made,
            "-U",
            OWNER,
            "-E",
            "UTF8",
            "--auth=trust",
            *places,
        ]
        argv += [] if self.durable else ["--no-sync"]
        process = spawn(argv, log=self.log, dies_by=signal.SIGTERM, env=_environment(), account=account)
        if process.wait() != 0:
            raise ServiceError(f"initdb failed:\n{tail(self.log)}")
        if data.is_dir():
            data.rmdir()  # made by hand, and empty: anything else in it is not ours to remove
        half_made.rename(data)

    def _wait(self, process: subprocess.Popen[bytes], data: Path) -> None:
        """Until the postmaster writes `ready` into its pid file, as pg_ctl does."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if process.poll() is not None:
                raise ServiceError(f"PostgreSQL did not start:\n{tail(self.log)}")
            with contextlib.suppress(OSError, IndexError, ValueError):
                lines = (data / "postmaster.pid").read_text().splitlines()
                if int(lines[0]) == process.pid and lines[7].strip() == "ready":
                    return
            time.sleep(0.01)
        raise ServiceError(f"PostgreSQL was not ready after {START_SECONDS} s:\n{tail(self.log)}")

    def _make_database(self) -> None:
        """The database and the role of the application, which may do less than the owner."""
        with contextlib.closing(psycopg2.connect(host=str(self.sockets), user=OWNER, dbname="postgres")) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP])
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {APP} LOGIN")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


def reachable(path: Path, account: Account) -> bool:
    """Whether the account may pass through every folder on the way to `path`, and through it."""
    return all(_may_enter(folder, account) for folder in (path, *path.parents))


def _may_enter(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & 0o100)
    return bool(found.st_mode & (0o010 if found.st_gid == account.gid else 0o001))


def _server_account() -> Account:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise ServiceError(
        "PostgreSQL refuses to run as root and there is no account named postgres or nobody: useradd -r postgres"
    )


def _reachable_binaries(folder: Path, account: Account | None) -> Path:
    """`folder`, or a copy where the account can run it (a checkout below a home of mode 0700)."""
    if account is None or reachable(folder, account):
        return folder
    install = folder.parent
    found = (folder / "postgres").stat()
    copy = _shelter() / f"server-{found.st_size}-{found.st_mtime_ns}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=_shelter()))
        # The libraries lie beside the package and are found by a path relative to the binaries.
        for tree in (install, install.parent.with_name(f"{install.parent.name}.libs")):
            if tree.is_dir():
                shutil.copytree(tree, draft / tree.relative_to(install.parent.parent))
        draft.chmod(0o755)
        with contextlib.suppress(OSError):  # somebody else was faster
            draft.rename(copy)
    return copy / folder.relative_to(install.parent.parent)


def _shelter() -> Path:
    """Root's own folder outside any home; nobody else may have made it, its contents are run."""
    private_folder(SHELTER, mode=0o755)
    return SHELTER


def _hand_over(folder: Path, account: Account) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    os.chown(folder, account.uid, account.gid)


def _environment() -> dict[str, str]:
    """Nothing of ours: PG* variables would change the server, TMPDIR may be closed to its account."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
