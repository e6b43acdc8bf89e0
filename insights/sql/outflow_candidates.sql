-- Customers a night looks at: whose balance changed since the day before (%(since)s), with a warning open, with a deposit
-- that matured or a complaint lately, and a seventh of all others, so that everybody is looked at once a week.
-- Plan: one pass over the narrow position table; the rest are hashed sets of hundreds.
SELECT p.customer_id
FROM customers_customerposition p
WHERE (p."on" > %(since)s
    OR p.customer_id %% 7 = %(slice)s
    OR p.customer_id IN (SELECT customer_id FROM insights_outflowwarning WHERE state = 'open')
    OR p.customer_id IN (
        SELECT customer_id FROM servicing_maturity
        WHERE matures_on BETWEEN %(day)s::date - %(salary_until)s::int AND %(day)s
    )
    OR p.customer_id IN (
        SELECT customer_id FROM complaints_complaint
        WHERE customer_id IS NOT NULL AND received_on > %(day)s::date - 90 AND received_on <= %(day)s
    ))
  AND p.customer_id NOT IN (SELECT id FROM customers_customer WHERE merged_into_id IS NOT NULL)
ORDER BY p.customer_id
