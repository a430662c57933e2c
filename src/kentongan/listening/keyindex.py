"""Which posts are in the lake: eight bytes a post in memory, read from the files' own id columns.

An id is 128 bits, its first 64 are the key: among ten million posts the chance of one false match is one in 370,000.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]


def keys_of(ids: Iterable[str]) -> Keys:
    """Return the keys of post ids (32 hex digits each)."""
    return np.frombuffer(bytes.fromhex("".join(identity[:16] for identity in ids)), ">u8").astype(np.uint64)


class KeyIndex:
    """Sorted runs of keys, merged when a new one is as large as the last, so that a look-up searches few runs."""

    def __init__(self) -> None:
        self._segments: set[int] = set()
        self._runs: list[Keys] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def refresh(self, live: dict[int, str], read: Callable[[str], Iterable[str]]) -> None:
        """Bring the index to exactly the live segments (id to path); anew if one that was read is gone."""
        if not self._segments <= live.keys():
            self._segments, self._runs = set(), []
        for segment in sorted(live.keys() - self._segments):
            self._add(np.sort(keys_of(read(live[segment]))))
            self._segments.add(segment)

    def _add(self, run: Keys) -> None:
        self._runs.append(run)
        while len(self._runs) > 1 and len(self._runs[-1]) * 2 >= len(self._runs[-2]):
            last, before = self._runs.pop(), self._runs.pop()
            merged = np.concatenate([before, last])
            merged.sort()
            self._runs.append(merged)

    def known(self, keys: Keys) -> NDArray[np.bool_]:
        """Return for each key whether it is in."""
        found = np.zeros(len(keys), bool)
        for run in self._runs:
            at = np.searchsorted(run, keys)
            inside = at < len(run)
            found[inside] |= run[at[inside]] == keys[inside]
        return found
