-- Of each campaign and horizon asked for: customers held out whom a campaign contacted all the same from the day they
-- joined until the last day of the horizon, for certain or perhaps. Days are Shanghai's.
-- Plan: those held out by campaign, and their outreach by outreach_of_customer.
SELECT a.campaign_id, a.days, count(DISTINCT m.customer_id)
FROM unnest(%(campaigns)s::bigint[], %(days)s::int[]) AS a (campaign_id, days)
JOIN campaigns_member m ON m.campaign_id = a.campaign_id AND m.arm = 'held_out' AND m.joined_on + a.days <= %(until)s::date
JOIN campaigns_outreach o ON o.customer_id = m.customer_id AND o.state IN ('sent', 'unknown')
    AND (coalesce(o.sent_at, o.claimed_at) AT TIME ZONE 'Asia/Shanghai')::date
        BETWEEN m.joined_on AND m.joined_on + a.days
WHERE %(members)s::bigint[] IS NULL OR m.id = ANY(%(members)s::bigint[])
GROUP BY a.campaign_id, a.days
