-- What stands against contacting each of some customers over a channel for marketing, "" = nothing; the gravest first.
-- The parts in slashes are conditions of the campaign: source = a SELECT of customer_id (and occasion_key), within = its
-- unit or book, excluded and eligible. Of few customers (ids) consents and alerts are read by their keys, of an audience
-- in one pass each over consent_latest and the standing alerts.
-- Plan: hash joins of the audience with positions, customers and the latest statements; no row is looked up alone.
SELECT s.customer_id, s.occasion_key, p.branch_id, p.manager_id, p.tier,
    CASE
        WHEN c.merged_into_id IS NOT NULL OR NOT (/*within*/) THEN 'gone'
        WHEN /*excluded*/ THEN 'excluded'
        WHEN w.kinds @> '{do_not_contact}' THEN 'do_not_contact'
        WHEN w.kinds @> '{bereavement}' THEN 'bereavement'
        WHEN w.kinds @> '{complaint}' OR s.customer_id = ANY(%(quiet)s::bigint[]) THEN 'complaint'
        WHEN k.decision = 'withdrawn' THEN 'opted_out'
        WHEN k.decision IS DISTINCT FROM 'given' THEN 'no_consent'
        WHEN NOT (/*address*/) THEN 'no_address'
        WHEN NOT coalesce((/*eligible*/), FALSE) THEN 'not_eligible'
        WHEN %(expired)s THEN 'item_expired'
        ELSE ''
    END AS reason
FROM (/*source*/) s
JOIN customers_customerposition p ON p.customer_id = s.customer_id
JOIN customers_customer c ON c.id = s.customer_id
LEFT JOIN (
    SELECT DISTINCT ON (customer_id) customer_id, decision FROM customers_consent
    WHERE purpose = 'marketing' AND channel = %(channel)s
      AND (%(ids)s::bigint[] IS NULL OR customer_id = ANY(%(ids)s::bigint[]))
    ORDER BY customer_id, stated_at DESC, id DESC
) k ON k.customer_id = s.customer_id
LEFT JOIN (
    SELECT customer_id, array_agg(kind::text) AS kinds FROM customers_customeralert
    WHERE dismissed_at IS NULL AND starts_on <= %(day)s AND (ends_on IS NULL OR ends_on >= %(day)s)
      AND kind IN ('do_not_contact', 'bereavement', 'complaint')
      AND (%(ids)s::bigint[] IS NULL OR customer_id = ANY(%(ids)s::bigint[]))
    GROUP BY customer_id
) w ON w.customer_id = s.customer_id
