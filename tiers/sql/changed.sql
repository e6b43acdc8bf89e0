-- Whether the day changed the standing of a row of CTE judged. By a new scheme the same number may be another tier.
(
    after_tier <> before_tier OR after_tier <> same
    OR after_ruled IS DISTINCT FROM before_ruled OR after_watch IS DISTINCT FROM before_watch
)
