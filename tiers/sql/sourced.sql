-- Of each customer {within}: value and closing total in fen, and in one number how the customer stands before the day
-- (queries/spreads.py takes it apart). {value} is the measure over position p, {closing} the total at the day's end,
-- {now} the tier the customer is in, {before} and {earlier} as in judged.sql: what a run of the day would find.
SELECT
    s.branch_id, s.manager_id, s.fen, s.closing,
    (((
        coalesce(extract(year FROM s.before_watch)::bigint * 12 + extract(month FROM s.before_watch)::bigint - 1, 0)
        * 128 + coalesce(ascii(s.letter), 0)
    ) * 16 + coalesce(s.before_ruled, 0)) * 16 + s.before_tier) * 16 + s.now_tier AS state
FROM (
    SELECT v.branch_id, v.manager_id, v.fen, v.closing, o.letter, {now} AS now_tier, {before}
    FROM (
        SELECT p.customer_id, p.branch_id, p.manager_id, p.tier, p.ruled_tier, p.watch_since,
            ({value} * 100)::bigint AS fen, ({closing} * 100)::bigint AS closing
        FROM customers_customerposition p
        {counted}
        WHERE {within}
        OFFSET 0
    ) v
    LEFT JOIN tiers_tierchange t ON t.customer_id = v.customer_id AND t."on" = %(day)s
    LEFT JOIN (
        SELECT DISTINCT ON (customer_id) customer_id, letter::text AS letter FROM tiers_tieroverride
        WHERE status IN ('approved', 'ended') AND %(day)s BETWEEN starts_on AND ends_on
        ORDER BY customer_id, id DESC
    ) o ON o.customer_id = v.customer_id
    {earlier}
    OFFSET 0
) s
