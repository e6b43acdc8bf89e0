-- What will mature, of the rows {rows} (account, day, tier, product, who, value), by day and each of the three at once
-- (by branches of a bank not by day, {who}):
-- number, yuan, and how many of them are planned or were spoken of. Plan: one pass over the rows; of a branch from its
-- customers to their accounts, of a bank the stretch of account_maturing, with hash joins; the plans by one hash.
SELECT f.day, f.tier, f.product, f.who, count(*), coalesce(sum(f.value), 0),
       count(*) FILTER (WHERE m.account_id IS NOT NULL), grouping(f.tier), grouping(f.product)
FROM ({rows}) f(account, day, tier, product, who, value)
LEFT JOIN (
  SELECT account_id, matures_on FROM servicing_maturity
  WHERE matures_on BETWEEN %s AND %s AND (aim <> 'undecided' OR talk_id IS NOT NULL)
) m ON m.account_id = f.account AND m.matures_on = f.day
GROUP BY GROUPING SETS ((f.day, f.tier), (f.day, f.product), {who})
