"""Recalls that people carry out: who is asked, whether it is gone there, who is told."""
