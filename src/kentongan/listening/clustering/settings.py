"""One setting for every stream."""

from dataclasses import dataclass, field

from kentongan.listening.clustering import kinship


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults for every stream; `gap` is in seconds, counts are posts, words or facets.

    Posts are taken `step` at a time; facets are looked up in an index that is made anew every `refresh` posts. A review
    compares the `reviewed` latest facets; the next one waits for `patience` posts for each of them, so that reviews
    cost a post the same whatever there is to compare. Where posts are few it comes after an `hour` of the stream, if
    `hourly` posts came. How everybody talks weighs as much as `mass` words in how a
    group talks, but no more than `share` of all that was said.
    """

    similar: float = 0.4
    leading: float = 0.4
    witness: float = 0.04
    faint: float = 0.2
    slack: float = 0.1
    gap: float = 4 * 86400.0
    step: int = 256
    refresh: int = 1024
    terms: int = 64
    most: int = 12_000
    window: int = 200_000
    review_every: int = 2048
    reviewed: int = 3000
    patience: float = 8.0
    hour: float = 3600.0
    hourly: int = 512
    mass: float = 3000.0
    share: float = 0.05
    kin: kinship.Settings = field(default_factory=kinship.Settings)
