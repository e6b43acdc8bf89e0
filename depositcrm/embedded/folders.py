"""Where the embedded services keep their data, logs, locks and sockets."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOCKET_PATH_BYTES = 100  # the kernel takes 107 for a Unix socket; the rest is room for the names below


class ServiceError(Exception):
    """An embedded service cannot run; the message tells the operator what to do."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Folders of one set of services: everything lasting below `var`, sockets in a short path of their own."""

    var: Path
    sockets: Path

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.var / "log"

    @property
    def run(self) -> Path:
        """Locks and state files; nothing here needs a backup."""
        return self.var / "run"


def var_folder() -> Path:
    """DEPOSITCRM_VAR, or `var` in the checkout."""
    return Path(os.environ.get("DEPOSITCRM_VAR") or ROOT / "var").resolve()


def folders(var: Path | None = None) -> Folders:
    """The folders of `var`, made where missing. Raises ServiceError when they are not ours to use."""
    var = var or var_folder()
    found = Folders(var, _socket_folder(var))
    try:
        for folder in (var, found.logs, found.run):
            folder.mkdir(parents=True, exist_ok=True)
        private_folder(found.sockets, mode=0o711)
    except PermissionError as error:
        raise ServiceError(
            f"{error.filename} belongs to another user: run as that user, or set DEPOSITCRM_VAR"
        ) from error
    return found


def private_folder(path: Path, mode: int) -> None:
    """Make `path` ours; in a shared temporary folder somebody else may have been there first (ServiceError)."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise ServiceError(f"{path} belongs to another user: remove it, or set TMPDIR to a folder of your own")
    path.chmod(mode)


def _socket_folder(var: Path) -> Path:
    name = f"depositcrm-{os.geteuid()}-{hashlib.sha256(os.fsencode(var)).hexdigest()[:10]}"
    folder = Path(tempfile.gettempdir(), name)
    short = len(os.fsencode(folder / "postgres" / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES
    # Root's server runs as another account, which must be able to walk there.
    open_to_others = os.geteuid() != 0 or all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.parents)
    return folder if short and open_to_others else Path("/tmp", name)  # noqa: S108  the owner is checked before use
