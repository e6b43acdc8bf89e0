-- S({at}) of account balance b: the sum of its end-of-day values in yuan up to and including day {at}.
CASE
    WHEN b."on" <= {at} THEN b.day_sum + b.value * ({at} - b."on")
    ELSE coalesce((
        SELECT c.day_sum + c.value * ({at} - c."on") FROM customers_balancechange c
        WHERE c.account_id = b.account_id AND c."on" <= {at}
        ORDER BY c."on" DESC
        LIMIT 1
    ), 0)
END
