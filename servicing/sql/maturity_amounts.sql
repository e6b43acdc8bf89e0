-- What matured, and what its customer had in all, at the close before: for rows whose day has come and that have no
-- amount yet, and for all since %(since)s, whose days a late feed may have changed. Where either differs the measure
-- is void. Plan: the stretches of maturity_by_day and of maturity_to_measure, two look-ups by key for each row.
UPDATE servicing_maturity m
SET amount = f.amount, total_before = f.total, stayed = NULL, outcome = '', measured_on = NULL
FROM (
  SELECT m.id,
         greatest(coalesce((
           SELECT c.value FROM customers_balancechange c
           WHERE c.account_id = m.account_id AND c."on" < m.matures_on ORDER BY c."on" DESC LIMIT 1
         ), 0), 0) AS amount,
         coalesce((
           SELECT c.total FROM customers_positionchange c
           WHERE c.customer_id = m.customer_id AND c."on" < m.matures_on ORDER BY c."on" DESC LIMIT 1
         ), 0) AS total
  FROM servicing_maturity m
  WHERE m.matures_on <= %(day)s AND (m.matures_on >= %(since)s OR m.measured_on IS NULL AND m.amount IS NULL)
) f
WHERE f.id = m.id AND (m.amount, m.total_before) IS DISTINCT FROM (f.amount, f.total)
