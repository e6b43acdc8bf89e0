"""Decisions of insights from plain values, by noun."""
