import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OPEN = models.Q(("dismissed_on__isnull", True), ("resolved_on__isnull", True))


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0013_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FieldRefusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=30)),
                ("on", models.DateField()),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("customer", "field"), name="refusal_once_per_field")],
            },
        ),
        migrations.AlterModelOptions(name="qualityflag", options={"verbose_name": "finding"}),
        migrations.AlterField(
            model_name="qualityflag",
            name="kind",
            field=models.CharField(
                choices=[
                    ("duplicate_identity", "Same identity number as another customer"),
                    ("shared_phone", "Phone shared by three or more customers"),
                    ("missing_phone", "No telephone number"),
                    ("missing_identity", "No identity number"),
                    ("missing_birth_date", "No date of birth"),
                    ("implausible_birth", "Date of birth cannot be right"),
                    ("no_expiry", "Identity document without a validity date"),
                    ("no_contact_person", "Organisation without a contact person"),
                    ("stale_phone", "Phone not confirmed for too long"),
                    ("stale_email", "E-mail address not confirmed for too long"),
                    ("stale_address", "Address not confirmed for too long"),
                    ("stale_occupation", "Occupation not confirmed for too long"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddIndex(
            model_name="qualityflag",
            index=models.Index(condition=OPEN, fields=["found_on", "id"], name="flag_open_by_age"),
        ),
        migrations.AddIndex(
            model_name="qualityflag",
            index=models.Index(condition=OPEN, fields=["kind", "found_on", "id"], name="flag_open_by_kind"),
        ),
    ]
