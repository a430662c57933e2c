"""The page of a participant: opened by a signed link, without signing in."""
