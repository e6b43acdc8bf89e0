-- The same for a day before the latest: "before" is what was known of that day. Only accounts that changed after it
-- need a look at their history; of the others the latest balance is that day's too.
SELECT count(*) FILTER (WHERE d.first_on IS NULL),
       count(*) FILTER (WHERE d.first_on IS NOT NULL AND CASE
           WHEN d.old_on <= %(day)s THEN d.balance <> d.old_balance OR d.value <> d.old_value
           ELSE d.balance IS DISTINCT FROM c.balance OR d.value IS DISTINCT FROM c.value END)
FROM feed_diff d
LEFT JOIN LATERAL (
    SELECT balance, value FROM customers_balancechange
    WHERE account_id = d.account_id AND "on" <= %(day)s AND d.old_on > %(day)s ORDER BY "on" DESC LIMIT 1
) c ON true
WHERE d.kind IN ('N', 'C', 'L')
