-- What is known of why these customers are lost: the cause found out in their latest win-back of the quarter, whether a
-- deposit that matured since %(since)s left at least in part, whether they complained, and whether they were handed over.
-- Nothing of complaints somebody must keep away from, or that the web form brought and nobody accepted yet.
-- Plan: for each customer one look-up by the key of each table.
SELECT
    c.id,
    coalesce((
        SELECT w.cause FROM campaigns_winback w
        WHERE w.customer_id = c.id AND w.cause <> '' AND w.opened_on >= %(quarter)s
        ORDER BY w.opened_on DESC LIMIT 1
    ), ''),
    EXISTS (
        SELECT FROM servicing_maturity m
        WHERE m.customer_id = c.id AND m.matures_on >= %(since)s AND m.outcome IN ('left', 'partly')
    ),
    EXISTS (
        SELECT FROM complaints_complaint x
        WHERE x.customer_id = c.id AND x.received_on >= %(since)s AND x.recused = '{}' AND x.state <> 'withdrawn'
            AND NOT (x.source = 'web' AND x.state = 'registered')
    ),
    EXISTS (
        SELECT FROM customers_ownershipchange o
        WHERE o.customer_id = c.id AND o.role = 'owner' AND o.from_user_id IS NOT NULL AND o.to_user_id IS NOT NULL
            AND o."on" >= %(since)s
    )
FROM unnest(%(customers)s::bigint[]) AS c (id)
