"""A simulated fortnight of public posts from Kabupaten Bekasi, the same for the same seed.

Everything here is invented: the people, their handles, what happened. Only the places are real.
"""

from .generator import DEFAULT_POSTS, DEFAULT_SEED, Kind, Labelled, generate, generate_with_truth, native_id
from .scripts import Issue, issues

__all__ = [
    "DEFAULT_POSTS",
    "DEFAULT_SEED",
    "Issue",
    "Kind",
    "Labelled",
    "generate",
    "generate_with_truth",
    "issues",
    "native_id",
]
