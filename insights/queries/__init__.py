"""Reads across apps, by noun."""
