-- The rules about a customer alone, for customers low..high: flag the new, resolve the gone, speak up again about what
-- was dismissed too long ago. A value nobody has confirmed since is as old as the relationship.
-- Plan: range scans of customers and of what was confirmed, hashed together; the flags by their unique key.
WITH confirmed AS (
    SELECT customer_id,
        max(confirmed_on) FILTER (WHERE field = 'phone') AS phone,
        max(confirmed_on) FILTER (WHERE field = 'email') AS email,
        max(confirmed_on) FILTER (WHERE field = 'address') AS address,
        max(confirmed_on) FILTER (WHERE field = 'occupation') AS occupation
    FROM customers_fieldsource
    WHERE customer_id BETWEEN %(low)s AND %(high)s AND field = ANY(%(fields)s)
    GROUP BY customer_id
), found AS MATERIALIZED (
    SELECT c.id AS customer_id, r.kind
    FROM customers_customer c
    LEFT JOIN confirmed k ON k.customer_id = c.id
    CROSS JOIN LATERAL (
        SELECT coalesce(c.opened_on, (c.created_at AT TIME ZONE 'Asia/Shanghai')::date) AS day, c.kind = 'person' AS person
    ) known
    CROSS JOIN LATERAL (
        VALUES
            ('missing_phone', c.phone_index IS NULL),
            ('missing_identity', c.id_no_index IS NULL),
            ('missing_birth_date', known.person AND c.birth_date IS NULL),
            ('implausible_birth', c.birth_date > %(day)s OR c.birth_date < %(oldest)s),
            ('no_expiry', known.person AND c.id_no_index IS NOT NULL AND c.id_expires_on IS NULL
                AND NOT c.id_is_long_term),
            ('no_contact_person', NOT known.person AND c.contact_name = ''),
            ('stale_phone', c.phone_index IS NOT NULL AND coalesce(k.phone, known.day) < %(phone_from)s),
            ('stale_email', c.email_index IS NOT NULL AND coalesce(k.email, known.day) < %(email_from)s),
            ('stale_address', c.address_cipher IS NOT NULL AND coalesce(k.address, known.day) < %(address_from)s),
            ('stale_occupation', known.person AND c.occupation <> ''
                AND coalesce(k.occupation, known.day) < %(occupation_from)s)
    ) r (kind, holds)
    WHERE c.id BETWEEN %(low)s AND %(high)s AND c.merged_into_id IS NULL AND r.holds
), resolved AS (
    UPDATE customers_qualityflag f SET resolved_on = %(day)s
    WHERE f.customer_id BETWEEN %(low)s AND %(high)s AND f.kind = ANY(%(kinds)s) AND f.resolved_on IS NULL
        AND NOT EXISTS (SELECT FROM found WHERE found.customer_id = f.customer_id AND found.kind = f.kind)
    RETURNING 1
), raised AS (
    INSERT INTO customers_qualityflag AS f (customer_id, kind, found_on)
    SELECT customer_id, kind, %(day)s FROM found
    ON CONFLICT (customer_id, kind) DO UPDATE
    SET found_on = excluded.found_on, resolved_on = NULL, dismissed_on = NULL, dismissed_by_id = NULL,
        dismiss_reason = ''
    WHERE f.resolved_on IS NOT NULL OR f.dismissed_on <= %(quiet_until)s
    RETURNING 1
)
SELECT (SELECT count(*) FROM raised), (SELECT count(*) FROM resolved)
