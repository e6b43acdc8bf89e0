-- The history of the day from CTE moved: a row for each change, none where a correction undid one. Rows that say the
-- same already are left alone, so that a second run writes nothing.
dropped AS (
    DELETE FROM tiers_tierchange t
    USING moved m
    WHERE t.customer_id = m.customer_id AND t."on" = %(day)s AND t.customer_id BETWEEN %(low)s AND %(high)s
        AND NOT m.is_change
),
written AS (
    INSERT INTO tiers_tierchange AS t (
        customer_id, "on", event, from_tier, to_tier, from_ruled, to_ruled, from_watch, to_watch, override_id,
        scheme_id, measure, value, window_from, window_to, branch_id, manager_id, job_id
    )
    SELECT
        m.customer_id, %(day)s,
        CASE
            WHEN m.before_tier = 0 THEN 'first'
            WHEN m.after_tier > m.was THEN 'up'
            WHEN m.after_tier < m.was THEN 'down'
            WHEN m.before_ruled IS NULL AND m.after_ruled IS NOT NULL THEN 'overridden'
            WHEN m.before_ruled IS NOT NULL AND m.after_ruled IS NULL THEN 'returned'
            WHEN m.after_tier <> m.before_tier OR m.after_tier <> m.same THEN 'renumbered'
            WHEN m.before_watch IS NULL AND m.after_watch IS NOT NULL THEN 'watched'
            WHEN m.before_watch IS NOT NULL AND m.after_watch IS NULL THEN 'cleared'
            ELSE 'ruled'
        END,
        m.before_tier, m.after_tier, m.before_ruled, m.after_ruled, m.before_watch, m.after_watch,
        CASE WHEN m.after_ruled IS NOT NULL THEN m.override_id END,
        %(scheme)s, (%(figures)s::text[])[m.pick], m.value, (%(starts)s::date[])[m.pick], %(day)s,
        m.branch_id, m.manager_id, %(job)s
    FROM moved m
    WHERE m.is_change
    ON CONFLICT (customer_id, "on") DO UPDATE
    SET event = excluded.event, from_tier = excluded.from_tier, to_tier = excluded.to_tier,
        from_ruled = excluded.from_ruled, to_ruled = excluded.to_ruled, from_watch = excluded.from_watch,
        to_watch = excluded.to_watch, override_id = excluded.override_id, scheme_id = excluded.scheme_id,
        measure = excluded.measure, value = excluded.value, window_from = excluded.window_from,
        branch_id = excluded.branch_id, manager_id = excluded.manager_id, job_id = excluded.job_id
    WHERE (t.event, t.from_tier, t.to_tier, t.from_ruled, t.to_ruled, t.from_watch, t.to_watch, t.override_id,
            t.scheme_id, t.measure, t.value, t.window_from)
        IS DISTINCT FROM
        (excluded.event, excluded.from_tier, excluded.to_tier, excluded.from_ruled, excluded.to_ruled,
            excluded.from_watch, excluded.to_watch, excluded.override_id,
            excluded.scheme_id, excluded.measure, excluded.value, excluded.window_from)
)
