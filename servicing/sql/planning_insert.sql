-- What is wanted, with its owner; what is there already stays as it is (constraints of FollowUp). Gives how many of each
-- kind were new. Follows planning_owned.sql. Plan: the sort keeps reading and writing apart, where the planner takes an
-- empty table's statistics for its size.
, made AS (
    INSERT INTO servicing_followup (
        customer_id, owner_id, kind, title, note, facts, due_on, priority, state, is_planned, planned_for, snoozes,
        run_id, step, created_at, skip_reason, outcome
    )
    SELECT customer_id, owner_id, kind, '', '',
        CASE WHEN first_owner_id IS NULL AND owner_id <> manager_id THEN facts || '{"stands_in": true}' ELSE facts END,
        due_on, priority, 'open', true, planned_for, 0, run_id, step, %(at)s, '', ''
    FROM owned WHERE owner_id IS NOT NULL
    ORDER BY customer_id
    ON CONFLICT DO NOTHING
    RETURNING kind
)
SELECT kind, count(*) FROM made GROUP BY kind
