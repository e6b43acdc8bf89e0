-- Re-tiers one chunk for a day that no later run follows: positions and history in one statement. Gives the moves.
-- Only who moved is kept between the parts: that is what makes it half as long as keeping everybody.
-- The date of the last change before the day is looked up only where this day's change goes away.
-- The id range stands on the UPDATE too: without it the join reads the whole table.
WITH {judged},
moved AS MATERIALIZED (
    SELECT
        *,
        CASE
            WHEN after <> before THEN %(day)s
            ELSE (
                SELECT max(t."on") FROM tiers_tierchange t
                WHERE t.customer_id = judged.customer_id AND t."on" < %(day)s
            )
        END AS since
    FROM judged
    WHERE after <> before OR known_id IS NOT NULL
),
placed AS (
    UPDATE customers_customerposition p
    SET tier = m.after, tier_since = m.since
    FROM moved m
    WHERE p.customer_id = m.customer_id
        AND p.customer_id BETWEEN %(low)s AND %(high)s
        AND (p.tier, p.tier_since) IS DISTINCT FROM (m.after, m.since)
),
{history}
SELECT before, after, count(*) FROM moved WHERE before <> after GROUP BY before, after
