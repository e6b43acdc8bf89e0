-- A month closed before, with what is known now (table month_again): money and tiers are put right where they differ.
-- Whose and of which unit a customer was stays as it was written at the time.
INSERT INTO insights_monthclose (month, customer_id, branch_id, manager_id, tier, adb, total)
SELECT month, customer_id, branch_id, manager_id, tier, adb, total FROM month_again
ON CONFLICT (month, customer_id) DO UPDATE
SET tier = excluded.tier, adb = excluded.adb, total = excluded.total
WHERE (insights_monthclose.tier, insights_monthclose.adb, insights_monthclose.total)
    IS DISTINCT FROM (excluded.tier, excluded.adb, excluded.total)
