-- Accounts whose balance counts as nothing because their currency has no rate on or before the day.
SELECT a.currency, count(*)
FROM customers_account a
JOIN customers_accountbalance b ON b.account_id = a.id
WHERE a.currency <> 'CNY' AND b.balance <> 0
    AND NOT EXISTS (SELECT FROM customers_exchangerate x WHERE x.currency = a.currency AND x."on" <= %(day)s)
GROUP BY a.currency
ORDER BY a.currency
