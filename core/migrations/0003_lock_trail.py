"""Lets the application's role hold inserts back while it seals, without the rights a table lock asks for."""

from django.db import migrations

LOCK = """
CREATE FUNCTION core_lock_trail() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    LOCK TABLE core_trailentry IN SHARE ROW EXCLUSIVE MODE;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_append_only_trail")]
    operations = [migrations.RunSQL(LOCK, "DROP FUNCTION core_lock_trail();")]
