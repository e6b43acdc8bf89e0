-- Whose the rows of {rows} are on the day they are due (the next working day, when that is past): whom the row itself
-- names (first_owner_id), else the manager; while the manager is away, or may no longer sign in, the deputy named for
-- the absence, else the backup, if these are there; else the manager after all. Nobody is left = no owner.
-- Follows planning_away.sql and the rows. Plan: hash joins with people; the wide customer row is read only for
-- customers whose manager and deputy are both away. OFFSET keeps the owner from being sought again wherever it is named.
, owned AS (
    SELECT w.*, coalesce(
        w.first_owner_id,
        CASE WHEN a.user_id IS NULL AND m.is_active THEN w.manager_id END,
        CASE WHEN NOT EXISTS (
            SELECT FROM away x WHERE x.user_id = a.deputy_id AND w.due_on BETWEEN x.starts_on AND x.ends_on
        ) THEN a.deputy_id END,
        (SELECT c.backup_id FROM customers_customer c JOIN staff_user b ON b.id = c.backup_id AND b.is_active
         WHERE c.id = w.customer_id AND NOT EXISTS (
             SELECT FROM away x WHERE x.user_id = c.backup_id AND w.due_on BETWEEN x.starts_on AND x.ends_on
         )),
        CASE WHEN m.is_active THEN w.manager_id END
    ) AS owner_id
    FROM {rows} w
    JOIN staff_user m ON m.id = w.manager_id
    LEFT JOIN away a ON a.user_id = w.manager_id AND w.due_on BETWEEN a.starts_on AND a.ends_on
    OFFSET 0
)
