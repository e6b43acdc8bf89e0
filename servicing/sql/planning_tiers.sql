-- Customers whose tier rose on the day, or who came on watch, where that still holds. Follows planning_away.sql.
-- Plan: the day's changes by (on, branch) or by customer, whichever is less, with the range's positions.
, wanted AS (
    SELECT c.customer_id, p.manager_id, CASE c.event WHEN 'up' THEN 'tier_up' ELSE 'tier_watch' END AS kind,
        NULL::bigint AS first_owner_id, c."on" AS planned_for,
        CASE c.event WHEN 'up' THEN %(up_on)s::date ELSE %(watch_on)s::date END AS due_on,
        CASE c.event WHEN 'up' THEN 2 ELSE 1 END AS priority, NULL::bigint AS run_id, NULL::smallint AS step,
        jsonb_build_object('on', c."on", 'from', c.from_tier, 'to', c.to_tier) AS facts
    FROM tiers_tierchange c
    JOIN customers_customerposition p ON p.customer_id = c.customer_id
    WHERE c."on" = %(day)s AND c.customer_id > %(low)s AND c.customer_id <= %(high)s AND p.manager_id IS NOT NULL
      AND ((c.event = 'up' AND c.from_tier > 0 AND p.tier >= c.to_tier)
           OR (c.event = 'watched' AND p.watch_since IS NOT NULL))
      AND NOT EXISTS ({blocked})
)
