-- Who is away on working days from the next one on, with a deputy of the same unit who may sign in. Begins every planning statement
-- that names owners; read once, a few hundred rows.
WITH away AS MATERIALIZED (
    SELECT a.user_id, a.starts_on, a.ends_on, d.id AS deputy_id
    FROM staff_absence a
    JOIN staff_user u ON u.id = a.user_id
    LEFT JOIN staff_user d ON d.id = a.deputy_id AND d.is_active AND d.branch_id = u.branch_id
    WHERE a.cancelled_at IS NULL AND a.ends_on >= %(workday)s
)
