"""Forms of tiers."""
