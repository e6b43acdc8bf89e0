-- The rows of planning_reown.sql that go to another owner: key, owner, and whether that is the manager. Follows
-- planning_owned.sql.
SELECT follow_up_id, owner_id, owner_id = manager_id FROM owned WHERE owner_id IS NOT NULL AND owner_id <> held_by
