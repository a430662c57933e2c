"""Screens of the core: files, jobs, imports, messages."""
