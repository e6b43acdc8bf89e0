-- Accounts that a later day named without a change of balance: that day's balance must hold against the late row,
-- so it gets a change row of its own (its running sum is rebuilt afterwards).
INSERT INTO customers_balancechange (account_id, customer_id, "on", balance, value, day_sum)
SELECT n.account_id, l.customer_id, n."on", c.balance, c.value, 0
FROM late_next n
JOIN late l USING (account_id)
CROSS JOIN LATERAL (
    SELECT balance, value, "on" FROM customers_balancechange
    WHERE account_id = n.account_id AND "on" <= n."on" ORDER BY "on" DESC LIMIT 1
) c
WHERE c."on" <= %(day)s OR %(closing)s
ON CONFLICT (account_id, "on") DO NOTHING
