-- The same as roll_up_day for every day of %(first)s..%(last)s at once: each change of a total or a tier enters as what it adds
-- to one group and takes from another, and running sums over the days give the closing figures. One pass over the
-- histories whatever the number of days.
INSERT INTO insights_depositday ("on", branch_id, manager_id, tier, customers, total)
WITH events AS (
    SELECT customer_id, "on", total, NULL::smallint AS tier FROM customers_positionchange WHERE "on" <= %(last)s
    UNION ALL
    SELECT customer_id, "on", NULL, to_tier FROM tiers_tierchange WHERE "on" <= %(last)s
),
merged AS (
    SELECT customer_id, "on", max(total) AS total, max(tier) AS tier FROM events GROUP BY customer_id, "on"
),
counted AS (
    SELECT *, count(total) OVER seen AS totals, count(tier) OVER seen AS tiers
    FROM merged WINDOW seen AS (PARTITION BY customer_id ORDER BY "on")
),
filled AS (
    SELECT
        customer_id,
        greatest("on", %(first)s) AS "on",
        lead("on") OVER (PARTITION BY customer_id ORDER BY "on") AS until,
        coalesce(max(total) OVER (PARTITION BY customer_id, totals), 0) AS total,
        coalesce(max(tier) OVER (PARTITION BY customer_id, tiers), 0) AS tier
    FROM counted
),
deltas AS (
    SELECT p.branch_id, p.manager_id, f.tier, d."on", sum(d.sign) AS customers, sum(d.sign * f.total) AS total
    FROM filled f
    JOIN customers_customerposition p USING (customer_id)
    CROSS JOIN LATERAL (VALUES (f."on", 1), (f.until, -1)) AS d ("on", sign)
    WHERE (f.until IS NULL OR f.until > %(first)s) AND d."on" IS NOT NULL
    GROUP BY p.branch_id, p.manager_id, f.tier, d."on"
),
daily AS (
    SELECT
        day.day::date AS "on",
        g.branch_id,
        g.manager_id,
        g.tier,
        sum(coalesce(d.customers, 0)) OVER running AS customers,
        sum(coalesce(d.total, 0)) OVER running AS total
    FROM (SELECT DISTINCT branch_id, manager_id, tier FROM deltas) AS g
    CROSS JOIN generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day (day)
    LEFT JOIN deltas d
        ON d.branch_id = g.branch_id AND d.manager_id IS NOT DISTINCT FROM g.manager_id
        AND d.tier = g.tier AND d."on" = day.day::date
    WINDOW running AS (PARTITION BY g.branch_id, g.manager_id, g.tier ORDER BY day.day)
)
SELECT "on", branch_id, manager_id, tier, customers, total FROM daily WHERE customers > 0
