-- The rows of planning_look.sql: key, state where it is over, else the other owner and whether that is the manager.
-- Follows planning_owned.sql.
SELECT id, state, NULL::bigint, false FROM odd WHERE state IS NOT NULL
UNION ALL
SELECT follow_up_id, NULL, owner_id, owner_id = manager_id FROM owned WHERE owner_id IS NOT NULL AND owner_id <> held_by
