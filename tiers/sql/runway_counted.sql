-- The same of each account whose kind of product counts.
SELECT c.account_id, c."on", c.value
FROM customers_account a
JOIN customers_product d ON d.id = a.product_id AND d.kind = ANY(%(counted)s)
JOIN customers_balancechange c ON c.account_id = a.id
WHERE a.customer_id = %(customer)s
  AND c."on" <= %(day)s
  AND c."on" >= coalesce((
      SELECT max(b."on") FROM customers_balancechange b WHERE b.account_id = a.id AND b."on" <= %(since)s
  ), %(since)s)
