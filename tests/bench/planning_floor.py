"""The floor of planning: the night's work on follow-ups as plain statements over the whole bank at once, in its order.

They write into copies (schema floor) of positions, follow-ups and playbooks, and go by the same values as the product.
No ranges, no guards against a second planner, nothing to begin again after a kill.
"""

AWAY = """
WITH away AS MATERIALIZED (
    SELECT a.user_id, a.starts_on, a.ends_on, d.id AS deputy_id FROM staff_absence a
    JOIN staff_user u ON u.id = a.user_id
    LEFT JOIN staff_user d ON d.id = a.deputy_id AND d.is_active AND d.branch_id = u.branch_id
    WHERE a.cancelled_at IS NULL AND a.ends_on >= %(workday)s
), quiet AS MATERIALIZED (
    SELECT customer_id FROM customers_customeralert
    WHERE dismissed_at IS NULL AND kind IN ('do_not_contact', 'bereavement') AND starts_on <= %(workday)s
      AND coalesce(ends_on, 'infinity') >= %(workday)s
)
"""
# Whose the rows "w" are, by the day they are due.
OWNER = """
coalesce(
    CASE WHEN a.user_id IS NULL AND m.is_active THEN w.manager_id END,
    CASE WHEN NOT EXISTS (
        SELECT FROM away x WHERE x.user_id = a.deputy_id AND w.due_on BETWEEN x.starts_on AND x.ends_on
    ) THEN a.deputy_id END,
    (SELECT b.id FROM customers_customer c JOIN staff_user b ON b.id = c.backup_id AND b.is_active
     WHERE c.id = w.customer_id AND NOT EXISTS (
         SELECT FROM away x WHERE x.user_id = b.id AND w.due_on BETWEEN x.starts_on AND x.ends_on
     )),
    CASE WHEN m.is_active THEN w.manager_id END
)
"""
WHO = """
JOIN staff_user m ON m.id = w.manager_id
LEFT JOIN away a ON a.user_id = w.manager_id AND w.due_on BETWEEN a.starts_on AND a.ends_on
OFFSET 0
"""
ENROL = """
INSERT INTO floor.servicing_playbookrun (customer_id, playbook, version, steps, started_on, state, stop_reason)
SELECT c.id, %(playbook)s, %(version)s, %(steps)s::jsonb, c.opened_on, 'running', ''
FROM customers_customer c JOIN floor.customers_customerposition p ON p.customer_id = c.id
WHERE c.opened_on > %(opened_after)s AND c.opened_on <= %(day)s AND c.merged_into_id IS NULL
  AND p.manager_id IS NOT NULL
  AND c.id NOT IN (SELECT customer_id FROM floor.servicing_playbookrun WHERE playbook = %(playbook)s)
  AND c.id NOT IN (
      SELECT customer_id FROM customers_customeralert
      WHERE dismissed_at IS NULL AND kind = ANY(%(stopping)s) AND starts_on <= %(workday)s
        AND coalesce(ends_on, 'infinity') >= %(workday)s
  )
"""
STOP = """
WITH running AS MATERIALIZED (
    SELECT r.id, r.customer_id, jsonb_array_length(r.steps) AS steps,
        (SELECT count(*) FROM floor.servicing_followup f WHERE f.run_id = r.id AND f.state <> 'open') AS closed
    FROM floor.servicing_playbookrun r WHERE r.state = 'running'
), said AS (
    SELECT DISTINCT ON (customer_id, channel) customer_id, decision FROM customers_consent
    WHERE purpose = 'marketing' AND customer_id IN (SELECT customer_id FROM running)
    ORDER BY customer_id, channel, stated_at DESC, id DESC
), alerted AS (
    SELECT customer_id, min(kind) AS kind FROM customers_customeralert
    WHERE dismissed_at IS NULL AND kind = ANY(%(stopping)s) AND starts_on <= %(workday)s
      AND coalesce(ends_on, 'infinity') >= %(workday)s
    GROUP BY customer_id
), judged AS MATERIALIZED (
    SELECT r.id, r.steps <= r.closed AS is_finished, coalesce(
        a.kind, CASE WHEN s.is_out THEN 'opt_out' END, CASE WHEN p.customer_id IS NULL THEN 'merged' END
    ) AS why
    FROM running r
    LEFT JOIN alerted a USING (customer_id)
    LEFT JOIN (
        SELECT customer_id, bool_and(decision = 'withdrawn') AS is_out FROM said GROUP BY customer_id
    ) s USING (customer_id)
    LEFT JOIN floor.customers_customerposition p USING (customer_id)
), cancelled AS (
    UPDATE floor.servicing_followup f SET state = 'cancelled', closed_at = %(at)s
    FROM judged j WHERE f.run_id = j.id AND j.why IS NOT NULL AND f.state = 'open'
)
UPDATE floor.servicing_playbookrun r
SET state = CASE WHEN j.is_finished THEN 'done' ELSE 'stopped' END, stopped_on = %(day)s,
    stop_reason = CASE WHEN j.is_finished THEN '' ELSE j.why END
FROM judged j WHERE r.id = j.id AND (j.is_finished OR j.why IS NOT NULL)
"""
CLOSE = (
    AWAY
    + """
UPDATE floor.servicing_followup f SET closed_at = %(at)s, state = CASE
    WHEN f.kind = 'cadence' AND p.last_contact_on > coalesce((f.facts->>'last')::date, '-infinity') THEN 'done'
    ELSE 'cancelled' END
FROM floor.customers_customerposition p
WHERE p.customer_id = f.customer_id AND f.is_planned AND f.state = 'open'
  AND f.kind IN ('cadence', 'review', 'tier_up', 'tier_watch')
  AND (CASE f.kind
      WHEN 'cadence' THEN coalesce(coalesce(p.last_contact_on, p.tier_since) > (%(lasts)s::date[])[p.tier], true)
      WHEN 'review' THEN (%(months)s::int[])[p.tier] IS NULL
      WHEN 'tier_up' THEN p.tier < (f.facts->>'to')::int
      ELSE p.watch_since IS NULL END OR p.customer_id IN (SELECT customer_id FROM quiet))
"""
)
MOVE = (
    AWAY
    + f"""
, held AS (
    SELECT f.id, f.customer_id, f.owner_id AS held_by, p.manager_id, greatest(f.due_on, %(workday)s) AS due_on,
        f.facts ? 'stands_in' OR f.owner_id IN (SELECT id FROM staff_user WHERE NOT is_active) AS is_lent,
        f.owner_id IN (SELECT user_id FROM away) AS is_away
    FROM floor.servicing_followup f JOIN floor.customers_customerposition p USING (customer_id)
    WHERE f.is_planned AND f.state = 'open' AND p.manager_id IS NOT NULL
      AND (f.kind <> 'playbook' OR f.run_id IN (SELECT id FROM floor.servicing_playbookrun WHERE state = 'running'))
    OFFSET 0
), odd AS MATERIALIZED (
    SELECT * FROM held WHERE is_lent OR is_away OR held_by <> manager_id
), wanted AS MATERIALIZED (
    SELECT * FROM odd f
    WHERE is_lent OR held_by = manager_id
       OR held_by IN (SELECT id FROM staff_user WHERE role IN ('manager', 'senior_manager', 'expert'))
          AND (SELECT c.backup_id FROM customers_customer c WHERE c.id = f.customer_id) IS DISTINCT FROM held_by
          AND NOT EXISTS (SELECT FROM away x WHERE x.user_id = f.manager_id AND x.deputy_id = f.held_by)
), owned AS MATERIALIZED (
    SELECT w.*, {OWNER} AS owner_id FROM wanted w {WHO}
)
UPDATE floor.servicing_followup f SET owner_id = o.owner_id,
    facts = CASE WHEN o.owner_id = o.manager_id THEN facts - 'stands_in' ELSE facts || '{{"stands_in": true}}' END
FROM owned o WHERE f.id = o.id AND o.owner_id <> o.held_by
"""
)
PLAN = (
    AWAY
    + f"""
, taken AS MATERIALIZED (
    SELECT customer_id, kind FROM floor.servicing_followup
    WHERE is_planned AND state = 'open' AND kind IN ('cadence', 'review', 'tier_up', 'tier_watch')
), silent AS (
    SELECT customer_id, manager_id, last_contact_on, tier_since, (%(everys)s::int[])[tier] AS every,
        coalesce(last_contact_on, tier_since) + (%(everys)s::int[])[tier] AS due
    FROM floor.customers_customerposition
    WHERE coalesce(last_contact_on, tier_since) <= (%(lasts)s::date[])[tier] AND manager_id IS NOT NULL
      AND customer_id NOT IN (SELECT customer_id FROM taken WHERE kind = 'cadence')
), met AS (
    SELECT customer_id, manager_id, tier_since, months, tier_since + make_interval(months => greatest(1, (
        (extract(year FROM %(counted_from)s::date)::int - extract(year FROM tier_since)::int) * 12
        + extract(month FROM %(counted_from)s::date)::int - extract(month FROM tier_since)::int) / months) * months
    ) AS due
    FROM (
        SELECT *, (%(months)s::int[])[tier] AS months FROM floor.customers_customerposition
        WHERE tier_since IS NOT NULL AND (%(months)s::int[])[tier] IS NOT NULL AND manager_id IS NOT NULL OFFSET 0
    ) p
    OFFSET 0
), meetings AS (
    SELECT *, (CASE WHEN due >= %(counted_from)s::date THEN due ELSE due + make_interval(months => months) END)::date
        AS meets_on
    FROM met OFFSET 0
), wanted AS (
    SELECT s.customer_id, s.manager_id, 'cadence' AS kind,
        CASE WHEN e.closed_at IS NULL THEN s.due ELSE %(day)s END AS planned_for,
        coalesce((%(days)s::date[])[s.due - %(workday)s + 1], %(workday)s) AS due_on, 2 AS priority,
        jsonb_build_object('last', s.last_contact_on, 'since', s.tier_since, 'every', s.every) AS facts
    FROM silent s
    LEFT JOIN LATERAL (
        SELECT max(closed_at) AS closed_at FROM floor.servicing_followup f
        WHERE f.customer_id = s.customer_id AND f.kind = 'cadence' AND f.is_planned AND f.run_id IS NULL
          AND f.series_id IS NULL AND f.planned_for >= s.due
    ) e ON true
    WHERE e.closed_at IS NULL OR e.closed_at < %(again)s
    UNION ALL
    SELECT customer_id, manager_id, 'review', meets_on,
        coalesce((%(days)s::date[])[meets_on - %(workday)s + 1], %(workday)s), 2,
        jsonb_build_object('since', tier_since, 'months', months)
    FROM meetings
    WHERE meets_on <= %(review_until)s AND customer_id NOT IN (SELECT customer_id FROM taken WHERE kind = 'review')
    UNION ALL
    SELECT c.customer_id, p.manager_id, k.kind, c."on",
        CASE c.event WHEN 'up' THEN %(up_on)s::date ELSE %(watch_on)s::date END,
        CASE c.event WHEN 'up' THEN 2 ELSE 1 END,
        jsonb_build_object('on', c."on", 'from', c.from_tier, 'to', c.to_tier)
    FROM tiers_tierchange c JOIN floor.customers_customerposition p USING (customer_id)
    CROSS JOIN LATERAL (SELECT CASE c.event WHEN 'up' THEN 'tier_up' ELSE 'tier_watch' END AS kind) k
    WHERE c."on" = %(day)s AND p.manager_id IS NOT NULL
      AND (c.event = 'up' AND c.from_tier > 0 AND p.tier >= c.to_tier
           OR c.event = 'watched' AND p.watch_since IS NOT NULL)
      AND (c.customer_id, k.kind) NOT IN (SELECT customer_id, kind FROM taken)
)
INSERT INTO floor.servicing_followup (customer_id, owner_id, kind, title, note, facts, due_on, priority, state,
    is_planned, planned_for, snoozes, created_at, skip_reason, outcome)
SELECT customer_id, owner_id, kind, '', '',
    CASE WHEN owner_id = manager_id THEN facts ELSE facts || '{{"stands_in": true}}' END,
    due_on, priority, 'open', true, planned_for, 0, %(at)s, '', ''
FROM (
    SELECT w.*, {OWNER} AS owner_id FROM wanted w {WHO}
) o
WHERE owner_id IS NOT NULL AND customer_id NOT IN (SELECT customer_id FROM quiet)
ORDER BY customer_id  -- all of them before the first is written: nobody reads what this writes
ON CONFLICT DO NOTHING
"""
)
STEP = (
    AWAY
    + f"""
, wanted AS MATERIALIZED (
    SELECT r.customer_id, p.manager_id, r.id AS run_id, (s.n - 1)::smallint AS step,
        r.started_on + (s.one->>'days')::int AS planned_for,
        coalesce((%(days)s::date[])[r.started_on + (s.one->>'days')::int - %(workday)s + 1], %(workday)s) AS due_on,
        jsonb_build_object('playbook', r.playbook, 'step', s.one->'key', 'title_zh', s.one->'title_zh', 'title_en',
            s.one->'title_en', 'days', (s.one->>'days')::int) || coalesce(%(playbooks)s::jsonb->r.playbook, '{{}}')
            AS facts
    FROM floor.servicing_playbookrun r JOIN floor.customers_customerposition p USING (customer_id)
    CROSS JOIN LATERAL jsonb_array_elements(r.steps) WITH ORDINALITY s(one, n)
    WHERE r.state = 'running' AND p.manager_id IS NOT NULL AND r.started_on + (s.one->>'days')::int <= %(steps_until)s
      AND NOT EXISTS (SELECT FROM floor.servicing_followup f WHERE f.run_id = r.id AND f.step = s.n - 1)
      AND ((s.one->>'waits_for')::int < 0 OR EXISTS (
          SELECT FROM floor.servicing_followup f
          WHERE f.run_id = r.id AND f.step = (s.one->>'waits_for')::int AND f.state <> 'open'))
)
INSERT INTO floor.servicing_followup (customer_id, owner_id, kind, title, note, facts, due_on, priority, state,
    is_planned, planned_for, snoozes, run_id, step, created_at, skip_reason, outcome)
SELECT customer_id, owner_id, 'playbook', '', '',
    CASE WHEN owner_id = manager_id THEN facts ELSE facts || '{{"stands_in": true}}' END,
    due_on, 2, 'open', true, planned_for, 0, run_id, step, %(at)s, '', ''
FROM (
    SELECT w.*, {OWNER} AS owner_id FROM wanted w {WHO}
) o
WHERE owner_id IS NOT NULL
ON CONFLICT DO NOTHING
"""
)
STATEMENTS = (ENROL, STOP, CLOSE, MOVE, PLAN, STEP)
