-- Re-tiers one chunk for a day that later runs follow, or one of these: history alone. Gives the moves and who stayed,
-- and of each how many are watched and overridden.
-- The standing before the day comes from the history too (one look-up a customer); settle_positions.sql ends the
-- sequence.
WITH {judged},
moved AS (
    SELECT *, {changed} AS is_change FROM judged WHERE {changed} OR known_id IS NOT NULL
),
{history}
SELECT was, after_tier, count(*), count(after_watch), count(after_ruled) FROM judged GROUP BY was, after_tier
