-- Review meetings that fall due up to the notice: every so many months after the tier began, as its standard promises.
-- Follows planning_away.sql. Plan: a range of the narrow position table; the arithmetic is done for the tiers that are
-- promised one, the anti-joins for those whose day has come.
, promised AS (
    SELECT p.customer_id, p.manager_id, p.tier_since, (%(months)s::int[])[p.tier] AS months, greatest(1, (
        (extract(year FROM %(counted_from)s::date)::int - extract(year FROM p.tier_since)::int) * 12
        + extract(month FROM %(counted_from)s::date)::int - extract(month FROM p.tier_since)::int
    ) / (%(months)s::int[])[p.tier]) AS passed
    FROM customers_customerposition p
    WHERE p.customer_id > %(low)s AND p.customer_id <= %(high)s
      AND p.tier_since IS NOT NULL AND (%(months)s::int[])[p.tier] IS NOT NULL
), due AS (
    SELECT *, CASE
        WHEN tier_since + make_interval(months => passed * months) >= %(counted_from)s::date
        THEN (tier_since + make_interval(months => passed * months))::date
        ELSE (tier_since + make_interval(months => (passed + 1) * months))::date
    END AS due
    FROM promised
), wanted AS (
    SELECT p.customer_id, p.manager_id, 'review' AS kind, NULL::bigint AS first_owner_id, p.due AS planned_for,
        coalesce((%(days)s::date[])[p.due - %(workday)s + 1], %(workday)s) AS due_on,
        2 AS priority, NULL::bigint AS run_id, NULL::smallint AS step,
        jsonb_build_object('since', p.tier_since, 'months', p.months) AS facts
    FROM due p
    WHERE p.due <= %(review_until)s
      AND NOT EXISTS (
          SELECT FROM servicing_followup f WHERE f.customer_id = p.customer_id AND f.kind = 'review' AND f.is_planned
            AND f.state = 'open' AND f.customer_id > %(low)s AND f.customer_id <= %(high)s
      )
      AND NOT EXISTS ({blocked})
)
