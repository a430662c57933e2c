"""Tables of listening, one file a noun. Posts themselves live in the lake."""

from kentongan.listening.models.alerts import Alert, AlertRule
from kentongan.listening.models.issues import (
    Issue,
    IssueCount,
    IssueDistrict,
    IssueFollow,
    IssueSample,
    TalkCount,
)
from kentongan.listening.models.lake import ClusterState, Segment, Tombstone
from kentongan.listening.models.source import QuarantinedItem, Source

__all__ = [
    "Alert",
    "AlertRule",
    "ClusterState",
    "Issue",
    "IssueCount",
    "IssueDistrict",
    "IssueFollow",
    "IssueSample",
    "QuarantinedItem",
    "Segment",
    "Source",
    "TalkCount",
    "Tombstone",
]
