-- The outcomes of a chunk, written where they differ.
UPDATE servicing_maturity m
SET stayed = f.stayed, outcome = f.outcome, measured_on = f.measured_on
FROM unnest(%(ids)s::bigint[], %(stayed)s::numeric[], %(outcomes)s::text[], %(days)s::date[])
  AS f(id, stayed, outcome, measured_on)
WHERE f.id = m.id
  AND (m.stayed, m.outcome, m.measured_on) IS DISTINCT FROM (f.stayed, f.outcome::varchar, f.measured_on)
