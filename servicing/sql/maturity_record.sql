-- A row for each deposit that matures within the days first..last and has none yet; nothing for those that have.
-- Ahead of the day it must hold money and not be closed; of a day that is past it counts what it held at the close
-- before. Plan: the days' stretch of account_maturing (about 5,000 accounts a day of a million customers) without those
-- that have a row, by one hash; OFFSET keeps balances from being looked up for any but the few that are new.
INSERT INTO servicing_maturity (account_id, customer_id, matures_on, aim, note, outcome, went)
SELECT a.id, a.customer_id, a.matures_on, 'undecided', '', '', ''
FROM (
  SELECT o.id, o.customer_id, o.matures_on, o.status
  FROM customers_account o
  WHERE o.matures_on BETWEEN %(first)s AND %(last)s
    AND NOT EXISTS (
      SELECT FROM servicing_maturity m
      WHERE m.matures_on BETWEEN %(first)s AND %(last)s AND m.account_id = o.id AND m.matures_on = o.matures_on
    )
  OFFSET 0
) a
WHERE CASE
  WHEN a.matures_on > %(day)s THEN a.status IN ('open', 'frozen') AND EXISTS (
    SELECT FROM customers_accountbalance b WHERE b.account_id = a.id AND b.balance > 0
  )
  ELSE coalesce((
    SELECT c.value FROM customers_balancechange c
    WHERE c.account_id = a.id AND c."on" < a.matures_on ORDER BY c."on" DESC LIMIT 1
  ), 0) > 0
END
ON CONFLICT (account_id, matures_on) DO NOTHING
