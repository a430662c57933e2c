"""Rancang: briefs, content items, their versions for each platform, and their approval."""
