-- Clocks that have passed a rung by %(day)s and were not taken up there: the highest rung passed of each clock of each
-- open case, and of reviews that wait. `horizon` holds, for so many workdays left, the last deadline that has no more
-- of them left after %(day)s: the calendar is asked once, not once a case.
-- Plan: open cases through the partial index of their clocks (the states repeat complaints.rules.moves.OPEN; a test
-- compares them), hash joins with a few hundred rows of rungs and horizon, one look-up a hit in escalation_fires_once.
WITH rungs AS (
    SELECT unnest(%(rungs)s::int[]) AS rung
), horizon AS (
    SELECT * FROM unnest(%(lefts)s::int[], %(untils)s::date[]) AS h (days_left, until)
), cases AS (
    SELECT id, number, round, grade, handler_id, desk_id, recused, due_on, due_days, internal_days, internal_due_on,
           contact_due_on, contacted_on, complainant
    FROM complaints_complaint
    WHERE state IN ('registered', 'accepted', 'investigating', 'proposed', 'reopened')
      AND received_on <= %(day)s
      AND (%(only)s::bigint IS NULL OR id = %(only)s::bigint)
), passed AS (
    SELECT c.id, 'statutory' AS clock, max(r.rung) AS rung, c.due_days AS span, c.due_on
    FROM cases c JOIN rungs r ON c.due_on - %(day)s::date <= c.due_days * (100 - r.rung) / 100
    GROUP BY c.id, c.due_days, c.due_on
    UNION ALL
    SELECT c.id, 'internal', max(r.rung), c.internal_days, c.internal_due_on
    FROM cases c CROSS JOIN rungs r
    JOIN horizon h ON h.days_left = c.internal_days * (100 - r.rung) / 100 AND c.internal_due_on <= h.until
    GROUP BY c.id, c.internal_days, c.internal_due_on
    UNION ALL
    -- A clock of a day or two has no eighty per cent: its last day, and its end.
    SELECT c.id, 'contact', CASE WHEN c.contact_due_on < %(day)s::date THEN 100 ELSE 50 END, 0, c.contact_due_on
    FROM cases c
    WHERE c.contacted_on IS NULL AND c.complainant <> 'anonymous' AND c.contact_due_on <= %(day)s::date
    UNION ALL
    SELECT c.id, 'statutory', 0, c.grade, c.due_on FROM cases c WHERE c.grade > 1
), found AS (
    SELECT c.id, c.number, c.round, c.handler_id, c.desk_id, c.recused, p.clock, p.rung, p.span, p.due_on
    FROM passed p JOIN cases c USING (id)
    UNION ALL
    SELECT c.id, c.number, c.round, v.reviewer_id, v.desk_id, c.recused, 'review', max(r.rung), v.due_on - v.asked_on,
           v.due_on
    FROM complaints_review v
    JOIN complaints_complaint c ON c.id = v.complaint_id
    JOIN rungs r ON v.due_on - %(day)s::date <= (v.due_on - v.asked_on) * (100 - r.rung) / 100
    WHERE v.state = 'asked' AND v.asked_on <= %(day)s::date AND (%(only)s::bigint IS NULL OR c.id = %(only)s::bigint)
    GROUP BY c.id, v.id
)
SELECT f.* FROM found f
WHERE NOT EXISTS (
    SELECT FROM complaints_escalation e
    WHERE e.complaint_id = f.id AND e.clock = f.clock AND e.round = f.round AND e.span = f.span
      AND (e.rung = 0) = (f.rung = 0) AND e.rung >= f.rung
)
ORDER BY f.id, f.clock, f.rung
