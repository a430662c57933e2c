"""A party as large as the country: its units down to the villages, 1.5 million people, 3.6 million accounts.

All of it is invented and marked as simulated. What is made depends on the seed alone, unit by unit, so that a load
that was stopped or killed goes on where it was.
"""

from kentongan.web.demo.national.loading import KIND, PLAYERS, SEED, begin, figures, load

__all__ = ["KIND", "PLAYERS", "SEED", "begin", "figures", "load"]
