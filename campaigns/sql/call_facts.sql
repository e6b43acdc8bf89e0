-- What was known of customers before given days: of each (key, customer, day) asked for the tier, the average balance of
-- the 30 days before and of the 30 before those, products held, deposits maturing soon, the last contact and what came
-- of earlier calls. Nothing of the day itself or later, whenever it is asked. S(t) is the sum of end-of-day totals up
-- to and including t (architecture.md 6). `soon`, `month` and `year` are days; `outcomes` the codes counted. A deposit
-- renewed since has another day of maturity by now: what it was then is kept by the desk of maturities.
-- Plan: look-ups by customer for each row asked for.
WITH asked AS (
    SELECT *, ("on"::timestamp AT TIME ZONE 'Asia/Shanghai') AS at
    FROM unnest(%(keys)s::bigint[], %(customers)s::bigint[], %(days)s::date[]) AS a (key, customer_id, "on")
), sums AS (
    SELECT a.*,
        (SELECT p.day_sum + p.total * (a."on" - 1 - p."on") FROM customers_positionchange p
         WHERE p.customer_id = a.customer_id AND p."on" <= a."on" - 1 ORDER BY p."on" DESC LIMIT 1) AS last,
        (SELECT p.day_sum + p.total * (a."on" - 1 - %(month)s - p."on") FROM customers_positionchange p
         WHERE p.customer_id = a.customer_id AND p."on" <= a."on" - 1 - %(month)s ORDER BY p."on" DESC LIMIT 1) AS middle,
        (SELECT p.day_sum + p.total * (a."on" - 1 - 2 * %(month)s - p."on") FROM customers_positionchange p
         WHERE p.customer_id = a.customer_id AND p."on" <= a."on" - 1 - 2 * %(month)s
         ORDER BY p."on" DESC LIMIT 1) AS first
    FROM asked a
)
SELECT s.key,
    coalesce((SELECT t.to_tier FROM tiers_tierchange t
              WHERE t.customer_id = s.customer_id AND t."on" < s."on" ORDER BY t."on" DESC LIMIT 1), 0) AS tier,
    (coalesce(s.last, 0) - coalesce(s.middle, 0))::float8 / %(month)s AS adb,
    (coalesce(s.middle, 0) - coalesce(s.first, 0))::float8 / %(month)s AS adb_before,
    c.kind = 'organisation' AS is_organisation,
    extract(year FROM age(s."on", c.birth_date))::int AS age,
    (s."on" - c.opened_on) AS customer_days,
    held.kinds,
    soon.is_any OR EXISTS (
        SELECT FROM servicing_maturity m
        WHERE m.customer_id = s.customer_id AND m.matures_on BETWEEN s."on" AND s."on" + %(soon)s) AS is_maturing,
    (s."on" - talk.on) AS days_since_contact,
    calls.tried, calls.agreed, calls.last
FROM sums s
JOIN customers_customer c ON c.id = s.customer_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(DISTINCT d.kind), '{}') AS kinds
    FROM customers_account a JOIN customers_product d ON d.id = a.product_id
    WHERE a.customer_id = s.customer_id AND (a.opened_on IS NULL OR a.opened_on < s."on")
      AND (a.closed_on IS NULL OR a.closed_on >= s."on")
) held
CROSS JOIN LATERAL (
    SELECT count(*) > 0 AS is_any FROM customers_account a
    WHERE a.customer_id = s.customer_id AND a.matures_on BETWEEN s."on" AND s."on" + %(soon)s
      AND (a.value_date IS NULL OR a.value_date < s."on") AND (a.opened_on IS NULL OR a.opened_on < s."on")
      AND (a.closed_on IS NULL OR a.closed_on >= s."on")
) soon
CROSS JOIN LATERAL (
    SELECT max((i.happened_at AT TIME ZONE 'Asia/Shanghai')::date) AS on FROM servicing_interaction i
    WHERE i.customer_id = s.customer_id AND i.happened_at < s.at AND i.origin <> 'campaign'
      AND i.outcome <> 'not_reached'
) talk
CROSS JOIN LATERAL (
    SELECT count(*)::int AS tried, count(*) FILTER (WHERE i.outcome = ANY(%(agreed)s))::int AS agreed,
        (array_agg(i.outcome ORDER BY i.happened_at DESC))[1] AS last
    FROM servicing_interaction i
    WHERE i.customer_id = s.customer_id AND i.happened_at < s.at AND i.happened_at >= s.at - make_interval(days => %(year)s)
      AND i.direction = 'out' AND i.channel = 'phone' AND i.origin <> 'campaign'
) calls
