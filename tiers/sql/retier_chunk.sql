-- Re-tiers one chunk for a day that no later run follows: positions and history in one statement. Gives the moves.
-- Only who changed is kept between the parts: that is what makes it half as long as keeping everybody.
-- The date of the last move before the day is looked up only where this day's move goes away.
-- The ids as an array let the UPDATE find its few rows by the key; joined alone it would read the chunk again.
WITH {judged},
moved AS MATERIALIZED (
    SELECT
        *,
        {changed} AS is_change,
        CASE
            WHEN after_tier <> before_tier THEN %(day)s
            WHEN known_id IS NULL OR known_from = known_to THEN tier_since
            ELSE (
                SELECT max(t."on") FROM tiers_tierchange t
                WHERE t.customer_id = judged.customer_id AND t."on" < %(day)s AND t.from_tier <> t.to_tier
            )
        END AS since
    FROM judged
    WHERE {changed} OR known_id IS NOT NULL OR after_near <> near
),
placed AS (
    UPDATE customers_customerposition p
    SET tier = m.after_tier, tier_since = m.since, ruled_tier = m.after_ruled, watch_since = m.after_watch,
        near = m.after_near
    FROM moved m
    WHERE p.customer_id = m.customer_id
        AND p.customer_id = ANY (ARRAY(SELECT customer_id FROM moved))
        AND (p.tier, p.tier_since, p.ruled_tier, p.watch_since, p.near)
        IS DISTINCT FROM (m.after_tier, m.since, m.after_ruled, m.after_watch, m.after_near)
),
{history}
SELECT was, after_tier, count(*), 0, 0 FROM moved
WHERE before_tier <> after_tier OR was <> after_tier
GROUP BY was, after_tier
