"""What was warned of and judged stays as it was."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("insights", "0002_the_week")]

    operations: list[migrations.RunSQL] = []
