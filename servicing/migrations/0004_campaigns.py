from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("servicing", "0003_quote_once"),
    ]

    operations = [
        migrations.AlterField(
            model_name="followup",
            name="kind",
            field=models.CharField(
                choices=[
                    ("task", "Task"),
                    ("call_back", "Call back"),
                    ("cadence", "Contact rhythm"),
                    ("review", "Review meeting"),
                    ("tier_up", "Reached a higher tier"),
                    ("tier_watch", "At risk of losing the tier"),
                    ("maturity", "Deposit matures"),
                    ("playbook", "Step of a playbook"),
                    ("referral", "Referred customer"),
                    ("feedback", "Feedback to answer"),
                    ("campaign", "Campaign call"),
                ],
                default="task",
                max_length=10,
                verbose_name="reason",
            ),
        ),
        migrations.AlterField(
            model_name="interaction",
            name="origin",
            field=models.CharField(
                choices=[
                    ("form", "Written down here"),
                    ("api", "Over the interface"),
                    ("import", "Taken over from an earlier system"),
                    ("campaign", "Sent by a campaign"),
                ],
                db_default="form",
                default="form",
                max_length=8,
            ),
        ),
    ]
