-- Of some customers the sum of end-of-day totals after one day up to another: S(until) - S(after) (architecture.md 6).
-- Plan: two look-ups by the key (customer, day) of the history for each customer.
SELECT a.customer_id, sum(d.sign * coalesce(x.day_sum + x.total * (d.day - x."on"), 0))
FROM unnest(%(customers)s::bigint[]) AS a (customer_id)
CROSS JOIN (VALUES (1, %(until)s::date), (-1, %(after)s::date)) AS d (sign, day)
LEFT JOIN LATERAL (
    SELECT p."on", p.total, p.day_sum FROM customers_positionchange p
    WHERE p.customer_id = a.customer_id AND p."on" <= d.day ORDER BY p."on" DESC LIMIT 1
) x ON true
GROUP BY 1
