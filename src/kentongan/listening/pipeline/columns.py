"""List columns as flat arrays: what makes the steps fast."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def single(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def put(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """Return `table` with the column set or added."""
    at = table.schema.get_field_index(name)
    return table.append_column(name, values) if at < 0 else table.set_column(at, name, values)


def flat(column: pa.ChunkedArray | pa.Array) -> tuple[pa.Array, Ints]:
    """Return the values of a list column and, for each, the row it belongs to."""
    lists = single(column)
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False).astype(np.int64)
    return lists.flatten(), np.repeat(np.arange(len(lists)), lengths)


def map_unique(values: pa.Array, function: Callable[[str], str]) -> pa.Array:
    """Apply `function` once to each different value: a language has far fewer words than a day has tokens."""
    coded = values.dictionary_encode()
    mapped = pa.array([function(word) for word in coded.dictionary.to_pylist()], pa.string())
    return mapped.take(coded.indices)


def pairs(values: pa.Array, rows: Ints) -> tuple[pa.Array, Ints]:
    """Return every two neighbouring words of the same row, joined by a space, and their rows."""
    if len(values) < 2:
        return pa.array([], pa.string()), np.array([], np.int64)
    joined = pc.binary_join_element_wise(values.slice(0, len(values) - 1), values.slice(1), " ")
    inside = rows[:-1] == rows[1:]
    return joined.filter(pa.array(inside)), rows[:-1][inside]


def scores(words: pa.ChunkedArray, vocabulary: pa.Array, weights: Floats) -> Floats:
    """Return rows x heads: the summed weights (terms x heads) of each row's distinct words and phrases."""
    values, rows = flat(words)
    total = np.zeros((len(words), weights.shape[1]))
    for found, owners in ((values, rows), pairs(values, rows)):
        hit = pc.index_in(found, value_set=vocabulary)
        known = hit.is_valid().to_numpy(zero_copy_only=False)
        terms = hit.drop_null().to_numpy(zero_copy_only=False).astype(np.int64)
        once = np.unique(np.stack([owners[known], terms]), axis=1)
        np.add.at(total, once[0], weights[once[1]])
    return total
