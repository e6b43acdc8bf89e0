-- Values in yuan of the foreign balances in table late from %(day)s on, at the last rate not after each change's day.
UPDATE customers_balancechange c
SET value = round(c.balance * (
    SELECT x.rate FROM customers_exchangerate x
    WHERE x.currency = %(currency)s AND x."on" <= c."on" ORDER BY x."on" DESC LIMIT 1
), 2)
FROM late
WHERE c.account_id = late.account_id AND c."on" >= %(day)s
