"""Pictures and videos: what is in them, and copies of them made for where they go.

    facts = media.learn(file)                      # once, after an upload; Invalid for what cannot be used
    copy = media.fitted(file, Recipe(...))         # made once, kept by content; the same bytes ever after
    copy = media.convert(file, key, tell, owner)   # a video anew, by ffmpeg where there is one: this takes minutes

The first two may take seconds, so none belongs inside a transaction.
"""

from kentongan.core.media.conversion import converter, is_conversion, no_converter, phone_advice, recipe_for
from kentongan.core.media.pictures import CHANGES, Recipe
from kentongan.core.media.store import CLEAN, SMALL, convert, facts_of, fits_of, fitted, is_kept, learn, small
from kentongan.core.models.media import FittedFile, MediaFacts

__all__ = [
    "CHANGES",
    "CLEAN",
    "SMALL",
    "FittedFile",
    "MediaFacts",
    "Recipe",
    "convert",
    "converter",
    "facts_of",
    "fits_of",
    "fitted",
    "is_conversion",
    "is_kept",
    "learn",
    "no_converter",
    "phone_advice",
    "recipe_for",
    "small",
]
