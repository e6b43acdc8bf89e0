"""Databases of a run: copies of one that was migrated from nothing, once. A copy takes 0.1 s, migrating 20."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from psycopg2.extensions import cursor as Cursor

ROOT = Path(__file__).parents[1]
MIGRATED = "depositcrm_migrated"
RUN = "DEPOSITCRM_TEST_RUN"  # one value for all processes of a run, set by tests.pgplugin


def copy_migrated(name: str) -> None:
    """Make the database `name` anew, with all tables and what migrations put into them; nobody stays connected."""
    with _server() as server:
        _migrate_once(server)
    copy(name, MIGRATED)


def copy(name: str, source: str) -> None:
    """Make the database `name` anew as a copy of another, to which nobody may be connected."""
    with _server() as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
        # A copy has everything of its template but what ALTER DATABASE said about it.
        server.execute(
            "SELECT unnest(setconfig) FROM pg_db_role_setting AS said JOIN pg_database ON said.setdatabase = oid"
            " WHERE said.setrole = 0 AND datname = %s",
            [source],
        )
        for (setting,) in server.fetchall():
            parameter, value = setting.split("=", 1)
            server.execute(f"ALTER DATABASE {name} SET {parameter} = %s", [value])


def drop(name: str) -> None:
    """Remove a database with whoever is in it."""
    with _server() as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def _server() -> Iterator[Cursor]:
    with closing(psycopg2.connect(owner_address())) as server:
        server.autocommit = True
        yield server.cursor()


def owner_address(name: str = "") -> str:
    """The address of the run's server as the owner of databases, or of a database there."""
    given = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    return urlsplit(given)._replace(path=f"/{name}").geturl() if name else given


def _migrate_once(server: Cursor) -> None:
    """The first process that comes here makes the database; the comment is its last act: a half-made one is redone."""
    server.execute("SELECT pg_advisory_lock(hashtext(%s))", [MIGRATED])  # until the connection ends, however it does
    server.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
        [MIGRATED],
    )
    if server.fetchone() != (os.environ[RUN],):
        server.execute(f"DROP DATABASE IF EXISTS {MIGRATED} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {MIGRATED}")
        address = owner_address(MIGRATED)
        env = {**os.environ, "DATABASE_URL": address, "DATABASE_OWNER_URL": address}
        command = [sys.executable, "-m", "django", "migrate", "--no-input", "--verbosity=0"]
        command.append("--settings=tests.settings")
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"migrating from nothing:\n{done.stderr}"
        server.execute(f"COMMENT ON DATABASE {MIGRATED} IS %s", [os.environ[RUN]])
    server.execute("SELECT pg_advisory_unlock(hashtext(%s))", [MIGRATED])


if __name__ == "__main__":
    with _server() as migrating:
        _migrate_once(migrating)
