"""What was drawn, scored and found stays as it was."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("staff", "0008_training_guards")]

    operations: list[migrations.RunSQL] = []
