"""What the list is filtered by and few customers have; built beside the running product."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0016_wordings")]
    operations = [
        AddIndexConcurrently(
            "customer",
            models.Index(fields=["name_pinyin", "id"], name="customer_organisations", condition=Q(kind="organisation")),
        ),
        AddIndexConcurrently("customer", models.Index(fields=["opened_on"], name="customer_opened")),
    ]
