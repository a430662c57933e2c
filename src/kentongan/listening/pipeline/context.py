"""What the steps may know beyond the post: the gazetteer of the organisation's area, and how mentions are hashed."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from kentongan.listening.pipeline.gazetteer import Gazetteer


@dataclass(frozen=True, slots=True)
class Context:
    """Fixed for a run. `hash_mention(handle)` returns what stands in a text for an account's name."""

    gazetteer: Gazetteer
    hash_mention: Callable[[str], str]


Step = Callable[[pa.Table, Context], pa.Table]
