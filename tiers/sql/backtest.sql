-- Customers low..high through the month-ends under one rule: {values} gives everybody's band at each of them. The first
-- month-end gives the tier to start from; each next one is a run by the rule of judged.sql, without overrides: a tier
-- is kept below its floor as long as the watch began no earlier than that month's limit.
-- Gives for each month-end how many went from which tier to which, how many of these are watched, and how many were
-- back in the tier they left at one of the three month-ends after.
WITH RECURSIVE lined AS (
    SELECT customer_id, array_agg(band ORDER BY at) AS bands FROM ({values}) v GROUP BY customer_id
),
stepped AS (
    SELECT customer_id, bands, 1 AS at, bands[1] AS tier, NULL::date AS watch FROM lined
    UNION ALL
    SELECT n.customer_id, n.bands, n.at, CASE WHEN n.is_kept THEN n.tier ELSE n.bands[n.at] END,
        CASE WHEN n.is_kept THEN coalesce(n.watch, (%(days)s::date[])[n.at]) END
    FROM (
        SELECT s.customer_id, s.bands, s.at + 1 AS at, s.tier, s.watch,
            s.bands[s.at + 1] < s.tier
                AND coalesce(s.watch, (%(days)s::date[])[s.at + 1]) >= (%(limits)s::date[])[s.at + 1] AS is_kept
        FROM stepped s
        WHERE s.at < cardinality(%(days)s::date[])
    ) n
)
SELECT at, coalesce(was, 0), tier, count(*), count(watch),
    count(*) FILTER (WHERE was <> tier AND (was = next_1 OR was = next_2 OR was = next_3))
FROM (
    SELECT at, tier, watch, lag(tier) OVER w AS was, lead(tier) OVER w AS next_1, lead(tier, 2) OVER w AS next_2,
        lead(tier, 3) OVER w AS next_3
    FROM stepped
    WINDOW w AS (PARTITION BY customer_id ORDER BY at)
) h
GROUP BY 1, 2, 3
