"""Tables of listening, one file a noun. Posts themselves live in the lake."""

from kentongan.listening.models.issues import (
    Issue,
    IssueCount,
    IssueDistrict,
    IssueFollow,
    IssueSample,
    TalkCount,
)
from kentongan.listening.models.lake import ClusterState, Segment, Source, Tombstone

__all__ = [
    "ClusterState",
    "Issue",
    "IssueCount",
    "IssueDistrict",
    "IssueFollow",
    "IssueSample",
    "Segment",
    "Source",
    "TalkCount",
    "Tombstone",
]
