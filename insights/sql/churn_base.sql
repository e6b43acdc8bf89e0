-- Customers of {mine} now who held deposits at the close of the month %(opening)s, a record merged since with the one it
-- became: the tier they were in then, their averages of that month and of the month of %(day)s up to that day (yuan), and
-- what tells whether they are lost: an account that is open, when a balance moved and somebody spoke to them, and whether
-- a deposit still runs to a date. Accounts are looked up only of those with nothing left or long still.
-- Plan: the unit's positions by an index, for each one look-up of its month by key.
WITH gone AS MATERIALIZED (
    SELECT id, merged_into_id FROM customers_customer WHERE merged_into_id IS NOT NULL
), mine AS (
    SELECT p.customer_id, p."on", p.total, p.day_sum, p.month_mark, p.last_contact_on
    FROM customers_customerposition p WHERE {mine}
), records AS (
    SELECT customer_id, customer_id AS id FROM mine
    UNION ALL
    SELECT g.merged_into_id, g.id FROM gone g JOIN mine ON mine.customer_id = g.merged_into_id
), base AS (
    SELECT r.customer_id, (array_agg(m.tier ORDER BY r.id = r.customer_id DESC, m.adb DESC))[1] AS tier, sum(m.adb) AS adb
    FROM records r JOIN insights_monthclose m ON m.month = %(opening)s AND m.customer_id = r.id AND m.total > 0
    GROUP BY r.customer_id
)
SELECT
    b.customer_id,
    b.tier,
    b.adb,
    CASE WHEN p."on" IS NULL THEN 0
        ELSE round((p.day_sum + p.total * (%(day)s::date - p."on") - p.month_mark) / %(days)s, 2) END,
    p.total > 0 OR EXISTS (
        SELECT FROM customers_account a WHERE a.customer_id = b.customer_id AND a.status <> 'closed'
    ),
    p."on",
    p.last_contact_on,
    EXISTS (
        SELECT FROM customers_account a
        WHERE a.customer_id = b.customer_id AND a.matures_on > %(day)s AND a.status <> 'closed'
    )
FROM base b JOIN mine p ON p.customer_id = b.customer_id
