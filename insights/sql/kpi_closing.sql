-- Every customer at the close of %(day)s, as of position p: whose, of which unit and tier, what it held, and the average
-- daily balance of its month up to the day. Tier, total and running sum of a position that changed after the day are
-- looked up in the histories by their keys, so the latest day needs no look-up; who had a customer before a hand-over
-- that came later is told by the few changes of owners since. {there} = had a balance by then.
SELECT
    p.customer_id,
    p.branch_id,
    CASE WHEN o.customer_id IS NULL THEN p.manager_id ELSE o.from_user_id END AS manager_id,
    CASE
        WHEN p.tier_since IS NULL OR p.tier_since <= %(day)s THEN p.tier
        ELSE coalesce(
            (
                SELECT c.to_tier FROM tiers_tierchange c
                WHERE c.customer_id = p.customer_id AND c."on" <= %(day)s ORDER BY c."on" DESC LIMIT 1
            ),
            0
        )
    END AS tier,
    {total} AS total,
    round(({closing} - {opening}) / %(days)s, 2) AS adb,
    {there} AS is_there,
    CASE
        WHEN p."on" <= %(day)s OR p."on" IS NULL THEN p."on"
        ELSE (
            SELECT max(c."on") FROM customers_positionchange c
            WHERE c.customer_id = p.customer_id AND c."on" <= %(day)s
        )
    END AS moved_on,
    CASE
        WHEN p.last_contact_on <= %(day)s OR p.last_contact_on IS NULL THEN p.last_contact_on
        ELSE (
            SELECT (max(i.happened_at) AT TIME ZONE 'Asia/Shanghai')::date FROM servicing_interaction i
            WHERE i.customer_id = p.customer_id AND i.happened_at < %(ends)s AND i.origin <> 'campaign'
                AND i.outcome <> ALL (%(unreached)s)
        )
    END AS contacted_on,
    CASE
        WHEN p.tier_since IS NULL OR p.tier_since <= %(day)s THEN p.tier_since
        ELSE (
            SELECT max(c."on") FROM tiers_tierchange c
            WHERE c.customer_id = p.customer_id AND c."on" <= %(day)s AND c.from_tier <> c.to_tier
        )
    END AS since
FROM customers_customerposition p
LEFT JOIN (
    SELECT DISTINCT ON (h.customer_id) h.customer_id, h.from_user_id
    FROM customers_ownershipchange h
    WHERE h.role = 'owner' AND h.from_user_id IS NOT NULL AND h."on" > %(day)s
    ORDER BY h.customer_id, h.at
) o ON o.customer_id = p.customer_id
