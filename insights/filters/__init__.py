"""Lists of insights, by noun."""
