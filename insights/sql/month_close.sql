-- Customers at the close of a month that ends on %(day)s, into {into}; without any money in it none.
INSERT INTO {into} (month, customer_id, branch_id, manager_id, tier, adb, total)
SELECT %(month)s, customer_id, branch_id, manager_id, tier, adb, total
FROM (
    {held}
) AS held
WHERE adb <> 0 OR total <> 0
