LEFT JOIN LATERAL (
    SELECT b.to_tier, b.to_ruled, b.to_watch FROM tiers_tierchange b
    WHERE b.customer_id = v.customer_id AND b."on" < %(day)s
    ORDER BY b."on" DESC
    LIMIT 1
) e ON true
