-- Of a spread by branch and state: heads below each bound but the first, and of all, each followed by the closing total
-- (fen) of those heads. width_bucket on the sorted values ({places}) is a binary search, {columns} add them up; OFFSET
-- keeps the planner from searching more than once.
SELECT s.branch_id, s.state, {columns}
FROM (
    SELECT r.branch_id, r.state, r.sums, {places}
    FROM tiers_spreadrow r
    WHERE r.spread_id = %(spread)s AND {visible}
    OFFSET 0
) s
GROUP BY 1, 2
