from django.conf import settings
from django.db import migrations, models
from django.db.models import deletion


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_no_jit"),
        ("tiers", "0005_spreads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Backtest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="balances until")),
                ("rules", models.JSONField()),
                ("months", models.JSONField(default=list)),
                ("result", models.JSONField(default=dict)),
                ("asked_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(on_delete=deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "job",
                    models.ForeignKey(null=True, on_delete=deletion.SET_NULL, related_name="+", to="core.job"),
                ),
            ],
            options={
                "verbose_name": "back-test",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("finished_at", None), models.Q(("result", {}), _negated=True), _connector="OR"
                        ),
                        name="backtest_finished_with_its_result",
                    )
                ],
            },
        ),
    ]
