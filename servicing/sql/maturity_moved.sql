-- Rows still ahead whose deposit matures on another day now, or was closed. What somebody wrote goes along to the new
-- day, and stays where the deposit was closed (nothing will mature then); rows nobody worked on go, and so does one
-- whose new day has a row already. Plan: the stretch of maturity_by_day ahead, accounts by their key.
WITH moved AS (
  SELECT m.id, a.matures_on,
         m.changed_at IS NOT NULL AND NOT EXISTS (
           SELECT FROM servicing_maturity o WHERE o.account_id = a.id AND o.matures_on = a.matures_on AND o.id <> m.id
         ) AS keeps
  FROM servicing_maturity m JOIN customers_account a ON a.id = m.account_id
  WHERE m.matures_on > %(day)s AND (a.matures_on IS DISTINCT FROM m.matures_on OR a.status = 'closed')
), gone AS (
  DELETE FROM servicing_maturity m USING moved WHERE moved.id = m.id AND NOT moved.keeps
)
UPDATE servicing_maturity m SET matures_on = moved.matures_on
FROM moved WHERE moved.id = m.id AND moved.keeps AND moved.matures_on <> m.matures_on
