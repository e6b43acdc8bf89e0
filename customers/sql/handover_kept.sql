-- Sums of end-of-day deposits of a hand-over's customers over two windows: before it, and since.
-- Four look-ups by the primary key (customer, day) of the history for each customer; nothing is scanned.
SELECT coalesce(sum(before.upto - before.until_start), 0), coalesce(sum(since.upto - since.until_start), 0)
FROM customers_handoveritem i
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT p.day_sum + p.total * (%(before_end)s::date - p."on") FROM customers_positionchange p
                     WHERE p.customer_id = i.customer_id AND p."on" <= %(before_end)s::date
                     ORDER BY p."on" DESC LIMIT 1), 0) AS upto,
           coalesce((SELECT p.day_sum + p.total * (%(before_start)s::date - 1 - p."on") FROM customers_positionchange p
                     WHERE p.customer_id = i.customer_id AND p."on" < %(before_start)s::date
                     ORDER BY p."on" DESC LIMIT 1), 0) AS until_start
) before
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT p.day_sum + p.total * (%(since_end)s::date - p."on") FROM customers_positionchange p
                     WHERE p.customer_id = i.customer_id AND p."on" <= %(since_end)s::date
                     ORDER BY p."on" DESC LIMIT 1), 0) AS upto,
           coalesce((SELECT p.day_sum + p.total * (%(since_start)s::date - 1 - p."on") FROM customers_positionchange p
                     WHERE p.customer_id = i.customer_id AND p."on" < %(since_start)s::date
                     ORDER BY p."on" DESC LIMIT 1), 0) AS until_start
) since
WHERE i.handover_id = %(handover)s AND i.result = %(moved)s
