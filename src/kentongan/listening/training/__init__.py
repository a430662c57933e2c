"""How the committed dictionaries and models are made. Not needed at run time."""
