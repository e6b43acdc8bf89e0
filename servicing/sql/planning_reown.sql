-- Planned follow-ups that are not with whom they belong: lent to a deputy or backup, of a manager who is away when they
-- are due, of somebody who may no longer sign in, or of a manager who no longer has the customer. What a person passed
-- on by hand to somebody who sees the customer stays there. Between planning_away.sql and planning_owned.sql;
-- planning_moved.sql tells. Plan: the range's open ones by follow_up_one_rhythm and of its running playbooks.
, held AS (
    SELECT f.id, f.customer_id, f.owner_id, f.due_on, f.facts FROM servicing_followup f
    WHERE f.customer_id > %(low)s AND f.customer_id <= %(high)s AND f.is_planned AND f.state = 'open'
      AND f.kind IN ('cadence', 'review', 'tier_up', 'tier_watch')
    UNION ALL
    SELECT f.id, f.customer_id, f.owner_id, f.due_on, f.facts FROM servicing_playbookrun r
    JOIN servicing_followup f ON f.run_id = r.id AND f.run_id IS NOT NULL AND f.state = 'open'
    WHERE r.state = 'running' AND r.customer_id > %(low)s AND r.customer_id <= %(high)s
), wanted AS (
    SELECT f.id AS follow_up_id, f.customer_id, p.manager_id, f.owner_id AS held_by, NULL::bigint AS first_owner_id,
        greatest(f.due_on, %(workday)s) AS due_on
    FROM held f
    JOIN customers_customerposition p ON p.customer_id = f.customer_id AND p.manager_id IS NOT NULL
    WHERE f.facts ? 'stands_in' OR f.owner_id IN (SELECT id FROM staff_user WHERE NOT is_active)
       OR (f.owner_id = p.manager_id AND f.owner_id IN (SELECT user_id FROM away) AND EXISTS (
           SELECT FROM away x
           WHERE x.user_id = f.owner_id AND greatest(f.due_on, %(workday)s) BETWEEN x.starts_on AND x.ends_on
       ))
       OR (f.owner_id <> p.manager_id
           AND f.owner_id IN (SELECT id FROM staff_user WHERE role IN ('manager', 'senior_manager', 'expert'))
           AND NOT EXISTS (SELECT FROM customers_customer c WHERE c.id = f.customer_id AND c.backup_id = f.owner_id)
           AND NOT EXISTS (
               SELECT FROM customers_customershare s WHERE s.customer_id = f.customer_id AND s.user_id = f.owner_id
           )
           AND NOT EXISTS (SELECT FROM away x WHERE x.user_id = p.manager_id AND x.deputy_id = f.owner_id))
)
