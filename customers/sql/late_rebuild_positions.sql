-- Customers of the touched accounts: their change rows from %(day)s on, from the changes of all their accounts.
WITH touched AS (
    SELECT DISTINCT customer_id FROM late
), account AS (
    SELECT a.id AS account_id, a.customer_id FROM customers_account a JOIN touched USING (customer_id)
), events AS (
    SELECT a.customer_id, a.account_id, c."on", c.value,
           coalesce(lag(c.value) OVER (PARTITION BY a.account_id ORDER BY c."on"), before.value, 0) AS old_value
    FROM account a
    JOIN customers_balancechange c ON c.account_id = a.account_id AND c."on" >= %(day)s
    LEFT JOIN LATERAL (
        SELECT value FROM customers_balancechange
        WHERE account_id = a.account_id AND "on" < %(day)s ORDER BY "on" DESC LIMIT 1
    ) before ON true
), days AS (
    SELECT customer_id, "on", sum(value - old_value) AS difference FROM events GROUP BY customer_id, "on"
), totals AS (
    SELECT d.customer_id, d."on", base."on" AS base_on, coalesce(base.total, 0) AS base_total,
           coalesce(base.day_sum, 0) AS base_sum,
           coalesce(base.total, 0) + sum(d.difference) OVER (PARTITION BY d.customer_id ORDER BY d."on") AS total
    FROM days d
    LEFT JOIN LATERAL (
        SELECT "on", total, day_sum FROM customers_positionchange
        WHERE customer_id = d.customer_id AND "on" < %(day)s ORDER BY "on" DESC LIMIT 1
    ) base ON true
), steps AS (
    SELECT customer_id, "on", total, base_sum,
           total + coalesce(lag(total) OVER w * ("on" - lag("on") OVER w - 1),
                            base_total * ("on" - base_on - 1), 0) AS added
    FROM totals WINDOW w AS (PARTITION BY customer_id ORDER BY "on")
)
INSERT INTO customers_positionchange (customer_id, "on", total, day_sum)
SELECT customer_id, "on", total, base_sum + sum(added) OVER (PARTITION BY customer_id ORDER BY "on") FROM steps
ON CONFLICT (customer_id, "on") DO UPDATE SET total = excluded.total, day_sum = excluded.day_sum
