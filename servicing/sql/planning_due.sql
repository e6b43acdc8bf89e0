-- What has come due for customers with low < id <= high. Between planning_steps.sql and planning_owned.sql.
-- cadence: the last days of a silence have come (rules.cadence): since the last contact, or since the tier began, at
-- most lasts[tier] has passed without a contact; one that was closed without a contact is wanted again only after some
-- days. review: every so many months after the tier began, as its standard promises, up to the notice. tier_up and
-- tier_watch: the tier rose on the day, or came on watch, and that still holds. Of these none
-- is planned and open, and nothing forbids to call.
-- Plan: one pass over the range of the narrow position table by its key, cheap arithmetic for all and the rest for those
-- that are left; what is open and who is blocked are hashed sets; one look-up of earlier rhythms by
-- follow_up_planned_once for those in silence; the day's changes by customer.
, open_ones AS MATERIALIZED (
    SELECT f.customer_id, f.kind FROM servicing_followup f
    WHERE f.customer_id > %(low)s AND f.customer_id <= %(high)s AND f.is_planned AND f.state = 'open'
      AND f.kind IN ('cadence', 'review', 'tier_up', 'tier_watch')
), places AS MATERIALIZED (
    SELECT p.customer_id, p.manager_id, p.last_contact_on, p.tier_since, (%(everys)s::int[])[p.tier] AS every,
        coalesce(p.last_contact_on, p.tier_since) + (%(everys)s::int[])[p.tier] AS due,
        coalesce(coalesce(p.last_contact_on, p.tier_since) <= (%(lasts)s::date[])[p.tier], false) AS is_silent,
        CASE WHEN p.tier_since IS NOT NULL THEN (%(months)s::int[])[p.tier] END AS months
    FROM customers_customerposition p
    WHERE p.customer_id > %(low)s AND p.customer_id <= %(high)s AND p.manager_id IS NOT NULL
      AND (coalesce(p.last_contact_on, p.tier_since) <= (%(lasts)s::date[])[p.tier]
           OR p.tier_since IS NOT NULL AND (%(months)s::int[])[p.tier] IS NOT NULL)
), promised AS (
    SELECT *, greatest(1, (
        (extract(year FROM %(counted_from)s::date)::int - extract(year FROM tier_since)::int) * 12
        + extract(month FROM %(counted_from)s::date)::int - extract(month FROM tier_since)::int
    ) / months) * months AS passed
    FROM places WHERE months IS NOT NULL
    OFFSET 0
), meetings AS (
    SELECT *, CASE
        WHEN tier_since + make_interval(months => passed) >= %(counted_from)s::date
        THEN (tier_since + make_interval(months => passed))::date
        ELSE (tier_since + make_interval(months => passed + months))::date
    END AS meets_on
    FROM promised
    OFFSET 0
), wanted AS (
    SELECT s.customer_id, s.manager_id, 'cadence' AS kind, NULL::bigint AS first_owner_id,
        CASE WHEN e.closed_at IS NULL THEN s.due ELSE %(day)s END AS planned_for,
        coalesce((%(days)s::date[])[s.due - %(workday)s + 1], %(workday)s) AS due_on,
        2 AS priority, NULL::bigint AS run_id, NULL::smallint AS step,
        jsonb_build_object('last', s.last_contact_on, 'since', s.tier_since, 'every', s.every) AS facts
    FROM places s
    LEFT JOIN LATERAL (
        SELECT max(f.closed_at) AS closed_at FROM servicing_followup f
        WHERE f.customer_id = s.customer_id AND f.kind = 'cadence' AND f.is_planned
          AND f.run_id IS NULL AND f.series_id IS NULL AND f.planned_for >= s.due
    ) e ON true
    WHERE s.is_silent AND (e.closed_at IS NULL OR e.closed_at < %(again)s)
      AND s.customer_id NOT IN (SELECT customer_id FROM open_ones WHERE kind = 'cadence')
      AND s.customer_id NOT IN (SELECT customer_id FROM blocked)
    UNION ALL
    SELECT customer_id, manager_id, 'review', NULL, meets_on,
        coalesce((%(days)s::date[])[meets_on - %(workday)s + 1], %(workday)s), 2, NULL, NULL,
        jsonb_build_object('since', tier_since, 'months', months)
    FROM meetings
    WHERE meets_on <= %(review_until)s
      AND customer_id NOT IN (SELECT customer_id FROM open_ones WHERE kind = 'review')
      AND customer_id NOT IN (SELECT customer_id FROM blocked)
    UNION ALL
    SELECT c.customer_id, p.manager_id, CASE c.event WHEN 'up' THEN 'tier_up' ELSE 'tier_watch' END, NULL, c."on",
        CASE c.event WHEN 'up' THEN %(up_on)s::date ELSE %(watch_on)s::date END,
        CASE c.event WHEN 'up' THEN 2 ELSE 1 END, NULL, NULL,
        jsonb_build_object('on', c."on", 'from', c.from_tier, 'to', c.to_tier)
    FROM tiers_tierchange c
    JOIN customers_customerposition p
        ON p.customer_id = c.customer_id AND p.customer_id > %(low)s AND p.customer_id <= %(high)s
    WHERE c."on" = %(day)s AND c.customer_id > %(low)s AND c.customer_id <= %(high)s AND p.manager_id IS NOT NULL
      AND ((c.event = 'up' AND c.from_tier > 0 AND p.tier >= c.to_tier)
           OR (c.event = 'watched' AND p.watch_since IS NOT NULL))
      AND (c.customer_id, CASE c.event WHEN 'up' THEN 'tier_up' ELSE 'tier_watch' END)
          NOT IN (SELECT customer_id, kind FROM open_ones)
      AND c.customer_id NOT IN (SELECT customer_id FROM blocked)
    UNION ALL
    SELECT * FROM stepped
)
