-- Planned follow-ups of the customers with low < id <= high whose reason went away: done where the customer was spoken
-- to since, else cancelled (another tier or standard, an alert that forbids to call, a record that was merged). Gives
-- their keys and what they become; the service writes by key, so that no plan depends on how many there were last night.
-- Plan: the range's open ones by follow_up_one_rhythm with their positions.
WITH looked_at AS (
    SELECT f.id, f.kind, p.last_contact_on > coalesce((f.facts->>'last')::date, '-infinity') AS is_spoken_to,
        CASE
            WHEN p.customer_id IS NULL THEN true
            WHEN f.kind = 'cadence'
            THEN coalesce(coalesce(p.last_contact_on, p.tier_since) > (%(lasts)s::date[])[p.tier], true)
            WHEN f.kind = 'review' THEN (%(months)s::int[])[p.tier] IS NULL
            WHEN f.kind = 'tier_up' THEN p.tier < (f.facts->>'to')::int
            WHEN f.kind = 'tier_watch' THEN p.watch_since IS NULL
        END OR EXISTS ({blocked}) AS is_gone
    FROM servicing_followup f
    LEFT JOIN customers_customerposition p ON p.customer_id = f.customer_id
    WHERE f.customer_id > %(low)s AND f.customer_id <= %(high)s AND f.is_planned AND f.state = 'open'
      AND f.kind IN ('cadence', 'review', 'tier_up', 'tier_watch')
)
SELECT id, CASE WHEN kind = 'cadence' AND is_spoken_to THEN 'done' ELSE 'cancelled' END FROM looked_at WHERE is_gone
