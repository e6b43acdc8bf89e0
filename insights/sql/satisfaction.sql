-- Marks of the answers given from %(begins)s up to before %(ends)s: of each branch, person the talk was with, tier the
-- customer is in now, and question ("" = the recommendation) how many, their sum and the sum of their squares.
-- %(branches)s limits to units, %(person)s to one colleague; NULL = all. Without %(by_branch)s, %(by_person)s and
-- %(by_tier)s these are not told apart; tiers are then not looked up, either.
-- Plan: one scan of the answers (they are few: one customer in ten of those contacted), invitations by their key, tiers
-- by look-up (OFFSET: joined, a bank's million positions would be read).
SELECT branch_id, person_id, tier, question, count(*), sum(mark), sum(mark * mark)
FROM (
    SELECT
        CASE WHEN %(by_branch)s THEN a.branch_id ELSE 0 END AS branch_id,
        CASE WHEN %(by_person)s THEN n.about_id END AS person_id,
        coalesce(p.tier, 0) AS tier,
        m.question,
        m.mark
    FROM servicing_surveyanswer a
    LEFT JOIN servicing_invitation n ON n.id = a.invitation_id
    LEFT JOIN LATERAL (
        SELECT tier FROM customers_customerposition WHERE %(by_tier)s AND customer_id = n.customer_id OFFSET 0
    ) p ON true
    CROSS JOIN LATERAL (
        SELECT '' AS question, a.score::bigint AS mark
        UNION ALL
        SELECT e.key, e.value::bigint FROM jsonb_each_text(a.marks) e WHERE e.value ~ '^[0-9]{1,2}$'
    ) m
    WHERE a.answered_at >= %(begins)s AND a.answered_at < %(ends)s
        AND (%(branches)s::bigint[] IS NULL OR a.branch_id = ANY(%(branches)s))
        AND (%(person)s::bigint IS NULL OR n.about_id = %(person)s)
) marks
GROUP BY 1, 2, 3, 4
