"""Forms of the room Temu; what they hold is checked again by the actions."""
