"""Posts in a spreadsheet: read, matched with accounts, brought in as content that waits for approval."""
