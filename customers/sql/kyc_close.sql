-- Open items of the range that nothing makes due any more: the document was renewed by the feed, the grade changed, a
-- review was made, or the customer was merged. Follows kyc_due.sql. Plan: the open items by kyc_item_one_open.
UPDATE customers_kycitem i
SET closed_on = %(day)s, outcome = CASE
    WHEN i.kind = 'document' AND (c.id_is_long_term OR c.id_expires_on > i.due_on) THEN 'renewed' ELSE 'moot' END
FROM customers_customer c
WHERE c.id = i.customer_id AND i.customer_id > %(low)s AND i.customer_id <= %(high)s AND i.closed_on IS NULL
  AND NOT EXISTS (
      SELECT 1 FROM due d WHERE d.customer_id = i.customer_id AND d.kind = i.kind AND d.due_on = i.due_on
  )
