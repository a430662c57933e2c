"""Lists of people as offices keep them: read, matched with the tree and with who is there, brought in, taken back."""
