"""The floor of key figures: what a person would write for the latest day of a bank without merged records.

No histories, no fallbacks for what such a day has not; one pass for each kind of figure, all of them kept.
"""

# Everybody beside the month before, by who has them and who had them.
BASE = """
CREATE TEMP TABLE plain_base ON COMMIT DROP AS
WITH gone AS (
    SELECT customer_id, sum(amount - stayed) AS gone FROM servicing_maturity
    WHERE matures_on BETWEEN %(before)s AND %(day)s AND measured_on <= %(day)s AND stayed < amount GROUP BY 1
)
SELECT p.branch_id, p.manager_id, coalesce(m.branch_id, p.branch_id) AS branch_then,
    CASE WHEN m.month IS NULL THEN p.manager_id ELSE m.manager_id END AS manager_then, p.tier,
    count(*) AS customers, sum(p.total) AS deposits, sum(v.adb) AS adb, sum(v.opening) AS opening,
    sum(v.adb - v.opening) FILTER (WHERE v.adb >= v.opening AND v.opening <= 0 AND v.adb > 0) AS new,
    sum(v.adb - v.opening) FILTER (WHERE v.adb >= v.opening AND NOT (v.opening <= 0 AND v.adb > 0)) AS up,
    sum(v.adb - v.opening + v.left) FILTER (WHERE v.adb < v.opening AND NOT (v.adb <= 0 AND v.opening > 0)) AS down,
    sum(v.adb - v.opening + v.left) FILTER (WHERE v.adb < v.opening AND v.adb <= 0 AND v.opening > 0) AS lost,
    -sum(v.left) FILTER (WHERE v.adb < v.opening) AS matured_left,
    count(*) FILTER (WHERE coalesce(p.last_contact_on, p.tier_since) + (%(everys)s::int[])[p.tier] >= %(day)s) AS kept,
    count(coalesce(p.last_contact_on, p.tier_since) + (%(everys)s::int[])[p.tier]) AS with_rhythm
FROM customers_customerposition p
LEFT JOIN insights_monthclose m ON m.month = %(before)s AND m.customer_id = p.customer_id
LEFT JOIN gone g ON g.customer_id = p.customer_id
CROSS JOIN LATERAL (
    SELECT coalesce(m.adb, 0) AS opening, CASE WHEN p."on" IS NULL THEN 0 ELSE
        round((p.day_sum + p.total * (%(day)s - p."on") - p.month_mark) / %(days)s, 2) END AS adb OFFSET 0
) w
CROSS JOIN LATERAL (
    SELECT w.opening, w.adb, least(w.opening - w.adb, greatest(coalesce(g.gone, 0), 0)) AS left OFFSET 0
) v
GROUP BY 1, 2, 3, 4, 5
"""
FACTS = """
CREATE TEMP TABLE plain_part ON COMMIT DROP AS
SELECT b.branch_id, b.manager_id AS person_id, b.tier, v.measure, v.value::numeric AS value, v.base::numeric AS base
FROM plain_base b CROSS JOIN LATERAL (VALUES ('customers', b.customers, NULL), ('deposits', b.deposits, NULL),
    ('adb', b.adb, NULL), ('adb_new', b.new, NULL), ('adb_up', b.up, NULL), ('adb_down', b.down, NULL),
    ('adb_lost', b.lost, NULL), ('adb_matured_left', b.matured_left, NULL), ('in_rhythm', b.kept, b.with_rhythm)
) AS v (measure, value, base)
UNION ALL
SELECT branch_then, manager_then, tier, 'adb_before', opening, NULL FROM plain_base;
INSERT INTO plain_part
SELECT g.branch_id, g.manager_id, g.tier, v.measure, v.value, v.base
FROM (
    SELECT branch_id, manager_id, tier, count(*) AS base, count(way) AS lost,
        count(*) FILTER (WHERE way = 1) AS closed, count(*) FILTER (WHERE way = 2) AS fallen,
        count(*) FILTER (WHERE way = 3) AS inactive
    FROM (
        SELECT p.branch_id, p.manager_id, m.tier, CASE
            WHEN p.total <= 0 AND NOT EXISTS (
                SELECT FROM customers_account a WHERE a.customer_id = p.customer_id AND a.status <> 'closed' OFFSET 0
            ) THEN 1
            WHEN round((p.day_sum + p.total * (%(day)s - p."on") - p.month_mark) / %(days)s, 2)
                <= m.adb * (100 - %(fall)s) / 100 THEN 2
            WHEN p."on" <= %(quiet)s AND coalesce(p.last_contact_on <= %(quiet)s, true) AND NOT EXISTS (
                SELECT FROM customers_account a WHERE a.customer_id = p.customer_id AND a.matures_on > %(day)s
                    AND a.status <> 'closed' OFFSET 0) THEN 3 END AS way
        FROM insights_monthclose m JOIN customers_customerposition p USING (customer_id)
        WHERE m.month = %(opening)s AND m.total > 0
    ) judged
    GROUP BY 1, 2, 3
) g CROSS JOIN LATERAL (VALUES ('churn', g.lost, g.base), ('churn_closed', g.closed, NULL),
    ('churn_fallen', g.fallen, NULL), ('churn_inactive', g.inactive, NULL)) AS v (measure, value, base);
INSERT INTO plain_part
SELECT p.branch_id, p.manager_id, p.tier, 'maturing', sum(v.value), NULL::numeric
FROM customers_account a JOIN customers_accountbalance v ON v.account_id = a.id AND v.balance > 0
JOIN customers_customerposition p ON p.customer_id = a.customer_id
WHERE a.matures_on > %(day)s AND a.matures_on <= %(matures_until)s AND a.status IN ('open', 'frozen') GROUP BY 1, 2, 3
UNION ALL
SELECT branch_id, manager_id, -1, CASE event WHEN 'up' THEN 'moved_up' ELSE 'moved_down' END, count(*), NULL
FROM tiers_tierchange WHERE "on" = %(day)s AND event IN ('up', 'down') GROUP BY 1, 2, 4
UNION ALL
SELECT branch_id, author_id, -1, 'contacts', count(*), NULL
FROM servicing_interaction WHERE happened_at >= %(begins)s AND happened_at < %(ends)s AND origin <> 'campaign'
GROUP BY 1, 2;
INSERT INTO plain_part
SELECT g.branch_id, g.owner_id, -1, v.measure, v.value, v.base
FROM (
    SELECT p.branch_id, f.owner_id,
        count(*) FILTER (WHERE due_on = %(day)s AND state NOT IN ('skipped', 'cancelled')) AS due,
        count(*) FILTER (WHERE due_on = %(day)s AND state = 'done' AND closed_at < %(ends)s) AS done,
        count(*) FILTER (WHERE created_at < %(ends)s AND coalesce(closed_at >= %(ends)s, true)) AS open,
        count(*) FILTER (WHERE f.kind = 'campaign' AND due_on = %(day)s AND state NOT IN ('skipped', 'cancelled'))
            AS calls,
        count(*) FILTER (WHERE f.kind = 'campaign' AND due_on = %(day)s AND state = 'done' AND closed_at < %(ends)s)
            AS called,
        count(*) FILTER (WHERE state = 'done' AND closed_at >= %(begins)s AND closed_at < %(ends)s
            AND i.outcome = ANY(%(agreed)s)) AS agreed
    FROM servicing_followup f JOIN customers_customerposition p USING (customer_id)
    LEFT JOIN servicing_interaction i ON f.kind = 'campaign' AND i.id = f.interaction_id
    WHERE due_on <= %(day)s AND (closed_at IS NULL OR closed_at >= %(ends)s) OR due_on = %(day)s
        OR f.kind = 'campaign' AND closed_at >= %(begins)s AND closed_at < %(ends)s
    GROUP BY 1, 2
) g CROSS JOIN LATERAL (VALUES ('follow_ups', g.done, g.due), ('overdue', g.open, NULL), ('calls', g.called, g.calls),
    ('calls_agreed', g.agreed, NULL)) AS v (measure, value, base);
INSERT INTO plain_part
SELECT g.branch_id, g.handler_id, -1, v.measure, v.value, NULL
FROM (
    SELECT branch_id, handler_id, count(*) FILTER (WHERE received_on = %(day)s) AS came,
        count(*) FILTER (WHERE is_open) AS open, count(*) FILTER (WHERE is_open AND due_on <= %(day)s) AS late
    FROM (
        SELECT branch_id, handler_id, received_on, due_on, coalesce(answered_on, closed_on) > %(day)s
            OR state IN ('registered', 'accepted', 'investigating', 'proposed', 'reopened') AS is_open
        FROM complaints_complaint WHERE received_on <= %(day)s
    ) c
    WHERE is_open OR received_on = %(day)s GROUP BY 1, 2
) g CROSS JOIN LATERAL (VALUES ('complaints', g.came), ('complaints_open', g.open), ('complaints_late', g.late)
) AS v (measure, value);
INSERT INTO plain_part
SELECT g.branch_id, g.about_id, g.tier, v.measure, v.value, g.count
FROM (
    SELECT a.branch_id, n.about_id, coalesce(p.tier, -1) AS tier, sum(a.score) AS sum,
        sum(a.score::int * a.score) AS squares, count(*) AS count
    FROM servicing_surveyanswer a LEFT JOIN servicing_invitation n ON n.id = a.invitation_id
    LEFT JOIN customers_customerposition p ON p.customer_id = n.customer_id
    WHERE a.answered_at >= %(begins)s AND a.answered_at < %(ends)s GROUP BY 1, 2, 3
) g CROSS JOIN LATERAL (VALUES ('satisfaction', g.sum), ('satisfaction_squares', g.squares)) AS v (measure, value)
UNION ALL
SELECT n.branch_id, n.about_id, coalesce(p.tier, -1), 'response',
    count(*) FILTER (WHERE n.used_at >= %(begins)s AND n.used_at < %(ends)s),
    count(*) FILTER (WHERE n.sent_at >= %(begins)s AND n.sent_at < %(ends)s)
FROM servicing_invitation n LEFT JOIN customers_customerposition p USING (customer_id)
WHERE n.used_at >= %(begins)s AND n.used_at < %(ends)s OR n.sent_at >= %(begins)s AND n.sent_at < %(ends)s
GROUP BY 1, 2, 3
UNION ALL
SELECT p.branch_id, p.manager_id, -1, 'warnings', count(*), NULL
FROM insights_outflowwarning w JOIN customers_customerposition p USING (customer_id)
WHERE w.raised_on <= %(day)s AND (w.closed_on IS NULL OR w.closed_on > %(day)s) GROUP BY 1, 2
UNION ALL
SELECT p.branch_id, p.manager_id, -1, 'warnings_right', count(*) FILTER (WHERE w.verdict = 'right'), count(*)
FROM insights_outflowwarning w JOIN customers_customerposition p USING (customer_id)
WHERE w.closed_on >= %(day)s AND w.judged_at >= %(begins)s AND w.judged_at < %(ends)s
    AND w.verdict IN ('right', 'wrong')
GROUP BY 1, 2
"""
# Facts of a branch count in its region and the bank, those of a person in the team.
UNITS = """
CREATE TEMP TABLE plain_branch ON COMMIT DROP AS
SELECT b.id AS branch_id, u.kind, u.id FROM staff_branch b
JOIN LATERAL (VALUES ('branch', b.id), ('region', b.parent_id),
    ('bank', (SELECT id FROM staff_branch WHERE parent_id IS NULL))) AS u (kind, id) ON b.kind = 'branch';
CREATE TEMP TABLE plain_person ON COMMIT DROP AS
SELECT id AS person_id, 'person' AS kind, id, branch_id AS home FROM staff_user
UNION ALL
SELECT m.user_id, 'team', t.id, t.branch_id
FROM staff_teammember m JOIN staff_team t ON t.id = m.team_id AND t.is_active
WHERE m.since <= %(day)s AND (m.until IS NULL OR m.until > %(day)s);
ANALYZE plain_part; ANALYZE plain_base
"""
ROWS = """
INSERT INTO floor.insights_kpi ("on", unit_kind, unit_id, branch_id, tier, measure, value, base)
SELECT %(day)s, kind, id, home, CASE WHEN grouping(tier) = 1 THEN -1 ELSE tier END, measure, coalesce(sum(value), 0),
    sum(base)
FROM (
    SELECT u.kind, u.id, u.id AS home, f.tier, f.measure, f.value, f.base
    FROM (SELECT branch_id, tier, measure, sum(value) AS value, sum(base) AS base FROM plain_part GROUP BY 1, 2, 3) f
    JOIN plain_branch u USING (branch_id)
    UNION ALL
    SELECT u.kind, u.id, u.home, -1, f.measure, f.value, f.base
    FROM (SELECT person_id, measure, sum(value) AS value, sum(base) AS base FROM plain_part GROUP BY 1, 2) f
    JOIN plain_person u USING (person_id)
    UNION ALL
    SELECT i.kind, h.id, h.id, b.tier, h.measure, h.value, NULL
    FROM plain_base b JOIN plain_branch i ON i.branch_id = b.branch_id
    JOIN plain_branch o ON o.branch_id = b.branch_then AND o.kind = i.kind AND o.id <> i.id
    CROSS JOIN LATERAL (VALUES (i.id, 'adb_handed_in', b.opening), (o.id, 'adb_handed_out', -b.opening)
    ) AS h (id, measure, value)
    WHERE b.branch_id <> b.branch_then
    UNION ALL
    SELECT u.kind, u.id, u.home, -1, h.measure, h.value, NULL
    FROM plain_base b
    CROSS JOIN LATERAL (VALUES (b.manager_id, b.manager_then, 'adb_handed_in', b.opening),
        (b.manager_then, b.manager_id, 'adb_handed_out', -b.opening)) AS h (person_id, other_id, measure, value)
    JOIN plain_person u ON u.person_id = h.person_id
    LEFT JOIN plain_person x ON x.person_id = h.other_id AND x.kind = u.kind AND x.id = u.id
    WHERE b.manager_id IS DISTINCT FROM b.manager_then AND x.id IS NULL
) found
GROUP BY GROUPING SETS ((kind, id, home, measure), (kind, id, home, measure, tier))
HAVING (coalesce(sum(value), 0) <> 0 OR coalesce(sum(base), 0) <> 0)
    AND (grouping(tier) = 1 OR (tier >= 0 AND kind IN ('branch', 'region', 'bank') AND measure = ANY(%(by_tier)s)))
"""
STATEMENTS = (BASE, FACTS, UNITS, ROWS)
