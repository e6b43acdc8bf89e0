from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import deletion, manager

# Rows are read whole and searched where they lie: never compressed, and within their page up to 8 kB.
PLAIN = """
ALTER TABLE tiers_spreadrow ALTER COLUMN values SET STORAGE EXTERNAL, ALTER COLUMN values SET STATISTICS 0;
ALTER TABLE tiers_spreadrow ALTER COLUMN sums SET STORAGE EXTERNAL, ALTER COLUMN sums SET STATISTICS 0;
ALTER TABLE tiers_spreadrow SET (toast_tuple_target = 8160);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0004_views_and_exports"),
        ("tiers", "0004_bands_make_a_policy"),
    ]

    operations = [
        migrations.CreateModel(
            name="Spread",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField()),
                ("basis", models.JSONField(default=dict)),
                ("basis_digest", models.CharField(max_length=64)),
                ("source", models.CharField(max_length=64)),
                ("customers", models.IntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("made_at", models.DateTimeField()),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("on", "basis_digest"), name="spread_once_a_day")]},
        ),
        migrations.CreateModel(
            name="SpreadRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "spread",
                    models.ForeignKey(
                        db_index=False, on_delete=deletion.CASCADE, related_name="rows", to="tiers.spread"
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=deletion.CASCADE,
                        related_name="+",
                        to="staff.branch",
                    ),
                ),
                ("state", models.BigIntegerField()),
                ("values", ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("sums", ArrayField(base_field=models.BigIntegerField(), size=None)),
            ],
            options={"indexes": [models.Index(fields=["spread", "branch"], name="spread_row_branch")]},
            managers=[("everything", manager.Manager())],
        ),
        migrations.RunSQL(PLAIN, migrations.RunSQL.noop),
    ]
