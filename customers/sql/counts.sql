-- Of a day's staged balances: accounts with their first one, and with another one than before.
SELECT count(*) FILTER (WHERE first_on IS NULL),
       count(*) FILTER (WHERE first_on IS NOT NULL AND (balance <> old_balance OR value <> old_value))
FROM feed_diff WHERE kind IN ('N', 'C', 'L')
