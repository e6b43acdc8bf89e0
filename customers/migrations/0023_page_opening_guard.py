"""What was opened stays noted: a row may only grow, and goes no sooner than a log has to be kept (six months)."""

from django.db import migrations

GUARD = """
CREATE FUNCTION customers_opening_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'page opening %: what was opened stays noted', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_is_kept';
END $$;

CREATE TRIGGER opening_only_grows BEFORE UPDATE ON customers_pageopening
    FOR EACH ROW WHEN (
        (OLD.id, OLD.person_id, OLD.branch_id, OLD.customer_id, OLD."on", OLD.first_at)
        IS DISTINCT FROM (NEW.id, NEW.person_id, NEW.branch_id, NEW.customer_id, NEW."on", NEW.first_at)
        OR NEW.times < OLD.times OR NEW.last_at < OLD.last_at OR (OLD.is_outside AND NOT NEW.is_outside)
    ) EXECUTE FUNCTION customers_opening_is_kept();
CREATE TRIGGER opening_is_not_deleted BEFORE DELETE ON customers_pageopening
    FOR EACH ROW WHEN (OLD."on" > (now() AT TIME ZONE 'Asia/Shanghai')::date - interval '6 months')
    EXECUTE FUNCTION customers_opening_is_kept();
"""

UNDO = """
DROP TRIGGER opening_is_not_deleted ON customers_pageopening;
DROP TRIGGER opening_only_grows ON customers_pageopening;
DROP FUNCTION customers_opening_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0022_page_openings")]

    operations = [migrations.RunSQL(GUARD, UNDO)]
