-- The narrow row of each touched customer from its last change, with the marks of the ledger day's periods.
UPDATE customers_customerposition p
SET total = c.total, day_sum = c.day_sum, "on" = c."on",
    month_mark = coalesce(m.sum, 0), quarter_mark = coalesce(q.sum, 0), year_mark = coalesce(y.sum, 0)
FROM (SELECT DISTINCT customer_id FROM late) t
CROSS JOIN LATERAL (
    SELECT * FROM customers_positionchange WHERE customer_id = t.customer_id ORDER BY "on" DESC LIMIT 1
) c
LEFT JOIN LATERAL (
    SELECT day_sum + total * (%(month_start)s - 1 - "on") AS sum FROM customers_positionchange
    WHERE customer_id = t.customer_id AND "on" < %(month_start)s ORDER BY "on" DESC LIMIT 1
) m ON true
LEFT JOIN LATERAL (
    SELECT day_sum + total * (%(quarter_start)s - 1 - "on") AS sum FROM customers_positionchange
    WHERE customer_id = t.customer_id AND "on" < %(quarter_start)s ORDER BY "on" DESC LIMIT 1
) q ON true
LEFT JOIN LATERAL (
    SELECT day_sum + total * (%(year_start)s - 1 - "on") AS sum FROM customers_positionchange
    WHERE customer_id = t.customer_id AND "on" < %(year_start)s ORDER BY "on" DESC LIMIT 1
) y ON true
WHERE p.customer_id = t.customer_id
