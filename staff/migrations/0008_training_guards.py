"""What was attempted and certified stays as it was."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("staff", "0007_the_week")]

    operations: list[migrations.RunSQL] = []
