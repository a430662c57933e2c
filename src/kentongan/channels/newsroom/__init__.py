"""The built-in newsroom: a public news site for each unit that switches it on."""
