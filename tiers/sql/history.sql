-- The history of the day from CTE moved: a row for each change, none where a correction undid one. Rows that say the
-- same already are left alone, so that a second run writes nothing.
dropped AS (
    DELETE FROM tiers_tierchange t
    USING moved m
    WHERE t.customer_id = m.customer_id AND t."on" = %(day)s AND t.customer_id BETWEEN %(low)s AND %(high)s
        AND m.after = m.before
),
written AS (
    INSERT INTO tiers_tierchange AS t (
        customer_id, "on", from_tier, to_tier, scheme_id, measure, value, window_from, window_to,
        branch_id, manager_id, job_id
    )
    SELECT
        m.customer_id, %(day)s, m.before, m.after, %(scheme)s, %(measure)s, m.value, %(window_from)s, %(day)s,
        p.branch_id, p.manager_id, %(job)s
    FROM moved m
    JOIN customers_customerposition p
        ON p.customer_id = m.customer_id AND p.customer_id BETWEEN %(low)s AND %(high)s
    WHERE m.after <> m.before
        AND (m.known_from, m.known_to, m.known_value, m.known_scheme, m.known_window)
        IS DISTINCT FROM (m.before, m.after, m.value, %(scheme)s, %(window_from)s)
    ON CONFLICT (customer_id, "on") DO UPDATE
    SET from_tier = excluded.from_tier, to_tier = excluded.to_tier, scheme_id = excluded.scheme_id,
        measure = excluded.measure, value = excluded.value, window_from = excluded.window_from,
        branch_id = excluded.branch_id, manager_id = excluded.manager_id, job_id = excluded.job_id
)
