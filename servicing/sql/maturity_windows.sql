-- For each maturity of %(ids)s: the deposits of its customer that matured from its day up to its day of measure, itself
-- among them, with what lies in their accounts then, and the customer's total then. One row for each pair; a customer
-- seldom has more than two. Plan: rows by key, their neighbours by maturity_of_customer, two look-ups by key for each.
SELECT m.id, m.amount, t.total, w.until, o.id, o.matures_on, o.amount, o.total_before, s.still
FROM servicing_maturity m
CROSS JOIN LATERAL (SELECT coalesce(m.measured_on, m.matures_on + %(days)s) AS until OFFSET 0) w
CROSS JOIN LATERAL (
  SELECT coalesce((
    SELECT c.total FROM customers_positionchange c
    WHERE c.customer_id = m.customer_id AND c."on" <= w.until ORDER BY c."on" DESC LIMIT 1
  ), 0) AS total OFFSET 0
) t
JOIN servicing_maturity o ON o.customer_id = m.customer_id AND o.matures_on BETWEEN m.matures_on AND w.until
CROSS JOIN LATERAL (
  SELECT coalesce((
    SELECT c.value FROM customers_balancechange c
    WHERE c.account_id = o.account_id AND c."on" <= w.until ORDER BY c."on" DESC LIMIT 1
  ), 0) AS still OFFSET 0
) s
WHERE m.id = ANY(%(ids)s) AND o.amount IS NOT NULL
ORDER BY m.id
