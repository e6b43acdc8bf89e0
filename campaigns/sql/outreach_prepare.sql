-- Freezes an audience: who may not be contacted is listed with the reason, the others become members, drawn into arms,
-- and those to be contacted are queued. All from one look at the audience (outreach_judged.sql).
-- Plan: judged once and kept; one sort by tier and place for the draw; three inserts.
WITH judged AS MATERIALIZED (/*judged*/),
drawn AS MATERIALIZED (/*drawn*/),
joined AS (
    INSERT INTO campaigns_member (campaign_id, customer_id, branch_id, manager_id, tier, arm, joined_on)
    SELECT DISTINCT ON (customer_id) %(campaign)s, customer_id, branch_id, manager_id, tier, arm, %(day)s::date
    FROM drawn ORDER BY customer_id
    ON CONFLICT DO NOTHING RETURNING arm
), written AS (
    INSERT INTO campaigns_outreach (campaign_id, customer_id, step, occasion_key, channel, state, reason, attempts,
        provider_no, receipt, created_at)
    SELECT %(campaign)s, customer_id, 1, occasion_key, %(channel)s, 'queued', '', 0, '', '', %(at)s::timestamptz
    FROM drawn WHERE arm = 'treated'
    UNION ALL
    SELECT %(campaign)s, customer_id, 1, occasion_key, %(channel)s, 'suppressed', reason, 0, '', '', %(at)s
    FROM judged WHERE reason <> ''
    ON CONFLICT DO NOTHING RETURNING state, reason
)
SELECT 'member', arm, count(*) FROM joined GROUP BY arm
UNION ALL SELECT state, reason, count(*) FROM written GROUP BY state, reason
