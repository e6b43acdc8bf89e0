-- Heads of the whole bank by tier at the closes of two days, and {held} of them. The history is read once from the
-- earlier day on: the first change after a day says by its from_tier which tier held at its close. Day and tier are
-- packed into one number, so that one hash aggregate finds both firsts without sorting.
-- Plan: the changes by day, or all of them, hashed; one scan of the narrow positions.
WITH moved AS (
    SELECT
        customer_id,
        min(("on" - %(first)s) * 16 + from_tier) %% 16 AS before,
        min(("on" - %(first)s) * 16 + from_tier) FILTER (WHERE "on" > %(last)s) %% 16 AS after
    FROM tiers_tierchange
    WHERE "on" > %(first)s
    GROUP BY customer_id
)
SELECT coalesce(m.before, p.tier), coalesce(m.after, p.tier), count(*), {held}
FROM customers_customerposition p
LEFT JOIN moved m USING (customer_id)
GROUP BY 1, 2
