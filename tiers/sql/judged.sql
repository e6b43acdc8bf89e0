-- The part all re-tierings share: customers low..high, their value on the day, the tier before it and after it.
-- {value} is a measure over position p, {before} the tier before the day from v (the position) and t (its change row
-- of the day, when the day was run before). OFFSET keeps the planner from computing the value twice.
-- Plan: one range scan of the narrow position table, the day's change rows hashed or by their unique key.
judged AS (
    SELECT
        v.customer_id, v.tier, v.value, t.id AS change_id, {before} AS before,
        greatest(1, width_bucket(v.value, %(floors)s::numeric[])) AS after
    FROM (
        SELECT p.customer_id, p.tier, {value} AS value
        FROM customers_customerposition p
        WHERE p.customer_id BETWEEN %(low)s AND %(high)s
        OFFSET 0
    ) v
    LEFT JOIN tiers_tierchange t
        ON t.customer_id = v.customer_id AND t."on" = %(day)s AND t.customer_id BETWEEN %(low)s AND %(high)s
)
