"""Actions on many things at once: all of them or none, and each refusal with its own reason.

    refusals = Refusals()
    for position, one in enumerate(wanted):
        with refusals.of(position):
            check(one)                             # may raise what people see
    refusals.check()                               # raises Several; nothing was written so far

The action on one thing is the same action on a list of one, inside `alone()`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from kentongan.core.errors import KentonganError


class Several(Exception):
    """Some of many are refused, so that nothing was done: `errors` by their position in the list, never empty."""

    def __init__(self, errors: Mapping[int, KentonganError]) -> None:
        self.errors = dict(sorted(errors.items()))
        super().__init__("; ".join(f"{position}: {error}" for position, error in self.errors.items()))


class Refusals:
    """Notes why some of many are refused."""

    def __init__(self) -> None:
        self.errors: dict[int, KentonganError] = {}

    @contextmanager
    def of(self, position: int) -> Iterator[None]:
        """Note what is raised inside as the reason against the one at that position."""
        try:
            yield
        except KentonganError as error:
            self.add(position, error)

    def add(self, position: int, error: KentonganError) -> None:
        """Note a reason; the first one against something holds."""
        self.errors.setdefault(position, error)

    def check(self) -> None:
        """Raise Several where any was refused."""
        if self.errors:
            raise Several(self.errors)


@contextmanager
def alone() -> Iterator[None]:
    """Let the only one of a list be refused by its own error."""
    try:
        yield
    except Several as several:
        raise next(iter(several.errors.values())) from several


@contextmanager
def among(positions: Sequence[int]) -> Iterator[None]:
    """Tell refusals of a part of a list by their positions in the whole: the part's n-th is at `positions[n]`."""
    try:
        yield
    except Several as several:
        raise Several({positions[number]: error for number, error in several.errors.items()}) from several
