"""What was done to cases somebody is kept away from is found without reading the whole trail."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("core", "0004_no_jit")]
    operations = [
        AddIndexConcurrently(
            "trailentry",
            models.Index(
                fields=["subject_id"], name="trail_kept", condition=models.Q(("changes__has_key", "kept_from"))
            ),
        )
    ]
