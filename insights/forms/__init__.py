"""Forms of insights, by noun."""
