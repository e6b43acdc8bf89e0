-- Customers at the close of the day beside the close of the month before, added up by who has them now and who had them
-- then. One pass: a hash join of the positions with that month's rows; of a million customers some ten thousand groups
-- are left, from which everything else is taken. A customer's change is one of new, up, down and lost, less what of a
-- fall matured and left (rules.bridge); without a position now a customer stays where it was.
CREATE TEMP TABLE kpi_base ON COMMIT DROP AS
WITH merged AS (
    SELECT id, merged_into_id FROM customers_customer WHERE merged_into_id IS NOT NULL
),
brought AS (
    SELECT d.merged_into_id AS customer_id, sum(m.adb) AS adb
    FROM merged d JOIN insights_monthclose m ON m.month = %(before)s AND m.customer_id = d.id
    GROUP BY 1
),
gone AS (
    SELECT coalesce(d.merged_into_id, y.customer_id) AS customer_id, sum(y.amount - y.stayed) AS amount
    FROM servicing_maturity y LEFT JOIN merged d ON d.id = y.customer_id
    WHERE y.matures_on BETWEEN %(before)s AND %(day)s AND y.measured_on <= %(day)s AND y.stayed < y.amount
    GROUP BY 1
),
opened AS (
    SELECT m.customer_id, m.branch_id, m.manager_id, m.tier, m.adb
    FROM insights_monthclose m
    WHERE m.month = %(before)s AND m.customer_id NOT IN (SELECT id FROM merged)
),
held AS (
    {held}
),
compared AS (
    SELECT
        coalesce(c.branch_id, m.branch_id) AS branch_id,
        CASE WHEN c.customer_id IS NULL THEN m.manager_id ELSE c.manager_id END AS manager_id,
        coalesce(m.branch_id, c.branch_id) AS branch_then,
        CASE WHEN m.customer_id IS NULL THEN c.manager_id ELSE m.manager_id END AS manager_then,
        coalesce(c.tier, m.tier) AS tier,
        coalesce(c.is_there OR c.tier > 0, false) AS is_there,
        coalesce(c.total, 0) AS total,
        coalesce(c.adb, 0) AS adb,
        coalesce(m.adb, 0) AS opening,
        coalesce(m.adb, 0) + coalesce(b.adb, 0) AS before,
        greatest(coalesce(g.amount, 0), 0) AS gone,
        coalesce(c.contacted_on, c.since) + (%(everys)s::int[])[c.tier] AS due_on
    FROM held c
    FULL JOIN opened m ON m.customer_id = c.customer_id
    LEFT JOIN brought b ON b.customer_id = c.customer_id
    LEFT JOIN gone g ON g.customer_id = coalesce(c.customer_id, m.customer_id)
),
changed AS (
    SELECT *, adb - before AS change, CASE WHEN adb < before THEN least(before - adb, gone) ELSE 0 END AS matured
    FROM compared
)
SELECT
    branch_id,
    manager_id,
    branch_then,
    manager_then,
    tier,
    count(*) FILTER (WHERE is_there)::numeric AS customers,
    sum(total) FILTER (WHERE is_there) AS deposits,
    sum(adb) AS adb,
    sum(opening) AS opening,
    sum(change) FILTER (WHERE change >= 0 AND before <= 0 AND adb > 0) AS new,
    sum(change) FILTER (WHERE change >= 0 AND NOT (before <= 0 AND adb > 0)) AS up,
    sum(change + matured) FILTER (WHERE change < 0 AND NOT (adb <= 0 AND before > 0)) AS down,
    sum(change + matured) FILTER (WHERE change < 0 AND adb <= 0 AND before > 0) AS lost,
    -sum(matured) AS matured_left,
    count(*) FILTER (WHERE due_on >= %(day)s)::numeric AS in_rhythm,
    count(due_on)::numeric AS with_rhythm
FROM changed
GROUP BY branch_id, manager_id, branch_then, manager_then, tier
UNION ALL
-- What records that were merged since had brought passes to the ones they became.
SELECT
    coalesce(c.branch_id, m.branch_id), CASE WHEN c.customer_id IS NULL THEN m.manager_id ELSE c.manager_id END,
    m.branch_id, m.manager_id, coalesce(c.tier, m.tier), 0, 0, 0, sum(m.adb), 0, 0, 0, 0, 0, 0, 0
FROM merged d
JOIN insights_monthclose m ON m.month = %(before)s AND m.customer_id = d.id
LEFT JOIN (
    {held}
) c ON c.customer_id = d.merged_into_id
GROUP BY 1, 2, 3, 4, 5
