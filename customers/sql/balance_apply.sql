-- New end-of-day balances of a day after everything known: latest balance in place, one change row each.
-- Running sum: what it was, plus the old value for each day in between, plus the new value for the day itself.
WITH changed AS (
    UPDATE customers_accountbalance b
    SET balance = d.balance, value = d.value, "on" = %(day)s,
        day_sum = b.day_sum + b.value * (%(day)s - b."on" - 1) + d.value
    FROM feed_diff d
    WHERE d.kind = 'C' AND b.account_id = d.account_id
    RETURNING b.account_id, b.customer_id, b.balance, b.value, b.day_sum
), added AS (
    INSERT INTO customers_accountbalance (account_id, customer_id, balance, value, "on", day_sum, first_on)
    SELECT account_id, customer_id, balance, value, %(day)s, value, %(day)s FROM feed_diff WHERE kind = 'N'
    RETURNING account_id, customer_id, balance, value, day_sum
)
INSERT INTO customers_balancechange (account_id, customer_id, "on", balance, value, day_sum)
SELECT account_id, customer_id, %(day)s, balance, value, day_sum FROM changed
UNION ALL
SELECT account_id, customer_id, %(day)s, balance, value, day_sum FROM added
