-- Running sums of the touched accounts from %(day)s on, and their latest balance.
WITH known AS (
    SELECT l.account_id, l.customer_id, c."on", c.balance, c.value, c.day_sum AS base
    FROM late l
    CROSS JOIN LATERAL (
        SELECT * FROM customers_balancechange
        WHERE account_id = l.account_id AND "on" < %(day)s ORDER BY "on" DESC LIMIT 1
    ) c
    UNION ALL
    SELECT l.account_id, l.customer_id, c."on", c.balance, c.value, NULL
    FROM late l JOIN customers_balancechange c ON c.account_id = l.account_id AND c."on" >= %(day)s
), steps AS (
    SELECT account_id, "on", value,
           coalesce(base, value + coalesce(lag(value) OVER w * ("on" - lag("on") OVER w - 1), 0)) AS added
    FROM known WINDOW w AS (PARTITION BY account_id ORDER BY "on")
), sums AS (
    SELECT account_id, "on", sum(added) OVER (PARTITION BY account_id ORDER BY "on") AS day_sum FROM steps
)
UPDATE customers_balancechange c SET day_sum = s.day_sum
FROM sums s
WHERE c.account_id = s.account_id AND c."on" = s."on" AND c."on" >= %(day)s AND c.day_sum <> s.day_sum
