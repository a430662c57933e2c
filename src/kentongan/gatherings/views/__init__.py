"""Screens of the room Temu: meetings, and training in waves."""
