"""Tests of reposts: one account posts, others repost that."""
