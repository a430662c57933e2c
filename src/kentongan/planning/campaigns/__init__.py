"""Campaigns: content that belongs together. Not to be taken for the purpose of that name, which is electioneering."""
