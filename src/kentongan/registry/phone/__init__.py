"""The phone pages of people on the list: opened by a link, one column, working without scripts."""
