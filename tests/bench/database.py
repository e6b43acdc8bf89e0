"""A database of the benchmark's own beside the product's, gone afterwards."""

import contextlib
import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.core.management import call_command
from django.db import connection

from depositcrm.embedded.services import ensure_services
from depositcrm.env import database_config


def addresses() -> dict[str, str]:
    """DATABASE_URL (of a role that may make databases) and REDIS_URL, from the environment or the embedded services."""
    found = {**os.environ, **ensure_services()}
    return {"DATABASE_URL": found.get("DATABASE_OWNER_URL") or found["DATABASE_URL"], "REDIS_URL": found["REDIS_URL"]}


def open_database(address: str) -> None:
    """Let this process work on a database from here on, with the tables it should have."""
    connection.close()
    connection.settings_dict.update(database_config(address))
    call_command("migrate", interactive=False, verbosity=0)


@contextlib.contextmanager
def own_database(url: str, suffix: str, *, keep: bool) -> Iterator[str]:
    """The address of a fresh database on the same server; dropped at the end unless kept."""
    parts = urlsplit(url)
    name = f"{parts.path.lstrip('/')}_bench_{suffix}"
    _run(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _run(url, f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        if not keep:
            _run(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _run(url: str, statement: str) -> None:
    config = database_config(url)
    with contextlib.closing(
        psycopg2.connect(
            dbname=config["NAME"],
            user=config["USER"],
            password=config["PASSWORD"],
            host=config["HOST"],
            port=config["PORT"] or None,
        )
    ) as server:
        server.autocommit = True
        server.cursor().execute(statement)
