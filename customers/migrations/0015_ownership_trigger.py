"""Every change of a customer's manager or backup leaves a row, whatever statement made it."""

from django.db import migrations

# Who stands behind it comes from `customers.services.ownership.acting`; without that it was the core's feed.
# Inserts come by the hundred thousand, so they are noted a statement at a time; updates rarely change an owner,
# and a condition on the row costs nothing where it does not hold.
FUNCTIONS = """
CREATE FUNCTION customers_note_first_owners() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customers_ownershipchange
        (customer_id, role, from_user_id, to_user_id, at, "on", handover_id, actor_no)
    SELECT c.id, r.role, NULL, r.user_id, c.created_at, (c.created_at AT TIME ZONE 'Asia/Shanghai')::date, NULL,
           coalesce(nullif(current_setting('depositcrm.actor', true), ''), 'core feed')
    FROM added c CROSS JOIN LATERAL (VALUES ('owner', c.manager_id), ('backup', c.backup_id)) AS r (role, user_id)
    WHERE r.user_id IS NOT NULL;
    RETURN NULL;
END $$;
CREATE FUNCTION customers_note_owner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := CASE WHEN NEW.updated_at IS DISTINCT FROM OLD.updated_at THEN NEW.updated_at ELSE now() END;
BEGIN
    INSERT INTO customers_ownershipchange
        (customer_id, role, from_user_id, to_user_id, at, "on", handover_id, actor_no)
    SELECT NEW.id, r.role, r.old_id, r.new_id, moment, (moment AT TIME ZONE 'Asia/Shanghai')::date,
           nullif(current_setting('depositcrm.handover', true), '')::bigint,
           coalesce(nullif(current_setting('depositcrm.actor', true), ''), 'core feed')
    FROM (VALUES ('owner', OLD.manager_id, NEW.manager_id), ('backup', OLD.backup_id, NEW.backup_id))
         AS r (role, old_id, new_id)
    WHERE r.old_id IS DISTINCT FROM r.new_id;
    RETURN NULL;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION customers_note_owner(); DROP FUNCTION customers_note_first_owners();"
TRIGGERS = """
CREATE TRIGGER customers_first_owners AFTER INSERT ON customers_customer
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION customers_note_first_owners();
CREATE TRIGGER customers_owner AFTER UPDATE OF manager_id, backup_id ON customers_customer
FOR EACH ROW
WHEN (OLD.manager_id IS DISTINCT FROM NEW.manager_id OR OLD.backup_id IS DISTINCT FROM NEW.backup_id)
EXECUTE FUNCTION customers_note_owner();
"""
DROP_TRIGGERS = """
DROP TRIGGER customers_owner ON customers_customer;
DROP TRIGGER customers_first_owners ON customers_customer;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0014_refusals")]
    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    ]
