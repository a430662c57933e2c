"""What gatherings show on an issue's page."""

from collections.abc import Mapping
from typing import Any

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.gatherings import queries
from kentongan.listening.models import Issue
from kentongan.registry import access


class IssueMeetings:
    """The meetings about an issue, and the way to make one of it."""

    order = 60
    template = "gatherings/issue_panel.html"

    def context(self, actor: Actor, issue: Issue) -> Mapping[str, Any] | None:
        """Return what the template needs; None for those who are not staff there."""
        held = access.capabilities(actor, issue.unit)
        if Capability.MEASURE not in held:
            return None
        return {
            "gatherings": list(queries.of_issue(actor, issue.pk)[:5]),
            "can_gather": Capability.GATHER in held,
            "issue": issue,
        }
