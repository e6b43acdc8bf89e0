-- The ladder of the whole bank by day and each of tier, product and branch, from the deposits that mature after %(day)s, up
-- to %(last)s, and those that matured from %(first)s on, as servicing.queries.maturity has them.
-- Plan: the stretch of account_maturing hashed against one pass over balances and one over the narrow positions.
INSERT INTO servicing_ladderday ("on", dimension, key, outcome, count, amount, stayed)
SELECT f.day,
       CASE WHEN grouping(f.tier) = 0 THEN 'tier' WHEN grouping(f.product) = 0 THEN 'product' ELSE 'branch' END,
       CASE WHEN grouping(f.tier) = 0 THEN f.tier WHEN grouping(f.product) = 0 THEN f.product ELSE f.branch END,
       f.outcome, count(*), sum(f.amount), coalesce(sum(f.stayed), 0)
FROM (
  SELECT a.matures_on AS day, p.tier::bigint AS tier, a.product_id AS product, p.branch_id AS branch, '' AS outcome,
         b.value AS amount, NULL::numeric AS stayed
  FROM customers_account a
  JOIN customers_accountbalance b ON b.account_id = a.id AND b.balance > 0
  LEFT JOIN customers_customerposition p ON p.customer_id = a.customer_id
  WHERE a.matures_on > %(day)s AND a.matures_on <= %(last)s AND a.status IN ('open', 'frozen')
  UNION ALL
  SELECT m.matures_on, p.tier, a.product_id, c.branch_id, m.outcome, m.amount, m.stayed
  FROM servicing_maturity m
  JOIN customers_account a ON a.id = m.account_id
  JOIN customers_customer c ON c.id = m.customer_id AND c.merged_into_id IS NULL
  LEFT JOIN customers_customerposition p ON p.customer_id = m.customer_id
  WHERE m.matures_on BETWEEN %(first)s AND %(day)s AND m.amount > 0
) f
GROUP BY GROUPING SETS ((f.day, f.outcome, f.tier), (f.day, f.outcome, f.product), (f.day, f.outcome, f.branch))
