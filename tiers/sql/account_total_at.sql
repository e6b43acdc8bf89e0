-- Value in yuan of account balance b at the end of day {at}.
CASE
    WHEN b."on" <= {at} THEN b.value
    ELSE coalesce((
        SELECT c.value FROM customers_balancechange c
        WHERE c.account_id = b.account_id AND c."on" <= {at}
        ORDER BY c."on" DESC
        LIMIT 1
    ), 0)
END
