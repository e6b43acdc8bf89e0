-- Of each campaign and horizon asked for: by tier and part the customers, their mean ADB before, the mean change of it,
-- and its sample variance. Windows as in rules.uplift.windows, from the day each joined; only members whose days are
-- full by `until`. S(t) is the sum of end-of-day totals up to and including t (architecture.md 6); with S(joined - 1) =
-- S(joined) - the total of that day, three look-ups give both windows. Who was merged since is read under the record
-- that was kept, unless that is a member itself. `members` NULL = all of them.
-- Plan: the members by campaign, then three look-ups each by the key (customer, day) of the history.
WITH asked AS (
    SELECT * FROM unnest(%(campaigns)s::bigint[], %(days)s::int[]) AS a (campaign_id, days)
), members AS (
    SELECT a.campaign_id, a.days, m.tier, m.arm, m.joined_on AS day, coalesce(g.merged_into_id, m.customer_id) AS id
    FROM asked a
    JOIN campaigns_member m ON m.campaign_id = a.campaign_id AND m.joined_on + a.days <= %(until)s::date
    LEFT JOIN customers_customer g ON g.id = m.customer_id AND g.merged_into_id IS NOT NULL
    WHERE (%(members)s::bigint[] IS NULL OR m.id = ANY(%(members)s::bigint[]))
      AND (g.id IS NULL OR NOT EXISTS (
        SELECT FROM campaigns_member k WHERE k.campaign_id = m.campaign_id AND k.customer_id = g.merged_into_id
      ))
), averages AS (
    SELECT m.campaign_id, m.days, m.tier, m.arm,
        coalesce(d.day_sum + d.total * (m.day - d."on"), 0) AS upto, coalesce(d.total, 0) AS held,
        coalesce(b.day_sum + b.total * (m.day - m.days - 1 - b."on"), 0) AS first,
        coalesce(e.day_sum + e.total * (m.day + m.days - e."on"), 0) AS last
    FROM members m
    LEFT JOIN LATERAL (
        SELECT p."on", p.total, p.day_sum FROM customers_positionchange p
        WHERE p.customer_id = m.id AND p."on" <= m.day - m.days - 1 ORDER BY p."on" DESC LIMIT 1
    ) b ON true
    LEFT JOIN LATERAL (
        SELECT p."on", p.total, p.day_sum FROM customers_positionchange p
        WHERE p.customer_id = m.id AND p."on" <= m.day ORDER BY p."on" DESC LIMIT 1
    ) d ON true
    LEFT JOIN LATERAL (
        SELECT p."on", p.total, p.day_sum FROM customers_positionchange p
        WHERE p.customer_id = m.id AND p."on" <= m.day + m.days ORDER BY p."on" DESC LIMIT 1
    ) e ON true
), outcomes AS (
    SELECT campaign_id, days, tier, arm, (upto - held - first)::float8 / days AS before,
        (last - upto - (upto - held - first))::float8 / days AS change
    FROM averages
)
SELECT campaign_id, days, tier, arm, count(*), avg(before), avg(change), coalesce(var_samp(change), 0)
FROM outcomes
GROUP BY campaign_id, days, tier, arm
ORDER BY campaign_id, days, tier, arm
