-- Playbooks that end: by a complaint, a word not to contact, a bereavement, or a customer who withdrew the consent to
-- marketing over every channel it was ever stated for; their open steps are cancelled. Those all of whose steps are
-- closed are finished. Plan: the range's running ones by playbook_one_running.
WITH running AS (
    SELECT r.id, r.customer_id, jsonb_array_length(r.steps) AS steps FROM servicing_playbookrun r
    WHERE r.state = 'running' AND r.customer_id > %(low)s AND r.customer_id <= %(high)s
), told AS (
    SELECT DISTINCT ON (k.customer_id, k.channel) k.customer_id, k.decision FROM customers_consent k
    WHERE k.purpose = 'marketing' AND k.customer_id IN (SELECT customer_id FROM running)
    ORDER BY k.customer_id, k.channel, k.stated_at DESC, k.id DESC
), judged AS (
    SELECT p.id, coalesce(
        (SELECT min(CASE WHEN a.hidden_from = '{}' THEN a.kind ELSE 'not_now' END) FROM customers_customeralert a
         WHERE a.customer_id = p.customer_id AND a.dismissed_at IS NULL AND a.kind = ANY(%(stopping)s)
           AND a.starts_on <= %(workday)s AND (a.ends_on IS NULL OR a.ends_on >= %(workday)s)),
        CASE WHEN (SELECT bool_and(t.decision = 'withdrawn') FROM told t WHERE t.customer_id = p.customer_id)
            THEN 'opt_out' END,
        CASE WHEN NOT EXISTS (SELECT FROM customers_customerposition q WHERE q.customer_id = p.customer_id)
            THEN 'merged' END
    ) AS why, p.steps <= (
        SELECT count(*) FROM servicing_followup f WHERE f.run_id = p.id AND f.state <> 'open'
    ) AS is_finished
    FROM running p
), cancelled AS (
    UPDATE servicing_followup f SET state = 'cancelled', closed_at = %(at)s
    FROM judged j WHERE f.run_id = j.id AND j.why IS NOT NULL AND f.state = 'open'
)
UPDATE servicing_playbookrun r
SET state = CASE WHEN j.is_finished THEN 'done' ELSE 'stopped' END, stopped_on = %(day)s,
    stop_reason = CASE WHEN j.is_finished THEN '' ELSE j.why END
FROM judged j
WHERE r.id = j.id AND (j.is_finished OR j.why IS NOT NULL)
