-- Customers whose value in {column} (a blind index) stands at %(least)s or more customers: flag the new, resolve the
-- gone, speak up again about what was dismissed too long ago.
-- Plan: one grouping of the index column, a hash join back, a small upsert.
WITH shared AS (
    SELECT {column} AS value FROM customers_customer WHERE {column} IS NOT NULL AND merged_into_id IS NULL
    GROUP BY {column} HAVING count(*) >= %(least)s
), found AS (
    SELECT c.id FROM customers_customer c JOIN shared ON shared.value = c.{column} WHERE c.merged_into_id IS NULL
), resolved AS (
    UPDATE customers_qualityflag f SET resolved_on = %(day)s
    WHERE f.kind = %(kind)s AND f.resolved_on IS NULL AND f.customer_id NOT IN (SELECT id FROM found)
)
INSERT INTO customers_qualityflag AS f (customer_id, kind, found_on)
SELECT id, %(kind)s, %(day)s FROM found
ON CONFLICT (customer_id, kind) DO UPDATE
SET found_on = excluded.found_on, resolved_on = NULL, dismissed_on = NULL, dismissed_by_id = NULL, dismiss_reason = ''
WHERE f.resolved_on IS NOT NULL OR f.dismissed_on <= %(quiet_until)s
