"""The bands the product starts with (product.md T01): closing balance, lower bound inclusive."""

from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import migrations

BANDS = [
    (1, "0", "D", "普通", "Standard"),
    (2, "50000", "C", "潜力", "Potential"),
    (3, "500000", "B", "优质", "Preferred"),
    (4, "3000000", "A", "高端", "Premier"),
]
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)


def create(apps, schema_editor):
    scheme = apps.get_model("tiers", "Scheme").objects.create(
        version=1,
        name="基础方案 Base",
        measure="balance",
        effective_on=date(2000, 1, 1),
        status="approved",
        drafted_at=BEGAN,
        approved_at=BEGAN,
    )
    band = apps.get_model("tiers", "Band")
    for rank, floor, letter, name_zh, name_en in BANDS:
        band.objects.create(
            scheme=scheme, rank=rank, floor=Decimal(floor), letter=letter, name_zh=name_zh, name_en=name_en
        )


def remove(apps, schema_editor):
    apps.get_model("tiers", "Scheme").objects.filter(version=1).delete()


class Migration(migrations.Migration):
    dependencies = [("tiers", "0001_initial")]
    operations = [migrations.RunPython(create, remove)]
