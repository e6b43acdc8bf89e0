from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("servicing", "0002_the_daily_work"),
    ]

    operations = [
        migrations.AddField(
            model_name="quote",
            name="once",
            field=models.UUIDField(null=True),
        ),
        migrations.AddConstraint(
            model_name="quote",
            constraint=models.UniqueConstraint(
                condition=models.Q(("once__isnull", False)), fields=("customer", "once"), name="quote_sent_once"
            ),
        ),
    ]
