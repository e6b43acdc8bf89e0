-- Begins the statements that look through a range. Who is away on working days from the next one on, with a deputy of
-- the same unit who may sign in: a few hundred rows. Customers of the range whom an alert forbids to call.
WITH away AS MATERIALIZED (
    SELECT a.user_id, a.starts_on, a.ends_on, d.id AS deputy_id
    FROM staff_absence a
    JOIN staff_user u ON u.id = a.user_id
    LEFT JOIN staff_user d ON d.id = a.deputy_id AND d.is_active AND d.branch_id = u.branch_id
    WHERE a.cancelled_at IS NULL AND a.ends_on >= %(workday)s
), blocked AS MATERIALIZED (
    SELECT a.customer_id FROM customers_customeralert a
    WHERE a.customer_id > %(low)s AND a.customer_id <= %(high)s AND {blocking}
)
