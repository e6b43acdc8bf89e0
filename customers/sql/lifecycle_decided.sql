-- What is known of customers low..high on a day, and the rule that decides (rules/lifecycle.py `decide`, same order).
-- {s_...} are running sums of position p (lifecycle_sum.sql) at the ends of the windows. A window begins no earlier
-- than the first account or the first day of the ledger: days before them are no zeros.
-- Plan: range scans of positions and accounts, one look-up of the last stage and up to seven of balances a customer;
-- the look-ups of who has not moved for months are answered from the position itself.
held AS (
    SELECT a.customer_id, count(*) AS accounts,
        count(*) FILTER (WHERE a.status <> 'closed' OR a.closed_on > %(day)s) AS open_accounts,
        min(a.opened_on) AS opened_on
    FROM customers_account a
    WHERE a.customer_id BETWEEN %(low)s AND %(high)s AND (a.opened_on IS NULL OR a.opened_on <= %(day)s)
    GROUP BY a.customer_id
),
known AS (
    SELECT p.customer_id, p.stage AS shown, p.last_contact_on, coalesce(h.accounts, 0) AS accounts,
        coalesce(h.open_accounts, 0) AS open_accounts, coalesce(h.opened_on, c.opened_on) AS since,
        coalesce(l.to_stage, 0) AS stage, l."on" AS stage_since,
        greatest(h.opened_on, coalesce(%(ledger_from)s, %(day)s)) AS first_day,
        p."on", p.total, p.day_sum
    FROM customers_customerposition p
    JOIN customers_customer c ON c.id = p.customer_id AND c.merged_into_id IS NULL
    LEFT JOIN held h ON h.customer_id = p.customer_id
    LEFT JOIN LATERAL (
        SELECT b.to_stage, b."on" FROM customers_lifecyclechange b
        WHERE b.customer_id = p.customer_id AND b."on" < %(day)s
        ORDER BY b."on" DESC
        LIMIT 1
    ) l ON true
    WHERE p.customer_id BETWEEN %(low)s AND %(high)s
),
summed AS (
    SELECT p.*,
        greatest(1, least(%(average_days)s, %(day)s - p.first_day + 1)) AS recent_days,
        %(split)s - greatest(%(before_end)s, p.first_day - 1) AS days_before,
        {s_day} AS s_day, {s_split} AS s_split, {s_start} AS s_start, {s_quiet} AS s_quiet,
        {s_before} AS s_0, {s_span_1} AS s_1, {s_span_2} AS s_2, {s_span_3} AS s_3
    FROM known p
    OFFSET 0
),
facts AS (
    SELECT s.*,
        round((s_day - s_split) / recent_days, 2) AS recent,
        CASE WHEN days_before >= %(average_days)s THEN round((s_split - s_start) / days_before, 2) END AS before,
        CASE WHEN %(day)s - first_day + 1 >= %(lost_days)s THEN round((s_day - s_quiet) / %(lost_days)s, 2) END AS quiet,
        greatest(
            0, round((s_split - s_0) / %(before_days)s, 2), round((s_0 - s_1) / %(before_days)s, 2),
            round((s_1 - s_2) / %(before_days)s, 2), round((s_2 - s_3) / %(before_days)s, 2)
        ) AS peak
    FROM summed s
    OFFSET 0
),
judged AS (
    SELECT f.*,
        recent >= %(won_back_floor)s AS has_floor,
        coalesce(peak > 0 AND quiet <= peak * %(lost_share)s, false) AS is_dry,
        coalesce(last_contact_on > %(quiet_from)s, false) AS in_contact
    FROM facts f
),
decided AS (
    SELECT j.*,
        CASE
            WHEN accounts = 0 THEN 'no_account'
            WHEN open_accounts = 0 THEN 'all_closed'
            WHEN %(day)s - since < %(new_days)s THEN 'young'
            WHEN stage = %(lost)s AND has_floor THEN 'came_back'
            WHEN stage = %(won_back)s AND has_floor AND %(day)s - stage_since < %(won_back_days)s THEN 'back'
            WHEN quiet <= 0 THEN 'empty'
            WHEN is_dry AND NOT in_contact THEN 'dried_up'
            WHEN stage = %(lost)s THEN 'still_lost'
            WHEN is_dry THEN 'drying_up'
            WHEN before IS NULL THEN 'too_short'
            WHEN before > 0 AND recent <= before * %(declining_ratio)s THEN 'falling'
            WHEN recent > 0 AND recent >= before * %(growing_ratio)s THEN 'rising'
            ELSE 'steady'
        END AS rule
    FROM judged j
)
