"""Field history of customers: the row before each change, written by triggers that nobody can leave out."""

import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


# The library lets a session switch triggers off by a setting. A history that its writers can switch off is none.
NEVER_IGNORED = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean
LANGUAGE sql IMMUTABLE AS 'SELECT false';
"""
GUARD = """
CREATE TRIGGER version_is_append_only BEFORE UPDATE OR DELETE ON customers_customerversion
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
UNGUARD = "DROP TRIGGER version_is_append_only ON customers_customerversion;"


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0012_merged_index"),
        ("core", "0002_append_only_trail"),
        ("staff", "0004_views_and_exports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerVersion",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[("person", "Person"), ("organisation", "Organisation")],
                        default="person",
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                (
                    "id_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("resident_id", "Resident identity card"),
                            ("temporary_id", "Temporary identity card"),
                            ("household_register", "Household register"),
                            ("military_id", "Military identity card"),
                            ("police_id", "Armed police identity card"),
                            ("hk_macau_permit", "Hong Kong and Macau residents' travel permit"),
                            ("taiwan_permit", "Taiwan residents' travel permit"),
                            ("residence_permit", "Hong Kong, Macau and Taiwan residence permit"),
                            ("passport", "Passport"),
                            ("foreign_resident_id", "Foreign permanent resident identity card"),
                            ("uscc", "Unified social credit code"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                        verbose_name="identity document",
                    ),
                ),
                ("id_no_cipher", models.BinaryField(null=True)),
                ("id_expires_on", models.DateField(null=True, verbose_name="document valid until")),
                ("id_is_long_term", models.BooleanField(default=False, verbose_name="document without expiry")),
                (
                    "id_issued_by",
                    models.CharField(blank=True, db_default="", default="", max_length=80, verbose_name="issued by"),
                ),
                ("phone_cipher", models.BinaryField(null=True)),
                ("email_cipher", models.BinaryField(null=True)),
                ("address_cipher", models.BinaryField(null=True)),
                ("wechat_cipher", models.BinaryField(null=True)),
                (
                    "contact_name",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=60, verbose_name="contact person"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("walk_in", "Walked in"),
                            ("web", "Web form"),
                            ("phone", "Called in"),
                            ("partner", "Partner"),
                            ("referral", "Referred by a customer"),
                            ("staff", "Referred by staff"),
                            ("campaign", "Campaign"),
                            ("other", "Other"),
                        ],
                        db_default="",
                        default="",
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                (
                    "sex",
                    models.CharField(
                        blank=True, choices=[("male", "Male"), ("female", "Female")], max_length=6, verbose_name="sex"
                    ),
                ),
                ("birth_date", models.DateField(null=True, verbose_name="date of birth")),
                ("occupation", models.CharField(blank=True, max_length=60, verbose_name="occupation")),
                ("employer", models.CharField(blank=True, max_length=120, verbose_name="employer")),
                ("opened_on", models.DateField(null=True, verbose_name="customer since")),
                ("risk_grade", models.CharField(blank=True, max_length=20, verbose_name="risk grade")),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "customers_customerversion" ("address_cipher", "backup_id", "birth_date", "branch_id", "contact_name", "email_cipher", "employer", "id_expires_on", "id_is_long_term", "id_issued_by", "id_no_cipher", "id_type", "kind", "manager_id", "merged_into_id", "name", "occupation", "opened_on", "origin", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone_cipher", "risk_grade", "sex", "wechat_cipher") SELECT old_values."address_cipher", old_values."backup_id", old_values."birth_date", old_values."branch_id", old_values."contact_name", old_values."email_cipher", old_values."employer", old_values."id_expires_on", old_values."id_is_long_term", old_values."id_issued_by", old_values."id_no_cipher", old_values."id_type", old_values."kind", old_values."manager_id", old_values."merged_into_id", old_values."name", old_values."occupation", old_values."opened_on", old_values."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', old_values."id", old_values."phone_cipher", old_values."risk_grade", old_values."sex", old_values."wechat_cipher" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."address_cipher" IS DISTINCT FROM (new_values."address_cipher") OR old_values."backup_id" IS DISTINCT FROM (new_values."backup_id") OR old_values."birth_date" IS DISTINCT FROM (new_values."birth_date") OR old_values."branch_id" IS DISTINCT FROM (new_values."branch_id") OR old_values."contact_name" IS DISTINCT FROM (new_values."contact_name") OR old_values."email_cipher" IS DISTINCT FROM (new_values."email_cipher") OR old_values."employer" IS DISTINCT FROM (new_values."employer") OR old_values."id_expires_on" IS DISTINCT FROM (new_values."id_expires_on") OR old_values."id_is_long_term" IS DISTINCT FROM (new_values."id_is_long_term") OR old_values."id_issued_by" IS DISTINCT FROM (new_values."id_issued_by") OR old_values."id_no_cipher" IS DISTINCT FROM (new_values."id_no_cipher") OR old_values."id_type" IS DISTINCT FROM (new_values."id_type") OR old_values."kind" IS DISTINCT FROM (new_values."kind") OR old_values."manager_id" IS DISTINCT FROM (new_values."manager_id") OR old_values."merged_into_id" IS DISTINCT FROM (new_values."merged_into_id") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."occupation" IS DISTINCT FROM (new_values."occupation") OR old_values."opened_on" IS DISTINCT FROM (new_values."opened_on") OR old_values."origin" IS DISTINCT FROM (new_values."origin") OR old_values."phone_cipher" IS DISTINCT FROM (new_values."phone_cipher") OR old_values."risk_grade" IS DISTINCT FROM (new_values."risk_grade") OR old_values."sex" IS DISTINCT FROM (new_values."sex") OR old_values."wechat_cipher" IS DISTINCT FROM (new_values."wechat_cipher")) ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="04cb1fe5ba7e9e7569fc8c305ba71d5bf800bd08",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_ca86d",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="customers_customer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "customers_customerversion" ("address_cipher", "backup_id", "birth_date", "branch_id", "contact_name", "email_cipher", "employer", "id_expires_on", "id_is_long_term", "id_issued_by", "id_no_cipher", "id_type", "kind", "manager_id", "merged_into_id", "name", "occupation", "opened_on", "origin", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone_cipher", "risk_grade", "sex", "wechat_cipher") SELECT old_values."address_cipher", old_values."backup_id", old_values."birth_date", old_values."branch_id", old_values."contact_name", old_values."email_cipher", old_values."employer", old_values."id_expires_on", old_values."id_is_long_term", old_values."id_issued_by", old_values."id_no_cipher", old_values."id_type", old_values."kind", old_values."manager_id", old_values."merged_into_id", old_values."name", old_values."occupation", old_values."opened_on", old_values."origin", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', old_values."id", old_values."phone_cipher", old_values."risk_grade", old_values."sex", old_values."wechat_cipher" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="23cb0e7334028bd56eeb3dae237f86354592a719",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_939ca",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="customers_customer",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="customerversion",
            name="backup",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="backup manager",
            ),
        ),
        migrations.AddField(
            model_name="customerversion",
            name="branch",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="staff.branch",
                verbose_name="branch",
            ),
        ),
        migrations.AddField(
            model_name="customerversion",
            name="manager",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="manager",
            ),
        ),
        migrations.AddField(
            model_name="customerversion",
            name="merged_into",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="customers.customer",
            ),
        ),
        migrations.AddField(
            model_name="customerversion",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="customers.customer",
            ),
        ),
        migrations.AddIndex(
            model_name="customerversion",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="version_of_customer"),
        ),
        migrations.RunSQL(NEVER_IGNORED, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
