"""The phone pages of members: opened by a link, one column, working without scripts."""
