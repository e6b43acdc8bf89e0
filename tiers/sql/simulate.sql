-- The same as spread_answer.sql when no spread is ready: one scan of the positions. `bounds` in fen, without the first.
SELECT {unit}, s.state, 1 + width_bucket(s.fen, %(bounds)s::bigint[]) AS band, count(*), sum(s.closing)::bigint
FROM ({sourced}) s
GROUP BY 1, 2, 3
