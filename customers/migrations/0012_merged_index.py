"""Which numbers were merged into a customer; built beside the running product."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0011_prospects")]
    operations = [
        AddIndexConcurrently(
            "customer",
            models.Index(fields=["merged_into"], name="customer_merged", condition=Q(merged_into__isnull=False)),
        )
    ]
