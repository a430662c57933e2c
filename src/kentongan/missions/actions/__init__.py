"""All writes of missions, one file a noun."""
