-- Balance changes of many days at once, for accounts that have none yet, with their running sums.
WITH steps AS (
    SELECT a.id AS account_id, a.customer_id, r."on", r.balance,
           r.balance + coalesce(lag(r.balance) OVER w * (r."on" - lag(r."on") OVER w - 1), 0) AS added
    FROM feed_rows r JOIN customers_account a USING (account_no)
    WHERE a.currency = 'CNY'
    WINDOW w AS (PARTITION BY a.id ORDER BY r."on")
)
INSERT INTO customers_balancechange (account_id, customer_id, "on", balance, value, day_sum)
SELECT account_id, customer_id, "on", balance, balance, sum(added) OVER (PARTITION BY account_id ORDER BY "on")
FROM steps
