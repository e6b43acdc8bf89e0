-- Who of those contacted on a day is asked in a wave, and who is left out why.
-- Plan: interaction_of_branch for the units of the wave, one row a customer; alerts, invitations and consents by their
-- customer indexes for the sampled share only. Doing it again finds the same: the sample is a hash of number and seed,
-- and invitations of this wave count neither as fatigue nor as left out.
WITH contacted AS (
    SELECT DISTINCT ON (i.customer_id) i.customer_id, i.id AS interaction_id, i.author_id, i.branch_id
    FROM servicing_interaction i
    WHERE i.branch_id = ANY(%(branches)s) AND i.happened_at >= %(since)s AND i.happened_at < %(until)s
      AND NOT i.outcome = ANY(%(unreached)s)
    ORDER BY i.customer_id, i.happened_at DESC, i.id DESC
), found AS (
    SELECT k.*, c.email_cipher IS NOT NULL AS has_email, c.phone_cipher IS NOT NULL AS has_phone,
           c.wechat_cipher IS NOT NULL AS has_wecom,
           mod(hashtextextended(c.customer_no, %(seed)s::bigint) & 9223372036854775807, 100) < %(percent)s AS is_sampled
    FROM contacted k JOIN customers_customer c ON c.id = k.customer_id
    WHERE c.merged_into_id IS NULL
      AND NOT EXISTS (SELECT FROM servicing_invitation v
                      WHERE v.wave_id = %(wave)s AND v.customer_id = k.customer_id
                        AND v.interaction_id IS DISTINCT FROM k.interaction_id)
), reach AS (
    -- Each wave channel of a sampled customer: is the address known, is the consent live, is it what they prefer.
    SELECT f.customer_id, w.channel, w.place,
           CASE w.channel WHEN 'email' THEN f.has_email WHEN 'sms' THEN f.has_phone ELSE f.has_wecom END AS has_address,
           (SELECT s.decision FROM customers_consent s
            WHERE s.purpose = 'survey' AND s.channel = w.channel AND s.customer_id = f.customer_id
            ORDER BY s.stated_at DESC, s.id DESC LIMIT 1) IS NOT DISTINCT FROM 'given' AS is_agreed,
           EXISTS (SELECT FROM customers_preference p
                   WHERE p.customer_id = f.customer_id AND p.kind = 'channel' AND p.value = w.channel
                     AND p.ended_at IS NULL) AS is_preferred
    FROM found f CROSS JOIN unnest(%(channels)s::text[]) WITH ORDINALITY AS w(channel, place)
    WHERE f.is_sampled
), chosen AS (
    SELECT DISTINCT ON (customer_id) customer_id, channel FROM reach WHERE has_address AND is_agreed
    ORDER BY customer_id, is_preferred DESC, place
), judged AS (
    SELECT f.*, chosen.channel,
           CASE WHEN NOT f.is_sampled THEN 'not_sampled'
                WHEN EXISTS (SELECT FROM customers_customeralert a
                             WHERE a.customer_id = f.customer_id AND a.kind = ANY(%(alerts)s)
                               AND a.dismissed_at IS NULL AND a.starts_on <= %(day)s AND (a.ends_on IS NULL OR a.ends_on >= %(day)s)) THEN 'alert'
                WHEN EXISTS (SELECT FROM servicing_invitation v
                             WHERE v.customer_id = f.customer_id AND v.wave_id <> %(wave)s
                               AND v.made_at > %(fresh_since)s) THEN 'fatigue'
                WHEN NOT EXISTS (SELECT FROM reach r WHERE r.customer_id = f.customer_id AND r.has_address)
                    THEN 'no_address'
                WHEN chosen.channel IS NULL THEN 'no_consent'
                ELSE '' END AS reason
    FROM found f LEFT JOIN chosen ON chosen.customer_id = f.customer_id
), invited AS (
    INSERT INTO servicing_invitation
        (wave_id, customer_id, branch_id, interaction_id, about_id, channel, digest, state, made_at, expires_at)
    SELECT %(wave)s, customer_id, branch_id, interaction_id, author_id, channel,
           sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'waiting', %(at)s,
           %(expires_at)s
    FROM judged WHERE reason = '' ORDER BY customer_id
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM invited), coalesce(jsonb_object_agg(reason, n), '{}')
FROM (SELECT reason, count(*) AS n FROM judged WHERE reason <> '' GROUP BY reason) r
