-- What customers had at the close of %(last)s: of positions that changed since, one look-up in the history each.
sum(
    CASE
        WHEN p."on" <= %(last)s THEN p.total
        ELSE coalesce(
            (
                SELECT c.total FROM customers_positionchange c
                WHERE c.customer_id = p.customer_id AND c."on" <= %(last)s ORDER BY c."on" DESC LIMIT 1
            ),
            0
        )
    END
)
