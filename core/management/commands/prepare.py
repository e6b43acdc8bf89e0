"""Brings a database and its static files up to this version; safe to run at every start."""

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.db import connection, transaction
from psycopg2.sql import SQL, Identifier

from core.commands import JsonCommand

APP_ROLE = "depositcrm_app"
# Tables whose rows stay as they were written, and the one column a merge of customers may move.
APPEND_ONLY: dict[str, tuple[str, ...]] = {
    "core_trailentry": (),
    "core_trailseal": (),
    "customers_consent": ("customer_id",),
    "customers_consentwording": (),
    "customers_customerversion": (),
}
PASSWORD = "DEPOSITCRM_DEMO_PASSWORD"  # noqa: S105  the name of a variable
SIGN_INS = "teller, lobby, manager, senior, expert, head, hq, admin, compliance, auditor; teller2, manager2, head2"
# Rows are the application's business; tables, triggers and rights are the owner's.
GRANTS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {role}",
)
# A revoke by table does not reach a right given by default, so these come last, after every migration.
WITHHELD = "REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}"
MOVABLE = "GRANT UPDATE ({column}) ON {table} TO {role}"


class Command(JsonCommand):
    """Migrations, rights, static files and, in an empty database that is not production's, the demo branch."""

    needs_tables = False
    help = "Migrate, grant the application's rights, collect static files, seed the demo branch when there is nothing."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--no-seed", action="store_true", help="leave an empty database empty")

    def work(self, **options: Any) -> Mapping[str, Any]:
        call_command("migrate", interactive=False, verbosity=0)
        self.say("database up to date")
        if grant_app_role():
            self.say(f"rights granted to {APP_ROLE}")
        if collect_changed():
            self.say("static files collected")
        wanted = not (settings.PRODUCTION or options["no_seed"] or os.environ.get("DEPOSITCRM_SEED") == "0")
        if not wanted or get_user_model()._default_manager.exists():
            return {}
        return self._seed()

    def _seed(self) -> Mapping[str, Any]:
        given = os.environ.get(PASSWORD)
        password = given or secrets.token_urlsafe(9)
        os.environ[PASSWORD] = password
        self.say("seeding the demo branch")
        call_command("seed_demo", stdout=self.stderr)
        return {"demo sign-ins": SIGN_INS, "password": f"as {PASSWORD} says" if given else password}


@transaction.atomic
def grant_app_role() -> bool:
    """Give the application's role its rights on rows, but none to rewrite a ledger; False without such a role."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", [APP_ROLE])
        schema, exists = cursor.fetchone()
        if not exists:
            return False
        for statement in GRANTS:
            cursor.execute(SQL(statement).format(schema=Identifier(schema), role=Identifier(APP_ROLE)))
        for name, columns in APPEND_ONLY.items():
            table, role = Identifier(schema, name), Identifier(APP_ROLE)
            cursor.execute(SQL(WITHHELD).format(table=table, role=role))
            for column in columns:
                cursor.execute(SQL(MOVABLE).format(column=Identifier(column), table=table, role=role))
    return True


def collect_changed() -> bool:
    """Collect static files when any of them changed since the last time; True when it was done."""
    stamp = Path(settings.STATIC_ROOT).with_name("static.stamp")
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list(None):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path).timestamp()}\n".encode())
    found = digest.hexdigest()
    if stamp.is_file() and stamp.read_text() == found and Path(settings.STATIC_ROOT).is_dir():
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(found)
    return True
