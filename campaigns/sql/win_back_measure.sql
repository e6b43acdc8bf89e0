-- The ADB of the `window` days after an attempt was closed, of those whose days are full by `until` and which are not
-- measured yet, in yuan. A customer merged since is read under the record that was kept.
-- Plan: the closed ones that are not measured, few; two look-ups each by the key (customer, day) of the history.
UPDATE campaigns_winback w SET after = round(d.average, 2), measured_on = %(day)s
FROM (
    SELECT o.id, (
        coalesce(e.day_sum + e.total * (o.closed_on + %(window)s::int - e."on"), 0)
        - coalesce(b.day_sum + b.total * (o.closed_on - b."on"), 0)
    ) / %(window)s::int AS average
    FROM campaigns_winback o
    JOIN customers_customer c ON c.id = o.customer_id
    LEFT JOIN LATERAL (
        SELECT p."on", p.total, p.day_sum FROM customers_positionchange p
        WHERE p.customer_id = coalesce(c.merged_into_id, c.id) AND p."on" <= o.closed_on ORDER BY p."on" DESC LIMIT 1
    ) b ON true
    LEFT JOIN LATERAL (
        SELECT p."on", p.total, p.day_sum FROM customers_positionchange p
        WHERE p.customer_id = coalesce(c.merged_into_id, c.id) AND p."on" <= o.closed_on + %(window)s::int
        ORDER BY p."on" DESC LIMIT 1
    ) e ON true
    WHERE o.state = 'closed' AND o.measured_on IS NULL AND o.closed_on + %(window)s::int <= %(until)s::date
) d
WHERE w.id = d.id
