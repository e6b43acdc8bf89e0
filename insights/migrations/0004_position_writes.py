"""What positions come to is kept until one is written: every statement that may change it leaves a note."""

import django.contrib.postgres.functions
from django.db import migrations, models

# A note a statement, without looking at its rows: a night that changes half of them waits for nothing.
NOTES = """
CREATE FUNCTION insights_note_position_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO insights_positionwrite DEFAULT VALUES;
    RETURN NULL;
END $$;
CREATE TRIGGER insights_position_written
AFTER INSERT OR DELETE OR UPDATE OF customer_id, branch_id, tier, total ON customers_customerposition
FOR EACH STATEMENT EXECUTE FUNCTION insights_note_position_write();
INSERT INTO insights_positionwrite DEFAULT VALUES;
"""
UNDO = """
DROP TRIGGER insights_position_written ON customers_customerposition;
DROP FUNCTION insights_note_position_write();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("insights", "0003_guards")]

    operations = [
        migrations.CreateModel(
            name="PositionWrite",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(NOTES, UNDO),
    ]
