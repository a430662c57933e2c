"""Screens of the registry: what it shows, what is put on its lists, how the tree changes."""
