-- After past days were re-done: positions low..high take the tier of their last change. One index look-up a customer.
UPDATE customers_customerposition p
SET tier = last.tier, tier_since = last."on"
FROM (
    SELECT q.customer_id, coalesce(t.to_tier, 0) AS tier, t."on"
    FROM customers_customerposition q
    LEFT JOIN LATERAL (
        SELECT c.to_tier, c."on" FROM tiers_tierchange c
        WHERE c.customer_id = q.customer_id
        ORDER BY c."on" DESC
        LIMIT 1
    ) t ON true
    WHERE q.customer_id BETWEEN %(low)s AND %(high)s
) last
WHERE p.customer_id = last.customer_id
    AND p.customer_id BETWEEN %(low)s AND %(high)s
    AND (p.tier, p.tier_since) IS DISTINCT FROM (last.tier, last."on")
