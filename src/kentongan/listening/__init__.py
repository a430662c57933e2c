"""Simak: what people talk about, where, and how fast it grows. Issues, never people."""
