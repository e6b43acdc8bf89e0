-- What falls due up to the horizon for the customers with low < id <= high, as the common table "due": documents by
-- their last day, reviews as customers.rules.kyc.review_due reckons them. Plan: a range of the primary key, and the
-- reviews of that range from kyc_review_once_a_day; nothing is read outside the range.
WITH looked_at AS (
    SELECT c.id, c.id_expires_on, c.id_is_long_term, r.reviewed_on,
           coalesce(c.opened_on, (c.created_at AT TIME ZONE 'Asia/Shanghai')::date) AS since,
           coalesce(
               (%(months)s::jsonb ->> lower(btrim(normalize(c.risk_grade, NFKC))))::int, %(other_months)s
           ) AS months
    FROM customers_customer c
    LEFT JOIN (
        SELECT customer_id, max(reviewed_on) AS reviewed_on FROM customers_kycreview
        WHERE customer_id > %(low)s AND customer_id <= %(high)s GROUP BY customer_id
    ) r ON r.customer_id = c.id
    WHERE c.id > %(low)s AND c.id <= %(high)s AND c.merged_into_id IS NULL
), intervals AS (
    SELECT id, reviewed_on, since, months, greatest(1, (
        (extract(year FROM %(counted_from)s::date)::int - extract(year FROM since)::int) * 12
        + extract(month FROM %(counted_from)s::date)::int - extract(month FROM since)::int
    ) / months) AS passed
    FROM looked_at
), reviews AS (
    SELECT id, CASE
        WHEN reviewed_on IS NOT NULL THEN reviewed_on + make_interval(months => months)
        WHEN since + make_interval(months => passed * months) >= %(counted_from)s::date
        THEN since + make_interval(months => passed * months)
        ELSE since + make_interval(months => (passed + 1) * months)
    END::date AS due_on
    FROM intervals
), due AS (
    SELECT id AS customer_id, 'document' AS kind, id_expires_on AS due_on FROM looked_at
    WHERE NOT id_is_long_term AND id_expires_on <= %(horizon)s::date
    UNION ALL
    SELECT id, 'review', due_on FROM reviews WHERE due_on <= %(horizon)s::date
)
