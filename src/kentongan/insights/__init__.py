"""Ukur: what the published content reached, read back from the platforms."""
