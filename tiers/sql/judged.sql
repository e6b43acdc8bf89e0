-- The part all re-tierings share: customers low..high, their value on the day, the tier before it and after it.
-- {value} is a measure over position p, {before} the tier before the day from v (the position) and t (its change row
-- of the day, when the day was run before). OFFSET keeps the planner from computing the value twice.
-- Plan: one range scan of the narrow position table, the day's change rows hashed or by their unique key.
judged AS (
    SELECT
        v.customer_id, v.tier, v.value, {before} AS before,
        greatest(1, width_bucket(v.value, %(floors)s::numeric[])) AS after,
        t.id AS known_id, t.from_tier AS known_from, t.to_tier AS known_to, t.value AS known_value,
        t.scheme_id AS known_scheme, t.window_from AS known_window
    FROM (
        SELECT p.customer_id, p.tier, {value} AS value
        FROM customers_customerposition p
        WHERE p.customer_id BETWEEN %(low)s AND %(high)s
        OFFSET 0
    ) v
    LEFT JOIN tiers_tierchange t
        ON t.customer_id = v.customer_id AND t."on" = %(day)s AND t.customer_id BETWEEN %(low)s AND %(high)s
)
