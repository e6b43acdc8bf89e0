-- S({at}) of position p: the sum of its end-of-day totals up to and including day {at} (architecture.md 6).
CASE
    WHEN p."on" <= {at} THEN p.day_sum + p.total * ({at} - p."on")
    WHEN p."on" IS NULL THEN 0
    ELSE coalesce((
        SELECT c.day_sum + c.total * ({at} - c."on")
        FROM customers_positionchange c
        WHERE c.customer_id = p.customer_id AND c."on" <= {at}
        ORDER BY c."on" DESC
        LIMIT 1
    ), 0)
END
