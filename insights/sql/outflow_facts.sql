-- The signs of outflow of some customers at the close of %(day)s (insights.rules.outflow says what each is), in yuan, for
-- those with a sign about money or a complaint. Everything is as of that day, so that the past can be replayed; only what
-- is kept of today alone (watch, open follow-ups and promises) is left out of a replay (%(is_past)s).
-- Plan: for each customer one walk along the key (customer, day) of the history's last seven months, aggregated together;
-- weekly closes only of those whose balance fell much within the fortnight, salaries by a join of a customer's few inflows;
-- contacts, promises and the like are looked up for those that have a sign.
WITH asked AS MATERIALIZED (
    SELECT unnest(%(customers)s::bigint[]) AS customer_id
), rows_of AS (
    SELECT a.customer_id, x."on", x.total FROM asked a
    CROSS JOIN LATERAL (
        SELECT p."on", p.total FROM customers_positionchange p
        WHERE p.customer_id = a.customer_id AND p."on" <= %(first)s ORDER BY p."on" DESC LIMIT 1
    ) x
    UNION ALL
    SELECT p.customer_id, p."on", p.total FROM customers_positionchange p
    WHERE p.customer_id = ANY (%(customers)s::bigint[]) AND p."on" > %(first)s AND p."on" <= %(day)s
), moves AS MATERIALIZED (
    SELECT customer_id, "on", total, lag(total) OVER by_day AS before, lead("on") OVER by_day AS until
    FROM rows_of WINDOW by_day AS (PARTITION BY customer_id ORDER BY "on")
), recent AS MATERIALIZED (
    SELECT customer_id,
        max(total) FILTER (WHERE until IS NULL) AS now,
        coalesce(max(total) FILTER (WHERE "on" <= %(last)s AND (until IS NULL OR until > %(last)s)), 0) AS earlier,
        max("on") FILTER (WHERE "on" > %(last)s AND total > before) AS risen_on
    FROM moves GROUP BY customer_id
), closes AS MATERIALIZED (
    SELECT r.customer_id, m.total
    FROM recent r
    JOIN moves m ON m.customer_id = r.customer_id
    JOIN unnest(%(weeks)s::date[]) AS w (day) ON w.day >= m."on" AND (m.until IS NULL OR w.day < m.until)
    -- No smaller fall within the fortnight can be half of one that is deep enough.
    WHERE r.now < r.earlier AND (r.earlier - r.now) * 200 >= %(least)s * %(fall_share)s
), middles AS (
    SELECT customer_id, count(*) AS weeks,
        round((percentile_cont(0.5) WITHIN GROUP (ORDER BY total))::numeric, 2) AS usual
    FROM closes GROUP BY customer_id HAVING count(*) >= %(least_weeks)s
), spreads AS (
    SELECT c.customer_id, m.usual, m.weeks,
        greatest(
            round(1.4826 * (percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(c.total - m.usual)))::numeric, 2),
            round(m.usual * 0.05, 2)
        ) AS spread
    FROM closes c JOIN middles m USING (customer_id)
    WHERE m.usual >= %(least)s
    GROUP BY c.customer_id, m.usual, m.weeks
), fallen AS (
    SELECT s.customer_id,
        jsonb_build_object('usual', s.usual::text, 'spread', s.spread::text, 'weeks', s.weeks, 'now', r.now::text) AS facts
    FROM spreads s JOIN recent r USING (customer_id)
    WHERE (s.usual - r.now) * 100 >= s.usual * %(fall_share)s AND s.usual - r.now >= s.spread * %(fall_spreads)s
      AND (r.earlier - r.now) * 2 >= s.usual - r.now
), inflows AS MATERIALIZED (
    SELECT customer_id, "on", total - before AS amount FROM moves WHERE total - before >= %(salary_least)s
), latest AS (
    SELECT customer_id, "on", amount, ("on" + interval '1 month')::date AS expected
    FROM inflows
    WHERE ("on" + interval '1 month')::date BETWEEN %(day)s::date - %(salary_until)s::int AND %(day)s::date - %(salary_late)s::int
), rhythms AS (
    SELECT l.customer_id, l."on", l.amount, l.expected, count(DISTINCT k.back) AS seen,
        round((percentile_cont(0.5) WITHIN GROUP (ORDER BY i.amount))::numeric, 2) AS usual
    FROM latest l
    CROSS JOIN generate_series(0, %(months)s::int - 1) AS k (back)
    JOIN inflows i ON i.customer_id = l.customer_id AND i.amount * 100 BETWEEN l.amount * 60 AND l.amount * 167
        AND i."on" BETWEEN (l."on" - make_interval(months => k.back))::date - 3
                       AND (l."on" - make_interval(months => k.back))::date + 3
    WHERE NOT EXISTS (
        SELECT FROM inflows n WHERE n.customer_id = l.customer_id AND n."on" > l."on" + 3 AND n.amount * 100 >= l.amount * 60
    )
    GROUP BY l.customer_id, l."on", l.amount, l.expected
    HAVING count(DISTINCT k.back) FILTER (WHERE k.back IN (1, 2)) = 2
), unpaid AS (
    SELECT DISTINCT ON (customer_id) customer_id,
        jsonb_build_object('amount', usual::text, 'expected', expected, 'months', seen) AS facts
    FROM rhythms ORDER BY customer_id, amount DESC, "on" DESC
), runs AS (
    SELECT m.customer_id, count(*) AS falls, min(m."on") AS since,
        (array_agg(m.before ORDER BY m."on"))[1] AS start
    FROM moves m JOIN recent r USING (customer_id)
    WHERE m."on" > coalesce(r.risen_on, %(last)s) AND m.total < m.before
    GROUP BY m.customer_id
), drained AS (
    SELECT u.customer_id,
        jsonb_build_object('count', u.falls, 'since', u.since, 'from', u.start::text, 'now', r.now::text) AS facts
    FROM runs u JOIN recent r USING (customer_id)
    WHERE u.falls >= %(cascade_count)s AND u.start >= %(least)s
      AND (u.start - r.now) * 100 >= u.start * %(cascade_share)s
      AND (r.earlier - r.now) * 100 >= r.earlier * %(cascade_share)s
), matured AS (
    SELECT m.customer_id,
        jsonb_build_object('amount', sum(m.amount)::text, 'on', max(m.matures_on), 'count', count(*)) AS facts
    FROM servicing_maturity m
    JOIN customers_account a ON a.id = m.account_id
    WHERE m.customer_id = ANY (%(customers)s::bigint[])
      AND m.matures_on BETWEEN %(day)s::date - %(salary_until)s::int AND %(day)s::date - %(matured_days)s::int
      AND m.amount > 0 AND a.rollover IS NOT TRUE AND (a.matures_on IS NULL OR a.matures_on <= m.matures_on)
      AND NOT EXISTS (
          SELECT FROM customers_account n JOIN customers_product k ON k.id = n.product_id
          WHERE n.customer_id = m.customer_id AND n.id <> m.account_id AND k.kind <> 'demand'
            AND coalesce(n.value_date, n.opened_on) BETWEEN m.matures_on AND %(day)s
      )
    GROUP BY m.customer_id HAVING sum(m.amount) >= %(least)s
), said AS (
    -- Nothing of complaints somebody must keep away from, or that the web form brought and nobody accepted yet.
    SELECT c.customer_id, c.received_on AS "on"
    FROM complaints_complaint c
    WHERE c.customer_id = ANY (%(customers)s::bigint[]) AND c.recused = '{}' AND c.state <> 'withdrawn'
      AND NOT (c.source = 'web' AND c.state = 'registered')
      AND c.received_on BETWEEN %(day)s::date - 90 AND %(day)s
      AND (c.closed_on IS NULL OR c.closed_on > %(day)s::date - 30)
    UNION ALL
    SELECT f.customer_id, (f.recorded_at AT TIME ZONE 'Asia/Shanghai')::date
    FROM servicing_feedback f
    WHERE f.customer_id = ANY (%(customers)s::bigint[]) AND f.kind = 'problem' AND f.state IN ('open', 'answered')
      AND (f.recorded_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN %(day)s::date - 60 AND %(day)s
), upset AS (
    SELECT customer_id, jsonb_build_object('on', max("on"), 'count', count(*)) AS facts FROM said GROUP BY customer_id
), signed AS MATERIALIZED (
    SELECT r.customer_id, r.now, r.earlier,
        fallen.facts AS fall, unpaid.facts AS salary, drained.facts AS cascade, matured.facts AS matured,
        upset.facts AS complaint
    FROM recent r
    LEFT JOIN fallen USING (customer_id)
    LEFT JOIN unpaid USING (customer_id)
    LEFT JOIN drained USING (customer_id)
    LEFT JOIN matured USING (customer_id)
    LEFT JOIN upset USING (customer_id)
    WHERE greatest(r.now, r.earlier) >= %(least)s
      AND coalesce(fallen.facts, unpaid.facts, drained.facts, matured.facts, upset.facts) IS NOT NULL
), standing AS (
    SELECT s.*, CASE WHEN p.tier_since <= %(day)s THEN p.tier ELSE coalesce(t.to_tier, 0) END AS tier,
        CASE WHEN p.tier_since <= %(day)s THEN p.tier_since ELSE t."on" END AS tier_since,
        CASE WHEN p.last_contact_on <= %(day)s THEN p.last_contact_on ELSE i."on" END AS contact_on,
        CASE WHEN NOT %(is_past)s THEN p.watch_since END AS watch_since, NOT %(is_past)s AND p.near & 2 > 0 AS is_near
    FROM signed s
    JOIN customers_customerposition p ON p.customer_id = s.customer_id
    LEFT JOIN LATERAL (
        SELECT c.to_tier, c."on" FROM tiers_tierchange c
        WHERE c.customer_id = s.customer_id AND c."on" <= %(day)s AND p.tier_since > %(day)s
        ORDER BY c."on" DESC, c.id DESC LIMIT 1
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT (x.happened_at AT TIME ZONE 'Asia/Shanghai')::date AS "on" FROM servicing_interaction x
        WHERE x.customer_id = s.customer_id AND p.last_contact_on > %(day)s AND x.origin <> 'campaign'
          AND x.happened_at < %(day)s::date + 1 ORDER BY x.happened_at DESC LIMIT 1
    ) i ON true
)
SELECT s.customer_id, s.tier, s.now, greatest(0, s.earlier - s.now) AS gone,
    jsonb_strip_nulls(jsonb_build_object(
        'fall', s.fall, 'salary', s.salary, 'cascade', s.cascade, 'matured', s.matured, 'complaint', s.complaint,
        'contact', CASE
            WHEN (%(day)s::date - coalesce(s.contact_on, s.tier_since)) * 100
                > (%(everys)s::int[])[s.tier] * %(contact_share)s
            THEN jsonb_build_object(
                'days', %(day)s::date - coalesce(s.contact_on, s.tier_since), 'every', (%(everys)s::int[])[s.tier],
                'last', s.contact_on)
            WHEN d.due_on IS NOT NULL THEN jsonb_build_object('due', d.due_on)
        END,
        'tier', CASE
            WHEN s.watch_since IS NOT NULL OR s.is_near THEN jsonb_build_object('tier', s.tier, 'since', s.watch_since)
        END
    )) AS signals
FROM standing s
LEFT JOIN LATERAL (
    SELECT min(o.due_on) AS due_on FROM (
        SELECT f.due_on FROM servicing_followup f
        WHERE f.customer_id = s.customer_id AND f.state = 'open' AND f.due_on < %(day)s::date - 7
        UNION ALL
        SELECT q.due_on FROM customers_promise q
        WHERE q.customer_id = s.customer_id AND q.state = 'open' AND q.due_on < %(day)s::date - 7
    ) o WHERE NOT %(is_past)s
) d ON true
