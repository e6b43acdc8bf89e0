-- Standing before a day that no later run follows: the position's, or, when the day was run before, what that run found.
CASE WHEN t.id IS NULL THEN v.tier ELSE t.from_tier END AS before_tier,
CASE WHEN t.id IS NULL THEN v.ruled_tier ELSE t.from_ruled END AS before_ruled,
CASE WHEN t.id IS NULL THEN v.watch_since ELSE t.from_watch END AS before_watch
