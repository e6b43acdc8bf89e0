-- Of the people of the units %(units)s: how many there are, how many lack a certificate they have to have on %(day)s, and
-- how many hold one that runs out by %(until)s. What staff.queries.training.needs_of says person by person.
-- Plan: the people of the units with their teams, each with the few courses that are required; the certificate that
-- counts (the last one that stands) by certificate_of_person.
WITH required AS MATERIALIZED (
    SELECT c.id, c.roles, c.tiers, CASE WHEN c.kind = %(self_study)s THEN
        array(SELECT q.created_by_id FROM staff_question q WHERE q.course_id = c.id AND q.is_current) || c.created_by_id
    END AS authors
    FROM staff_course c
    WHERE c.state = %(in_use)s AND c.is_required
)
SELECT count(*), count(*) FILTER (WHERE lacks), count(*) FILTER (WHERE ends)
FROM (
    SELECT
        bool_or(c.id IS NOT NULL AND (h.id IS NULL OR h.expires_on < %(day)s)) AS lacks,
        bool_or(h.expires_on BETWEEN %(day)s AND %(until)s) AS ends
    FROM staff_user p
    LEFT JOIN (staff_teammember m JOIN staff_team t ON t.id = m.team_id AND t.is_active)
        ON m.user_id = p.id AND m.until IS NULL
    LEFT JOIN required c
        ON (c.roles = '{}' OR p.role = ANY(c.roles))
        AND (c.tiers = '{}' OR c.tiers && t.tiers)
        AND p.id <> ALL(coalesce(c.authors, '{}'))
    LEFT JOIN LATERAL (
        SELECT k.id, k.expires_on FROM staff_certificate k
        WHERE k.user_id = p.id AND k.course_id = c.id AND k.revoked_at IS NULL
        ORDER BY k.issued_on DESC, k.id DESC LIMIT 1
    ) h ON true
    WHERE p.is_active AND p.branch_id = ANY(%(units)s)
    GROUP BY p.id
) people
