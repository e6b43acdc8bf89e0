-- Of some customers: the highest month ADB of the full months that end on `ends` and begin after `begins`, and the ADB of
-- the days after `first` up to `last`, in yuan. S(t) is the sum of end-of-day totals up to t (architecture.md 6).
-- Plan: for each customer and day one look-up by the key (customer, day) of the history.
WITH asked AS (
    SELECT unnest(%(customers)s::bigint[]) AS customer_id
), months AS (
    SELECT * FROM unnest(%(begins)s::date[], %(ends)s::date[]) AS m (begins, ends)
), days AS (
    SELECT begins AS day FROM months UNION SELECT ends FROM months UNION SELECT %(first)s UNION SELECT %(last)s
), sums AS (
    SELECT a.customer_id, d.day, coalesce(x.day_sum + x.total * (d.day - x."on"), 0) AS total
    FROM asked a CROSS JOIN days d
    LEFT JOIN LATERAL (
        SELECT p."on", p.total, p.day_sum FROM customers_positionchange p
        WHERE p.customer_id = a.customer_id AND p."on" <= d.day ORDER BY p."on" DESC LIMIT 1
    ) x ON true
)
SELECT a.customer_id,
    (SELECT greatest(0, max((e.total - b.total) / (m.ends - m.begins))) FROM months m
     JOIN sums b ON b.customer_id = a.customer_id AND b.day = m.begins
     JOIN sums e ON e.customer_id = a.customer_id AND e.day = m.ends),
    (SELECT (e.total - b.total) / (%(last)s::date - %(first)s::date) FROM sums b, sums e
     WHERE b.customer_id = a.customer_id AND e.customer_id = a.customer_id
       AND b.day = %(first)s AND e.day = %(last)s)
FROM asked a
