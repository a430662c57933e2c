"""Forms of the registry, one file a noun; what they hold is checked again by the actions."""
