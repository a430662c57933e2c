"""What planning shows on an issue's page."""

from collections.abc import Mapping
from typing import Any

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.listening.models import Issue
from kentongan.planning import access, queries
from kentongan.registry import access as rights

SHOWN = 6


class IssueContent:
    """The briefs and items made from an issue, and the way to make a brief of it."""

    order = 10
    template = "planning/issue_panel.html"

    def context(self, actor: Actor, issue: Issue) -> Mapping[str, Any] | None:
        """Return what the template needs; None for those who do not see planning there."""
        held = rights.capabilities(actor, issue.unit)
        if access.READ not in held:
            return None
        briefs, items = queries.for_issue(actor, issue.pk)
        return {
            "briefs": briefs[:SHOWN],
            "items": items[:SHOWN],
            "can_write": Capability.EDIT in held,
            "issue": issue,
        }
