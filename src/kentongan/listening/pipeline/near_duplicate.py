"""Near-duplicate key: a 64-bit simhash; texts that differ in a word or two differ in a few bits."""

from functools import lru_cache
from hashlib import blake2b

import numpy as np
import pyarrow as pa

from kentongan.listening.pipeline.columns import flat, pairs, put
from kentongan.listening.pipeline.context import Context

BITS = 64
# Shorter texts ("selamat pagi") are alike without being copies.
SHORTEST = 6


@lru_cache(maxsize=200_000)
def _signs(word: str) -> bytes:
    digest = np.frombuffer(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), np.uint8)
    return (np.unpackbits(digest).astype(np.int8) * 2 - 1).tobytes()


def keys(words: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Return one int64 key for each list of words."""
    # Half a second to import: only who judges posts waits for it.
    from scipy import sparse

    values, rows = flat(words)
    joined, joined_rows = pairs(values, rows)
    coded = pa.concat_arrays([values, joined]).dictionary_encode()
    signs = np.frombuffer(b"".join(map(_signs, coded.dictionary.to_pylist())), np.int8).reshape(-1, BITS)
    owners = np.concatenate([rows, joined_rows])
    counts = sparse.csr_matrix(
        (np.ones(len(owners), np.float32), (owners, coded.indices.to_numpy())), shape=(len(words), len(signs))
    )
    bits = (counts @ signs.astype(np.float32) > 0).astype(np.uint8)
    return np.packbits(bits, axis=1).view(">i8").astype(np.int64).ravel()


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `near_key`, null for texts too short to tell."""
    words = table["words"]
    lengths = np.bincount(flat(words)[1], minlength=len(words))
    return put(table, "near_key", pa.array(keys(words), pa.int64(), mask=lengths < SHORTEST))
