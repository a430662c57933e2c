"""Screens of listening."""
