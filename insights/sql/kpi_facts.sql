-- What happened on the day, and what is open at its close, as facts of a unit and of the person it belongs to. Contacts
-- are read by unit through their index, tier changes and maturities through theirs; follow-ups, complaints, invitations,
-- answers and warnings are small tables read once.
INSERT INTO kpi_part (branch_id, person_id, tier, measure, value, base)
SELECT i.branch_id, i.author_id, -1, 'contacts', count(*)::numeric, NULL::numeric
FROM staff_branch b
JOIN servicing_interaction i
    ON i.branch_id = b.id AND i.happened_at >= %(begins)s AND i.happened_at < %(ends)s AND i.origin <> 'campaign'
GROUP BY 1, 2
UNION ALL
SELECT branch_id, manager_id, -1, CASE event WHEN 'up' THEN 'moved_up' ELSE 'moved_down' END, count(*)::numeric, NULL::numeric
FROM tiers_tierchange
WHERE "on" = %(day)s AND event IN ('up', 'down')
GROUP BY 1, 2, 4
UNION ALL
SELECT p.branch_id, p.manager_id, p.tier, 'maturing', sum(
    CASE
        WHEN v."on" <= %(day)s THEN v.value
        ELSE (
            SELECT c.value FROM customers_balancechange c
            WHERE c.account_id = v.account_id AND c."on" <= %(day)s ORDER BY c."on" DESC LIMIT 1
        )
    END
)::numeric, NULL::numeric
FROM customers_account a
JOIN customers_accountbalance v ON v.account_id = a.id AND v.balance > 0
JOIN customers_customerposition p ON p.customer_id = a.customer_id
WHERE a.matures_on > %(day)s AND a.matures_on <= %(matures_until)s AND a.status IN ('open', 'frozen')
GROUP BY 1, 2, 3
UNION ALL
SELECT f.branch_id, f.owner_id, -1, v.measure, sum(v.value)::numeric, sum(v.base)::numeric
FROM (
    SELECT
        coalesce(p.branch_id, u.branch_id) AS branch_id,
        f.owner_id,
        f.due_on = %(day)s AND f.state NOT IN ('skipped', 'cancelled') AS is_due,
        f.state = 'done' AND f.closed_at < %(ends)s AS is_done,
        f.created_at < %(ends)s AND (f.closed_at IS NULL OR f.closed_at >= %(ends)s) AS is_open,
        f.kind = 'campaign' AS is_call,
        f.state = 'done' AND f.closed_at >= %(begins)s AND f.closed_at < %(ends)s
        AND i.outcome = ANY(%(agreed)s) AS is_agreed
    FROM servicing_followup f
    JOIN staff_user u ON u.id = f.owner_id
    LEFT JOIN customers_customerposition p ON p.customer_id = f.customer_id
    LEFT JOIN servicing_interaction i ON f.kind = 'campaign' AND i.id = f.interaction_id
    WHERE (f.due_on <= %(day)s AND (f.closed_at IS NULL OR f.closed_at >= %(ends)s))
        OR f.due_on = %(day)s
        OR (f.kind = 'campaign' AND f.closed_at >= %(begins)s AND f.closed_at < %(ends)s)
    OFFSET 0
) f
CROSS JOIN LATERAL (
    VALUES
        ('follow_ups', (f.is_due AND f.is_done)::int, f.is_due::int),
        ('overdue', f.is_open::int, NULL),
        ('calls', (f.is_call AND f.is_due AND f.is_done)::int, (f.is_call AND f.is_due)::int),
        ('calls_agreed', (f.is_call AND f.is_agreed)::int, NULL)
) AS v (measure, value, base)
GROUP BY 1, 2, 4
UNION ALL
SELECT c.branch_id, c.handler_id, -1, v.measure, sum(v.value)::numeric, NULL::numeric
FROM (
    SELECT
        branch_id, handler_id, received_on, due_on,
        state IN ('registered', 'accepted', 'investigating', 'proposed', 'reopened')
        OR coalesce(answered_on, closed_on) > %(day)s AS is_open
    FROM complaints_complaint
    WHERE received_on <= %(day)s
) c
CROSS JOIN LATERAL (
    VALUES
        ('complaints', (c.received_on = %(day)s)::int), ('complaints_open', c.is_open::int),
        ('complaints_late', (c.is_open AND c.due_on <= %(day)s)::int)
) AS v (measure, value)
GROUP BY 1, 2, 4
UNION ALL
SELECT a.branch_id, n.about_id, coalesce(p.tier, -1), v.measure, sum(v.value)::numeric, count(*)::numeric
FROM servicing_surveyanswer a
LEFT JOIN servicing_invitation n ON n.id = a.invitation_id
LEFT JOIN customers_customerposition p ON p.customer_id = n.customer_id
CROSS JOIN LATERAL (
    VALUES ('satisfaction', a.score::int), ('satisfaction_squares', a.score::int * a.score)
) AS v (measure, value)
WHERE a.answered_at >= %(begins)s AND a.answered_at < %(ends)s
GROUP BY 1, 2, 3, 4
UNION ALL
SELECT
    n.branch_id, n.about_id, coalesce(p.tier, -1), 'response',
    count(*) FILTER (WHERE n.used_at >= %(begins)s AND n.used_at < %(ends)s),
    count(*) FILTER (WHERE n.sent_at >= %(begins)s AND n.sent_at < %(ends)s)
FROM servicing_invitation n
LEFT JOIN customers_customerposition p ON p.customer_id = n.customer_id
WHERE (n.used_at >= %(begins)s AND n.used_at < %(ends)s) OR (n.sent_at >= %(begins)s AND n.sent_at < %(ends)s)
GROUP BY 1, 2, 3
UNION ALL
SELECT p.branch_id, p.manager_id, -1, v.measure, sum(v.value)::numeric, sum(v.base)::numeric
FROM insights_outflowwarning w
JOIN customers_customerposition p ON p.customer_id = w.customer_id
CROSS JOIN LATERAL (
    VALUES
        (
            'warnings',
            (w.raised_on <= %(day)s AND (w.closed_on IS NULL OR w.closed_on > %(day)s))::int,
            NULL::int
        ),
        (
            'warnings_right',
            (w.verdict = 'right' AND w.judged_at >= %(begins)s AND w.judged_at < %(ends)s)::int,
            (w.verdict IN ('right', 'wrong') AND w.judged_at >= %(begins)s AND w.judged_at < %(ends)s)::int
        )
) AS v (measure, value, base)
WHERE w.closed_on IS NULL OR w.closed_on >= %(day)s
GROUP BY 1, 2, 4
