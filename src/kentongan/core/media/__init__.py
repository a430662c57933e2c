"""Pictures and videos: what is in them, and copies of them made for where they go.

    facts = media.learn(file)                      # once, after an upload; Invalid for what cannot be used
    copy = media.fitted(file, Recipe(...))         # made once, kept by content; the same bytes ever after

Both may take seconds, so neither belongs inside a transaction.
"""

from kentongan.core.media.pictures import CHANGES, Recipe
from kentongan.core.media.store import CLEAN, facts_of, fits_of, fitted, learn
from kentongan.core.models.media import FittedFile, MediaFacts

__all__ = [
    "CHANGES",
    "CLEAN",
    "FittedFile",
    "MediaFacts",
    "Recipe",
    "facts_of",
    "fits_of",
    "fitted",
    "learn",
]
