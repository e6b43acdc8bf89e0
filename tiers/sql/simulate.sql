-- Heads by current tier and simulated tier; {value} is a measure over position p. One scan of the narrow table, with
-- parallel workers where the value needs no look-up.
SELECT tier, after, count(*)
FROM (
    SELECT p.tier, greatest(1, width_bucket({value}, %(floors)s::numeric[])) AS after
    FROM customers_customerposition p
    WHERE {visible}
) judged
GROUP BY tier, after
