"""The tree of the simulated party: the whole country, or a part of it that has the same shape."""

from collections.abc import Iterator, Sequence
from random import Random

from kentongan.registry import trees
from kentongan.registry.models import Organisation, Unit
from kentongan.registry.trees import NewUnit


def whole(root: Unit) -> Sequence[NewUnit]:
    """Return all units below `root`, parents before children."""
    return list(trees.plan(trees.Wanted(Organisation.Kind.PARTY), root))


def part(units: Sequence[NewUnit], scale: float, seed: int) -> Sequence[NewUnit]:
    """Return `scale` (0 to 1] of the districts, with their villages, the regencies and the provinces they lie in.

    A larger scale has all that a smaller one has.
    """
    if scale >= 1:
        return units
    districts = [unit.code for unit in units if unit.level == Unit.Level.DISTRICT]
    Random(f"national/{seed}").shuffle(districts)  # noqa: S311
    # The village officer of the cast lives in Cikarang Pusat, however small the country is.
    kept = {"32.16.20", *districts[: max(1, round(len(districts) * scale))]}
    above = {code for district in kept for code in _above(district)}
    return [unit for unit in units if unit.code in above or unit.code in kept or unit.parent_code in kept]


def _above(code: str) -> Iterator[str]:
    while code := code.rpartition(".")[0]:
        yield code
