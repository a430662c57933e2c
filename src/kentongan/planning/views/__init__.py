"""Screens of planning, one file a noun."""
