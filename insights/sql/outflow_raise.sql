-- What a night found: warnings raised, or renewed where one is open; nothing for customers whose last one was closed since
-- %(again)s. A day replaced by the same day writes the same. Plan: the customers given, by outflow_one_open.
INSERT INTO insights_outflowwarning (
    customer_id, raised_on, seen_on, tier, balance, gone, score, main, signals, version, state, verdict, note
)
SELECT f.customer_id, %(day)s, %(day)s, f.tier, f.balance, f.gone, f.score, f.main, f.signals, %(version)s, 'open', '', ''
FROM unnest(
    %(customers)s::bigint[], %(tiers)s::int[], %(balances)s::numeric[], %(gones)s::numeric[], %(scores)s::int[],
    %(mains)s::text[], %(signals)s::jsonb[]
) AS f (customer_id, tier, balance, gone, score, main, signals)
WHERE NOT EXISTS (
    SELECT FROM insights_outflowwarning w WHERE w.customer_id = f.customer_id AND w.state <> 'open'
      AND (w.closed_on > %(again)s OR w.raised_on = %(day)s)
)
ON CONFLICT (customer_id) WHERE state = 'open' DO UPDATE SET
    seen_on = excluded.seen_on, tier = excluded.tier, balance = excluded.balance, gone = excluded.gone,
    score = excluded.score, main = excluded.main, signals = excluded.signals, version = excluded.version
WHERE insights_outflowwarning.seen_on <= excluded.seen_on
RETURNING (xmax = 0) AS is_new
