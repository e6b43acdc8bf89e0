-- Of the customers {picked}: their average of the month %(opening)s and where it was, the one they have {now_is}, and what
-- matured since the first of the earlier month and had left when it was measured, by %(last)s; yuan. A record merged into
-- another comes as a row of that one.
-- Plan: the picked by an index, the few merged ones by theirs; for each three look-ups by key and one by maturity_of_customer.
WITH gone AS MATERIALIZED (
    SELECT id, merged_into_id FROM customers_customer WHERE merged_into_id IS NOT NULL
), kept AS MATERIALIZED (
    SELECT DISTINCT coalesce(g.merged_into_id, p.id) AS id FROM ({picked}) p LEFT JOIN gone g ON g.id = p.id
), records AS (
    SELECT id AS customer_id, id FROM kept
    UNION ALL
    SELECT g.merged_into_id, g.id FROM gone g JOIN kept k ON k.id = g.merged_into_id
)
SELECT r.customer_id, r.id = r.customer_id, o.branch_id, o.manager_id, o.adb, {now}, l.left_amount
FROM records r
LEFT JOIN insights_monthclose o ON o.month = %(opening)s AND o.customer_id = r.id
{join}
LEFT JOIN LATERAL (
    SELECT sum(m.amount - m.stayed) AS left_amount FROM servicing_maturity m
    WHERE m.customer_id = r.id AND m.matures_on >= %(opening)s AND m.measured_on <= %(last)s AND m.outcome <> ''
) l ON true
ORDER BY 1, 2 DESC
