-- The latest balance row of each touched account, from its changes. Without a balance of its own for the day
-- (a revaluation of what came later) it did not begin on it.
INSERT INTO customers_accountbalance AS b (account_id, customer_id, balance, value, "on", day_sum, first_on)
SELECT l.account_id, l.customer_id, c.balance, c.value, c."on", c.day_sum,
       CASE WHEN l.balance IS NULL THEN 'infinity' ELSE %(day)s::date END
FROM late l
CROSS JOIN LATERAL (
    SELECT * FROM customers_balancechange WHERE account_id = l.account_id ORDER BY "on" DESC LIMIT 1
) c
ON CONFLICT (account_id) DO UPDATE
SET balance = excluded.balance, value = excluded.value, "on" = excluded."on", day_sum = excluded.day_sum,
    first_on = least(b.first_on, excluded.first_on)
