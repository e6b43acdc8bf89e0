-- Steps of playbooks under way whose day has come and whose earlier step is closed. Follows planning_away.sql.
-- Plan: the range's running ones (playbook_one_running), their follow-ups by follow_up_step_once.
, stepped AS (
    SELECT r.customer_id, p.manager_id, 'playbook' AS kind,
        CASE s.one->>'doer'
            WHEN 'backup' THEN (
                SELECT b.id FROM customers_customer c JOIN staff_user b ON b.id = c.backup_id AND b.is_active
                WHERE c.id = r.customer_id
            )
            WHEN 'head' THEN (
                SELECT min(h.id) FROM staff_user h
                WHERE h.branch_id = p.branch_id AND h.role = 'branch_head' AND h.is_active
            )
        END AS first_owner_id,
        r.started_on + (s.one->>'days')::int AS planned_for,
        coalesce(
            (%(days)s::date[])[r.started_on + (s.one->>'days')::int - %(workday)s + 1], %(workday)s
        ) AS due_on,
        2 AS priority, r.id AS run_id, (s.n - 1)::smallint AS step,
        jsonb_build_object(
            'playbook', r.playbook, 'step', s.one->'key', 'title_zh', s.one->'title_zh', 'title_en', s.one->'title_en',
            'days', (s.one->>'days')::int
        ) || coalesce(%(playbooks)s::jsonb -> r.playbook, '{}') AS facts
    FROM servicing_playbookrun r
    JOIN customers_customerposition p ON p.customer_id = r.customer_id
    CROSS JOIN LATERAL jsonb_array_elements(r.steps) WITH ORDINALITY s(one, n)
    WHERE r.state = 'running' AND r.customer_id > %(low)s AND r.customer_id <= %(high)s AND p.manager_id IS NOT NULL
      AND r.started_on + (s.one->>'days')::int <= %(steps_until)s
      AND NOT EXISTS (SELECT FROM servicing_followup f WHERE f.run_id = r.id AND f.step = s.n - 1)
      AND ((s.one->>'waits_for')::int < 0 OR EXISTS (
          SELECT FROM servicing_followup f
          WHERE f.run_id = r.id AND f.step = (s.one->>'waits_for')::int AND f.state <> 'open'
      ))
)
