-- The totals of one customer that hold on the days since..day, each from its date until the next: two look-ups by the
-- key (customer, on), some dozens of rows.
SELECT c.customer_id, c."on", c.total
FROM customers_positionchange c
WHERE c.customer_id = %(customer)s
  AND c."on" <= %(day)s
  AND c."on" >= coalesce((
      SELECT max(b."on") FROM customers_positionchange b WHERE b.customer_id = %(customer)s AND b."on" <= %(since)s
  ), %(since)s)
