"""The trail cannot be rewritten: updates and deletes fail for every role (TRUNCATE is withheld by privilege)."""

from django.db import migrations

GUARD = """
CREATE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER trail_is_append_only BEFORE UPDATE OR DELETE ON core_trailentry
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER seal_is_append_only BEFORE UPDATE OR DELETE ON core_trailseal
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
UNGUARD = """
DROP TRIGGER trail_is_append_only ON core_trailentry;
DROP TRIGGER seal_is_append_only ON core_trailseal;
DROP FUNCTION core_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
