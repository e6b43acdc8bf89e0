"""The whole database as text: to see that nothing changed, or that something stands nowhere."""

from collections.abc import Collection

from django.db import connection

TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY c.relname
"""
# What a check that is taken back still writes: its own report, and nothing else.
REPORTS = ("customers_feed", "customers_feedreject")


def contents(*, without: Collection[str] = ()) -> dict[str, list[str]]:
    """Every row of every table (partitions by themselves), as PostgreSQL prints it."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        tables = [name for (name,) in cursor.fetchall() if name not in without]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            found[table] = [text for (text,) in cursor.fetchall()]
    return found


def tables_with(*secrets: str) -> dict[str, list[str]]:
    """Tables whose rows hold one of the texts, plain or as the bytes of a binary column."""
    forms = {form for secret in secrets for form in (secret, secret.encode().hex())}
    return {
        table: rows for table, lines in contents().items() if (rows := [r for r in lines if any(f in r for f in forms)])
    }
