"""Queries here are many and short: compiling a board's statement took a quarter of its time (docs/decisions/0011)."""

from django.db import migrations

SWITCH = """
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET jit = {value}', current_database());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'jit stays as it is: the migrating role does not own this database';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0003_lock_trail")]
    operations = [migrations.RunSQL(SWITCH.format(value="off"), SWITCH.format(value="on"))]
