-- What is to be done with the planned follow-ups that are open for customers with low < id <= high: their keys, the state
-- of those whose reason went away (done where the customer was spoken to since, else cancelled: another tier or standard,
-- an alert that forbids to call, a record that was merged), and the owner of those that are not with whom they belong,
-- with whether that is the manager. Those have been lent to a deputy or backup, are of a manager who is away when they
-- are due, of somebody who may no longer sign in, or of a manager who no longer has the customer; what a person passed
-- on by hand to somebody who sees the customer stays there. The service writes by key, so that no plan depends on how
-- many there were last night.
-- Plan: the range's open ones by follow_up_one_rhythm and of its running playbooks, one hash join with the range's
-- positions; the wide customer row is read by key for the few that are with somebody else's manager.
, held AS (
    SELECT f.id, f.customer_id, f.kind, f.owner_id, f.due_on, f.facts FROM servicing_followup f
    WHERE f.customer_id > %(low)s AND f.customer_id <= %(high)s AND f.is_planned AND f.state = 'open'
      AND f.kind IN ('cadence', 'review', 'tier_up', 'tier_watch')
    UNION ALL
    SELECT f.id, f.customer_id, f.kind, f.owner_id, f.due_on, f.facts FROM servicing_playbookrun r
    JOIN servicing_followup f ON f.run_id = r.id AND f.run_id IS NOT NULL AND f.state = 'open'
    WHERE r.state = 'running' AND r.customer_id > %(low)s AND r.customer_id <= %(high)s
), judged AS (
    SELECT f.id, f.customer_id, f.owner_id, p.manager_id, greatest(f.due_on, %(workday)s) AS due_on,
        CASE WHEN f.kind <> 'playbook' AND (
            CASE
                WHEN p.customer_id IS NULL THEN true
                WHEN f.kind = 'cadence'
                THEN coalesce(coalesce(p.last_contact_on, p.tier_since) > (%(lasts)s::date[])[p.tier], true)
                WHEN f.kind = 'review' THEN (%(months)s::int[])[p.tier] IS NULL
                WHEN f.kind = 'tier_up' THEN p.tier < (f.facts->>'to')::int
                WHEN f.kind = 'tier_watch' THEN p.watch_since IS NULL
            END OR f.customer_id IN (SELECT customer_id FROM blocked)
        ) THEN CASE
            WHEN f.kind = 'cadence' AND p.last_contact_on > coalesce((f.facts->>'last')::date, '-infinity')
            THEN 'done' ELSE 'cancelled' END
        END AS state,
        f.owner_id <> p.manager_id OR f.facts ? 'stands_in' OR f.owner_id IN (SELECT user_id FROM away)
            OR f.owner_id IN (SELECT id FROM staff_user WHERE NOT is_active) AS is_odd,
        f.facts ? 'stands_in' OR f.owner_id IN (SELECT id FROM staff_user WHERE NOT is_active) AS is_lent
    FROM held f
    LEFT JOIN customers_customerposition p
        ON p.customer_id = f.customer_id AND p.customer_id > %(low)s AND p.customer_id <= %(high)s
    OFFSET 0
), odd AS MATERIALIZED (
    SELECT * FROM judged WHERE state IS NOT NULL OR is_odd
), wanted AS (
    SELECT f.id AS follow_up_id, f.customer_id, f.manager_id, f.owner_id AS held_by, NULL::bigint AS first_owner_id,
        f.due_on
    FROM odd f
    WHERE f.state IS NULL AND f.manager_id IS NOT NULL AND (
        f.is_lent
        OR (f.owner_id = f.manager_id AND EXISTS (
            SELECT FROM away x WHERE x.user_id = f.owner_id AND f.due_on BETWEEN x.starts_on AND x.ends_on
        ))
        OR (f.owner_id <> f.manager_id
            AND f.owner_id IN (SELECT id FROM staff_user WHERE role IN ('manager', 'senior_manager', 'expert'))
            AND (SELECT c.backup_id FROM customers_customer c WHERE c.id = f.customer_id) IS DISTINCT FROM f.owner_id
            AND NOT EXISTS (
                SELECT FROM customers_customershare s WHERE s.customer_id = f.customer_id AND s.user_id = f.owner_id
                OFFSET 0
            )
            AND NOT EXISTS (SELECT FROM away x WHERE x.user_id = f.manager_id AND x.deputy_id = f.owner_id))
    )
)
