-- Total of position p at the end of day {at}: its own, or, when that is newer, the one it had then. A CASE is lazy:
-- the look-up runs only for positions that changed after the day.
CASE
    WHEN p."on" <= {at} THEN p.total
    WHEN p."on" IS NULL THEN 0
    ELSE coalesce((
        SELECT c.total
        FROM customers_positionchange c
        WHERE c.customer_id = p.customer_id AND c."on" <= {at}
        ORDER BY c."on" DESC
        LIMIT 1
    ), 0)
END
