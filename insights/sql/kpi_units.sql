-- Which units a fact of a branch belongs to: the branch, the regions above it, the bank; and which one of a person: the
-- person, and the team of that day. `home` is the branch whose people may see the row. Without a head office at the top
-- there is no row of the bank: nobody could be told from a branch head who may not see it.
CREATE TEMP TABLE kpi_unit ON COMMIT DROP AS
WITH top AS (
    SELECT min(id) AS id FROM staff_branch WHERE parent_id IS NULL AND kind = 'head_office'
)
SELECT 'branch' AS unit_kind, b.id AS unit_id, b.id AS home, b.id AS branch_id, NULL::bigint AS person_id
FROM staff_branch b
UNION ALL
SELECT 'region', r.id, r.id, b.id, NULL FROM staff_branch r JOIN staff_branch b ON b.path LIKE r.path || '%%'
WHERE r.kind = 'region' AND r.path <> ''
UNION ALL
SELECT 'bank', t.id, t.id, b.id, NULL FROM top t CROSS JOIN staff_branch b WHERE t.id IS NOT NULL
UNION ALL
SELECT 'person', u.id, u.branch_id, NULL, u.id FROM staff_user u
UNION ALL
SELECT 'team', t.id, t.branch_id, NULL, m.user_id
FROM staff_teammember m JOIN staff_team t ON t.id = m.team_id
WHERE t.is_active AND m.since <= %(day)s AND (m.until IS NULL OR m.until > %(day)s)
