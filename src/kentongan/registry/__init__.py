"""Daftar: units, people, roles and accounts, and who may see what."""
