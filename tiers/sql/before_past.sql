-- Standing before a day that later runs follow: what the last change before it left.
coalesce(e.to_tier, 0) AS before_tier, e.to_ruled AS before_ruled, e.to_watch AS before_watch
