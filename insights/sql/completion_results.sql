-- What came of the follow-ups of %(owners)s that fell due on %(first)s to %(last)s and were done, at units %(branches)s:
-- by owner, customers spoken to, reached, agreeing, and agreeing in a call of a campaign, each once, and the ADB of those
-- spoken to: of the days after %(before)s up to %(first_eve)s, and of those after %(after)s up to %(as_of)s, in yuan.
-- S(t) is the sum of end-of-day totals up to t (architecture.md 6): four look-ups by key for each customer.
WITH spoken AS (
    SELECT
        f.owner_id,
        f.customer_id,
        bool_or(NOT i.outcome = ANY(%(unreached)s)) AS is_reached,
        bool_or(i.outcome = ANY(%(agreed)s)) AS is_agreed,
        bool_or(f.kind = 'campaign' AND i.outcome = ANY(%(agreed)s)) AS is_agreed_by_call
    FROM servicing_followup f
    JOIN customers_customerposition p ON p.customer_id = f.customer_id
    JOIN servicing_interaction i ON i.id = f.interaction_id
    WHERE f.owner_id = ANY(%(owners)s) AND f.state = 'done' AND f.due_on BETWEEN %(first)s AND %(last)s
        AND p.branch_id = ANY(%(branches)s)
    GROUP BY 1, 2
), days AS (
    SELECT * FROM unnest(ARRAY[%(before)s, %(first_eve)s, %(after)s, %(as_of)s]::date[]) WITH ORDINALITY AS d (day, place)
), sums AS (
    SELECT c.customer_id, d.place, coalesce(x.day_sum + x.total * (d.day - x."on"), 0) AS total
    FROM (SELECT DISTINCT customer_id FROM spoken) c CROSS JOIN days d
    LEFT JOIN LATERAL (
        SELECT p."on", p.total, p.day_sum FROM customers_positionchange p
        WHERE p.customer_id = c.customer_id AND p."on" <= d.day ORDER BY p."on" DESC LIMIT 1
    ) x ON true
), averages AS (
    SELECT
        customer_id,
        sum(CASE place WHEN 2 THEN total WHEN 1 THEN -total ELSE 0 END) / %(days)s AS before,
        sum(CASE place WHEN 4 THEN total WHEN 3 THEN -total ELSE 0 END) / %(days)s AS after
    FROM sums GROUP BY 1
)
SELECT
    s.owner_id, count(*), count(*) FILTER (WHERE s.is_reached), count(*) FILTER (WHERE s.is_agreed),
    count(*) FILTER (WHERE s.is_agreed_by_call),
    round(coalesce(sum(a.before), 0), 2), round(coalesce(sum(a.after), 0), 2)
FROM spoken s
JOIN averages a ON a.customer_id = s.customer_id
GROUP BY 1
