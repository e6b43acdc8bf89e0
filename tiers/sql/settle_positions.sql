-- After past days were re-done: positions low..high take the standing their last change left. Two index look-ups a
-- customer.
UPDATE customers_customerposition p
SET tier = last.tier, tier_since = last.since, ruled_tier = last.to_ruled, watch_since = last.to_watch
FROM (
    SELECT q.customer_id, coalesce(t.to_tier, 0) AS tier, t.to_ruled, t.to_watch, m."on" AS since
    FROM customers_customerposition q
    LEFT JOIN LATERAL (
        SELECT c.to_tier, c.to_ruled, c.to_watch FROM tiers_tierchange c
        WHERE c.customer_id = q.customer_id
        ORDER BY c."on" DESC
        LIMIT 1
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT c."on" FROM tiers_tierchange c
        WHERE c.customer_id = q.customer_id AND c.from_tier <> c.to_tier
        ORDER BY c."on" DESC
        LIMIT 1
    ) m ON true
    WHERE q.customer_id BETWEEN %(low)s AND %(high)s
) last
WHERE p.customer_id = last.customer_id
    AND p.customer_id BETWEEN %(low)s AND %(high)s
    AND (p.tier, p.tier_since, p.ruled_tier, p.watch_since)
    IS DISTINCT FROM (last.tier, last.since, last.to_ruled, last.to_watch)
