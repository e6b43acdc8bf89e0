"""Balance histories partitioned by month, and room for updates in place (performance.md 1)."""

from django.db import migrations

TABLES = """
CREATE TABLE customers_balancechange (
    account_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    "on" date NOT NULL,
    balance numeric(18, 2) NOT NULL,
    value numeric(18, 2) NOT NULL,
    day_sum numeric(24, 2) NOT NULL,
    PRIMARY KEY (account_id, "on")
) PARTITION BY RANGE ("on");
CREATE TABLE customers_positionchange (
    customer_id bigint NOT NULL,
    "on" date NOT NULL,
    total numeric(18, 2) NOT NULL,
    day_sum numeric(24, 2) NOT NULL,
    PRIMARY KEY (customer_id, "on")
) PARTITION BY RANGE ("on");
ALTER TABLE customers_accountbalance SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE customers_customerposition SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
"""
DROP_TABLES = "DROP TABLE customers_balancechange; DROP TABLE customers_positionchange;"

# The application's role may not create tables; this function of the owner's does it, for these two alone.
# ATTACH rather than PARTITION OF: readers of the parent are not kept waiting.
MONTH_FUNCTION = """
CREATE FUNCTION customers_ensure_month(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    first date := date_trunc('month', day)::date;
    parent text;
    part text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['customers_balancechange', 'customers_positionchange'] LOOP
        part := parent || '_' || to_char(first, 'YYYYMM');
        IF to_regclass(part) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtext(part));
            IF to_regclass(part) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
                EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                               parent, part, first, (first + interval '1 month')::date);
            END IF;
        END IF;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [
        migrations.RunSQL(TABLES, DROP_TABLES),
        migrations.RunSQL(MONTH_FUNCTION, "DROP FUNCTION customers_ensure_month(date);"),
    ]
