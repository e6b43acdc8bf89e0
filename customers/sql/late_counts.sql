-- The same for a day before the latest: "before" is what was known of that day.
SELECT count(*) FILTER (WHERE d.first_on IS NULL),
       count(*) FILTER (WHERE d.first_on IS NOT NULL
                        AND (d.balance IS DISTINCT FROM c.balance OR d.value IS DISTINCT FROM c.value))
FROM feed_diff d
LEFT JOIN LATERAL (
    SELECT balance, value FROM customers_balancechange
    WHERE account_id = d.account_id AND "on" <= %(day)s ORDER BY "on" DESC LIMIT 1
) c ON true
WHERE d.kind IN ('N', 'C', 'L')
