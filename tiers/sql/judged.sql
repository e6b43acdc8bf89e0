-- The part all re-tierings share: customers low..high, their value on the day, their standing before it and after it
-- (rules/deciding.py has the same in words). {value} and {pick} are the measure over position p and the figure that
-- gave it, {counted} a join for schemes by which not all products count, {before} the standing before the day.
-- `same` is the number the tier before has by the day's scheme (0 = gone), `was` that or else its former number.
-- One width_bucket finds band and nearness; OFFSET keeps the planner from computing value and zone more than once.
-- Plan: one range scan of the narrow position table, the day's change rows hashed or by their unique key.
judged AS (
    SELECT
        h.customer_id, h.tier, h.tier_since, h.ruled_tier, h.watch_since, h.near, h.value, h.pick, h.override_id,
        h.before_tier, h.before_ruled, h.before_watch,
        h.same, coalesce(nullif(h.same, 0), h.before_tier) AS was,
        coalesce(h.given, CASE WHEN h.is_kept THEN h.held ELSE h.band END) AS after_tier,
        CASE WHEN h.given IS NOT NULL THEN CASE WHEN h.is_kept THEN h.held ELSE h.band END END AS after_ruled,
        CASE WHEN h.is_kept THEN coalesce(h.before_watch, %(day)s) END AS after_watch,
        CASE
            WHEN coalesce(h.given, CASE WHEN h.is_kept THEN h.held ELSE h.band END) > h.band THEN 2
            WHEN h.given < h.band THEN 0
            ELSE (%(zone_near)s::smallint[])[h.zone + 1]
        END AS after_near,
        h.known_id, h.known_from, h.known_to, h.branch_id, h.manager_id
    FROM (
        SELECT
            z.*,
            (%(zone_bands)s::smallint[])[z.zone + 1] AS band,
            coalesce((%(ranks)s::smallint[])[coalesce(z.before_ruled, z.before_tier)], 0) AS held,
            coalesce((%(ranks)s::smallint[])[z.before_tier], 0) AS same,
            (%(zone_bands)s::smallint[])[z.zone + 1]
                < coalesce((%(ranks)s::smallint[])[coalesce(z.before_ruled, z.before_tier)], 0)
                AND coalesce(z.before_watch, %(day)s) >= %(watch_limit)s AS is_kept
        FROM (
            SELECT
                v.customer_id, v.branch_id, v.manager_id, v.tier, v.tier_since, v.ruled_tier, v.watch_since, v.near,
                v.value, v.pick,
                width_bucket(v.value, %(zone_bounds)s::numeric[]) AS zone,
                o.id AS override_id, array_position(%(letters)s::text[], o.letter::text)::smallint AS given,
                {before},
                t.id AS known_id, t.from_tier AS known_from, t.to_tier AS known_to
            FROM (
                SELECT p.customer_id, p.branch_id, p.manager_id, p.tier, p.tier_since, p.ruled_tier, p.watch_since, p.near,
                    {value} AS value, {pick} AS pick
                FROM customers_customerposition p
                {counted}
                WHERE p.customer_id BETWEEN %(low)s AND %(high)s
                OFFSET 0
            ) v
            LEFT JOIN tiers_tierchange t
                ON t.customer_id = v.customer_id AND t."on" = %(day)s AND t.customer_id BETWEEN %(low)s AND %(high)s
            LEFT JOIN (
                SELECT DISTINCT ON (customer_id) customer_id, id, letter FROM tiers_tieroverride
                WHERE status IN ('approved', 'ended') AND %(day)s BETWEEN starts_on AND ends_on
                    AND customer_id BETWEEN %(low)s AND %(high)s
                ORDER BY customer_id, id DESC
            ) o ON o.customer_id = v.customer_id
            {earlier}
            OFFSET 0
        ) z
        OFFSET 0
    ) h
)
