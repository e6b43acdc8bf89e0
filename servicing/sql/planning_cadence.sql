-- Customers with low < id <= high in whose silence the last days have come (rules.cadence): since the last contact, or
-- since the tier began, at most lasts[tier] has passed without a contact, none is planned and open, nothing forbids to
-- call. One that was closed without a contact is wanted again only after some days. Follows planning_away.sql.
-- Plan: a range of the narrow position table by its key, anti-joins with the range's open ones (follow_up_one_rhythm)
-- and standing alerts (alert_standing); for those that are left one look-up of earlier ones (follow_up_planned_once).
, silent AS (
    SELECT p.customer_id, p.manager_id, p.last_contact_on, p.tier_since, (%(everys)s::int[])[p.tier] AS every,
        coalesce(p.last_contact_on, p.tier_since) + (%(everys)s::int[])[p.tier] AS due
    FROM customers_customerposition p
    WHERE p.customer_id > %(low)s AND p.customer_id <= %(high)s
      AND coalesce(p.last_contact_on, p.tier_since) <= (%(lasts)s::date[])[p.tier]
      AND NOT EXISTS (
          SELECT FROM servicing_followup f
          WHERE f.customer_id = p.customer_id AND f.kind = 'cadence' AND f.is_planned AND f.state = 'open'
            AND f.customer_id > %(low)s AND f.customer_id <= %(high)s
      )
      AND NOT EXISTS ({blocked})
), wanted AS (
    SELECT s.customer_id, s.manager_id, 'cadence' AS kind, NULL::bigint AS first_owner_id,
        CASE WHEN e.closed_at IS NULL THEN s.due ELSE %(day)s END AS planned_for,
        coalesce((%(days)s::date[])[s.due - %(workday)s + 1], %(workday)s) AS due_on,
        2 AS priority, NULL::bigint AS run_id, NULL::smallint AS step,
        jsonb_build_object('last', s.last_contact_on, 'since', s.tier_since, 'every', s.every) AS facts
    FROM silent s
    LEFT JOIN LATERAL (
        SELECT max(f.closed_at) AS closed_at FROM servicing_followup f
        WHERE f.customer_id = s.customer_id AND f.kind = 'cadence' AND f.is_planned
          AND f.run_id IS NULL AND f.series_id IS NULL AND f.planned_for >= s.due
    ) e ON true
    WHERE e.closed_at IS NULL OR e.closed_at < %(again)s
)
