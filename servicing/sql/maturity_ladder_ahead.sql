-- What will mature, of the rows {rows} (account, day, product, customer, value), by day and each of tier, product and who
-- at once (by branches of a bank not by day, {groups}):
-- number, yuan, and how many of them are planned or were spoken of. Plan: one pass over the rows; of a branch from its
-- customers to their accounts, of a bank the stretch of account_maturing, with one hash join to the narrow positions,
-- which know tier, branch and manager; the plans by one hash.
SELECT f.day, p.tier, f.product, p.{who}_id, count(*), coalesce(sum(f.value), 0),
       count(*) FILTER (WHERE m.account_id IS NOT NULL), grouping(p.tier), grouping(f.product)
FROM ({rows}) f(account, day, product, customer, value)
LEFT JOIN customers_customerposition p ON p.customer_id = f.customer
LEFT JOIN (
  SELECT account_id, matures_on FROM servicing_maturity
  WHERE matures_on BETWEEN %s AND %s AND (aim <> 'undecided' OR talk_id IS NOT NULL)
) m ON m.account_id = f.account AND m.matures_on = f.day
GROUP BY GROUPING SETS ((f.day, p.tier), (f.day, f.product), {groups})
