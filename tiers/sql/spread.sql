-- Writes a spread: the customers of {sourced} that stand alike, their values in order, in parts of {size} so that a row
-- stays within its page. A window's frame takes in equal values, so it does not matter in which order these come. One
-- sort serves windows and arrays.
INSERT INTO tiers_spreadrow (spread_id, branch_id, state, values, sums)
SELECT %(spread)s, w.branch_id, w.state, array_agg(w.fen ORDER BY w.fen), array_agg(w.sums ORDER BY w.fen)
FROM (
    SELECT n.branch_id, n.state, n.part, n.fen,
        sum(n.closing) OVER (PARTITION BY n.branch_id, n.state, n.part ORDER BY n.fen)::bigint AS sums
    FROM (
        SELECT c.branch_id, c.state, c.fen, c.closing,
            (row_number() OVER (PARTITION BY c.branch_id, c.state ORDER BY c.fen) - 1) / {size} AS part
        FROM ({sourced}) c
    ) n
) w
GROUP BY w.branch_id, w.state, w.part
