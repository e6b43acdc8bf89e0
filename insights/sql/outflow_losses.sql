-- Of some customers those whose 30-day average at the close of %(day)s is at most half of the 30-day average 60 days before,
-- which was at least %(least)s yuan: customer, tier held then, both averages.
-- S(t) is the sum of end-of-day totals up to t (architecture.md 6). Plan: four look-ups a customer by the key of the history.
SELECT c.customer_id, coalesce(t.to_tier, p.tier) AS tier, c.before, c.after
FROM (
    SELECT a.customer_id, round((s60.total - s90.total) / 30, 2) AS before, round((s0.total - s30.total) / 30, 2) AS after
    FROM unnest(%(customers)s::bigint[]) AS a (customer_id)
    CROSS JOIN LATERAL (
        SELECT x.day_sum + x.total * (%(day)s::date - 90 - x."on") AS total FROM customers_positionchange x
        WHERE x.customer_id = a.customer_id AND x."on" <= %(day)s::date - 90 ORDER BY x."on" DESC LIMIT 1
    ) s90
    CROSS JOIN LATERAL (
        SELECT x.day_sum + x.total * (%(day)s::date - 60 - x."on") AS total FROM customers_positionchange x
        WHERE x.customer_id = a.customer_id AND x."on" <= %(day)s::date - 60 ORDER BY x."on" DESC LIMIT 1
    ) s60
    CROSS JOIN LATERAL (
        SELECT x.day_sum + x.total * (%(day)s::date - 30 - x."on") AS total FROM customers_positionchange x
        WHERE x.customer_id = a.customer_id AND x."on" <= %(day)s::date - 30 ORDER BY x."on" DESC LIMIT 1
    ) s30
    CROSS JOIN LATERAL (
        SELECT x.day_sum + x.total * (%(day)s::date - x."on") AS total FROM customers_positionchange x
        WHERE x.customer_id = a.customer_id AND x."on" <= %(day)s ORDER BY x."on" DESC LIMIT 1
    ) s0
) c
JOIN customers_customerposition p ON p.customer_id = c.customer_id
LEFT JOIN LATERAL (
    SELECT h.to_tier FROM tiers_tierchange h
    WHERE h.customer_id = c.customer_id AND h."on" <= %(day)s::date - 60 ORDER BY h."on" DESC, h.id DESC LIMIT 1
) t ON true
WHERE c.before >= %(least)s AND c.after * 2 <= c.before
