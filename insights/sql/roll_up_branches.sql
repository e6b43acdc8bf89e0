-- The days %(first)s..%(last)s without managers, from the finer rows just written.
INSERT INTO insights_branchday ("on", branch_id, tier, customers, total)
SELECT "on", branch_id, tier, sum(customers), sum(total)
FROM insights_depositday
WHERE "on" BETWEEN %(first)s AND %(last)s
GROUP BY "on", branch_id, tier
