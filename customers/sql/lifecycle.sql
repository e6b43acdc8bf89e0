-- Decides the stages of customers low..high on a day: positions and history in one statement. Gives the counts.
-- A change of the day that no longer is one goes away; the position is left alone where later days were decided.
WITH {decided},
placed AS (
    SELECT d.*, (%(stages)s::jsonb ->> d.rule)::smallint AS after,
        h.id AS known_id, h.from_stage AS known_from, h.to_stage AS known_to, h.rule AS known_rule,
        h.inputs AS known_inputs, h.policy_version AS known_version,
        jsonb_build_object(
            'accounts', accounts, 'open_accounts', open_accounts, 'since', since, 'recent', recent::text,
            'before', before::text, 'peak', peak::text, 'quiet', quiet::text, 'last_contact_on', last_contact_on,
            'stage_since', stage_since
        ) AS inputs
    FROM decided d
    LEFT JOIN customers_lifecyclechange h
        ON h.customer_id = d.customer_id AND h."on" = %(day)s AND h.customer_id BETWEEN %(low)s AND %(high)s
),
written AS (
    INSERT INTO customers_lifecyclechange
        (customer_id, "on", from_stage, to_stage, rule, inputs, policy_version)
    SELECT customer_id, %(day)s, stage, after, rule, inputs, %(version)s
    FROM placed
    WHERE after <> stage
        AND (known_from, known_to, known_rule, known_inputs, known_version)
        IS DISTINCT FROM (stage::smallint, after, rule, inputs, %(version)s)
    ON CONFLICT (customer_id, "on") DO UPDATE
    SET from_stage = excluded.from_stage, to_stage = excluded.to_stage, rule = excluded.rule,
        inputs = excluded.inputs, policy_version = excluded.policy_version
    RETURNING 1
),
withdrawn AS (
    DELETE FROM customers_lifecyclechange h USING placed
    WHERE h.id = placed.known_id AND placed.after = placed.stage
    RETURNING 1
),
moved AS (
    UPDATE customers_customerposition p SET stage = placed.after
    FROM placed
    WHERE %(is_last)s AND p.customer_id = placed.customer_id
        AND p.customer_id BETWEEN %(low)s AND %(high)s AND p.stage IS DISTINCT FROM placed.after
    RETURNING 1
)
SELECT (SELECT count(*) FROM placed), (SELECT count(*) FROM placed WHERE after <> stage),
    (SELECT count(*) FROM written) + (SELECT count(*) FROM withdrawn), (SELECT count(*) FROM moved)
