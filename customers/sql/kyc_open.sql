-- What is due and not noticed yet. One that was closed and is due again on the same day (the core gave the old date
-- back) is opened again. Follows kyc_due.sql, after kyc_close.sql: at most one of a kind is open.
INSERT INTO customers_kycitem AS i (customer_id, kind, due_on, opened_on, outcome, note)
SELECT customer_id, kind, due_on, %(day)s, '', '' FROM due
ON CONFLICT (customer_id, kind, due_on) DO UPDATE
SET opened_on = excluded.opened_on, closed_on = NULL, closed_by_id = NULL, outcome = '', note = ''
WHERE i.closed_on IS NOT NULL
