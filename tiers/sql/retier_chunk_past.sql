-- Re-tiers one chunk for a day that later runs follow, or one of these: history alone. Gives the moves, and who stayed.
-- The tier before the day comes from the history too (one look-up a customer); settle_positions.sql ends the sequence.
WITH {judged},
moved AS (
    SELECT * FROM judged WHERE after <> before OR known_id IS NOT NULL
),
{history}
SELECT before, after, count(*) FROM judged GROUP BY before, after
