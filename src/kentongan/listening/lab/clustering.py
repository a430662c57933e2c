"""Cluster the texts of a file as the stream does: one pass, in the order of the rows, with the product's defaults."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from django.utils.translation import gettext as _

from kentongan.core.errors import Invalid
from kentongan.core.imports.values import moment_in_utc
from kentongan.listening.clustering import Clusterer
from kentongan.listening.clustering.sparse import Ints
from kentongan.listening.lab.judging import NOWHERE, table_of
from kentongan.listening.lab.reading import BATCH, Row, Sheet
from kentongan.listening.lab.writing import Added
from kentongan.listening.pipeline import clean, near_duplicate, normalise

ID, CLUSTER, CREATED_AT = "id", "cluster", "created_at"
RESULT: Added = {ID: pa.string(), CLUSTER: pa.int64()}
STEPS = (clean.step, normalise.step, near_duplicate.step)


@dataclass(frozen=True, slots=True)
class Fields:
    """The columns with the id, the text and, if the file has it, the time of a post."""

    identity: str = "id"
    text: str = "text"
    time: str = CREATED_AT


@dataclass(slots=True)
class Stream:
    """Rows on their way through the clusterer: the id and the facet of each."""

    fields: Fields
    clusterer: Clusterer = field(default_factory=Clusterer)
    ids: list[str] = field(default_factory=list)
    _placed: list[Ints] = field(default_factory=list)
    _time: float = 0.0

    def take(self, rows: list[Row]) -> None:
        """Place rows; raises Invalid for a row without an id, or with a time that is none."""
        first = len(self.ids) + 1
        self.ids += [self._identity(row, number) for number, row in enumerate(rows, start=first)]
        times = [self._moment(row, number) for number, row in enumerate(rows, start=first)]
        table = table_of([row.get(self.fields.text) for row in rows])
        for step in STEPS:
            table = step(table, NOWHERE)
        words, near = table["words"].to_pylist(), table["near_key"].to_pylist()
        self._placed.append(self.clusterer.place(words, times, near))

    def _identity(self, row: Row, number: int) -> str:
        value = row.get(self.fields.identity)
        if value is None or not str(value).strip():
            raise Invalid(
                _("Row %(number)s has no “%(name)s”.") % {"number": number, "name": self.fields.identity},
                remedy=_("Give every row an id; by it the result is told apart."),
            )
        return str(value)

    def _moment(self, row: Row, number: int) -> float:
        """Return the time of a row in seconds: the last one if it has none, 0 if no row has any."""
        value = row.get(self.fields.time)
        if value is not None and str(value).strip():
            found = moment_in_utc(value)
            if found is None:
                raise Invalid(
                    _("Row %(number)s: “%(value)s” is no time.") % {"number": number, "value": str(value)[:60]},
                    remedy=_("Write times like 2026-11-28T07:00:00+07:00, or leave that column out."),
                )
            self._time = found.timestamp()
        return self._time

    def result(self) -> Iterator[list[Row]]:
        """Review what is left, and yield the id and the cluster (1, 2, ... by first post) of each row, in batches."""
        self.clusterer.review()
        found = np.array(self.clusterer.clusters_of(np.concatenate(self._placed)), np.int64)
        _keys, first, at = np.unique(found, return_index=True, return_inverse=True)
        rank = np.empty(len(first), np.int64)
        rank[np.argsort(first)] = np.arange(1, len(first) + 1)
        numbers = rank[at].tolist()
        for start in range(0, len(numbers), BATCH):
            part = zip(self.ids[start : start + BATCH], numbers[start : start + BATCH], strict=True)
            yield [{ID: identity, CLUSTER: number} for identity, number in part]


def opened(sheet: Sheet, fields: Fields) -> Stream:
    """Return a stream for a sheet; raises Invalid when it has no column of ids, of texts, or of the times asked for."""
    sheet.require(fields.identity, fields.text, *({fields.time} - {CREATED_AT}))
    return Stream(fields)
