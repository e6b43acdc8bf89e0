-- New customers begin a playbook: opened within the days before, with a manager, never enrolled before, and nothing
-- that would stop it at once. Plan: customers by customer_opened, cut to the range.
INSERT INTO servicing_playbookrun (customer_id, playbook, version, steps, started_on, state, stop_reason)
SELECT p.customer_id, %(playbook)s, %(version)s, %(steps)s::jsonb, c.opened_on, 'running', ''
FROM customers_customer c
JOIN customers_customerposition p ON p.customer_id = c.id AND p.customer_id > %(low)s AND p.customer_id <= %(high)s
WHERE c.opened_on > %(opened_after)s AND c.opened_on <= %(day)s AND c.id > %(low)s AND c.id <= %(high)s
  AND c.merged_into_id IS NULL AND p.manager_id IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM servicing_playbookrun r WHERE r.customer_id = c.id AND r.playbook = %(playbook)s
  )
  AND NOT EXISTS (SELECT FROM customers_customeralert a WHERE a.customer_id = p.customer_id AND {stopping})
ON CONFLICT DO NOTHING
