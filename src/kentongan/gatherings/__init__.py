"""Temu: meetings with communities, from an issue to the questions answered."""
