-- The same day for customers: add their accounts' differences to the maintained total and running sum.
WITH moved AS (
    SELECT customer_id, sum(value - coalesce(old_value, 0)) AS difference
    FROM feed_diff WHERE kind IN ('C', 'N') GROUP BY customer_id
), updated AS (
    UPDATE customers_customerposition p
    SET total = p.total + m.difference,
        day_sum = CASE WHEN p."on" IS NULL OR p."on" = %(day)s THEN p.day_sum + m.difference
                       ELSE p.day_sum + p.total * (%(day)s - p."on") + m.difference END,
        "on" = %(day)s
    FROM moved m
    WHERE p.customer_id = m.customer_id AND (m.difference <> 0 OR p."on" IS NULL)
    RETURNING p.customer_id, p.total, p.day_sum
)
INSERT INTO customers_positionchange (customer_id, "on", total, day_sum)
SELECT customer_id, %(day)s, total, day_sum FROM updated
ON CONFLICT (customer_id, "on") DO UPDATE SET total = excluded.total, day_sum = excluded.day_sum
