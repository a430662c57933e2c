"""Channels: one folder a platform, each behind the same contract. Only here platforms have names."""
