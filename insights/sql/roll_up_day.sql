-- Customers and deposits per branch, manager and tier at the close of %(day)s, from the narrow position table.
-- One sequential scan and a hash aggregate (0.4 s for 1M). Only positions that changed after the day are looked up in
-- the histories, by their primary keys, so the latest day needs no look-up at all. A customer without any balance
-- or tier by then was not there yet; on the latest day (%(ledger_day)s) everybody in the books is.
INSERT INTO insights_depositday ("on", branch_id, manager_id, tier, customers, total)
SELECT %(day)s, branch_id, manager_id, tier, count(*), sum(coalesce(total, 0))
FROM (
    SELECT
        p.branch_id,
        p.manager_id,
        CASE
            WHEN p.tier_since IS NULL OR p.tier_since <= %(day)s THEN p.tier
            ELSE coalesce(
                (
                    SELECT c.to_tier FROM tiers_tierchange c
                    WHERE c.customer_id = p.customer_id AND c."on" <= %(day)s ORDER BY c."on" DESC LIMIT 1
                ),
                0
            )
        END AS tier,
        CASE
            WHEN p."on" IS NULL OR p."on" <= %(day)s THEN CASE WHEN p."on" IS NOT NULL THEN p.total END
            ELSE (
                SELECT c.total FROM customers_positionchange c
                WHERE c.customer_id = p.customer_id AND c."on" <= %(day)s ORDER BY c."on" DESC LIMIT 1
            )
        END AS total
    FROM customers_customerposition p
) AS at_close
WHERE %(day)s >= %(ledger_day)s OR tier > 0 OR total IS NOT NULL
GROUP BY branch_id, manager_id, tier
