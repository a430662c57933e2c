"""Reading a member's link: what it opens, on which device, or which story to tell instead. Nothing here writes."""

from dataclasses import dataclass

from django.core.exceptions import ObjectDoesNotExist

from kentongan.core import ids, links
from kentongan.core.actor import Actor
from kentongan.core.links import Door
from kentongan.missions.models import MemberLink, MissionInvitation, Receipt
from kentongan.registry.models import Unit


@dataclass(frozen=True, slots=True)
class Entry:
    """A link as it was found, and what it does here."""

    door: Door
    link: MemberLink | None = None

    @property
    def actor(self) -> Actor:
        """Who acts through the link."""
        if self.link is None:
            return Actor.anonymous()
        return Actor.of_link(self.link.person_id, self.link.person.full_name)

    @property
    def language(self) -> str:
        """The language that is stored of whom the link is for."""
        return self.link.person.language if self.link else ""

    @property
    def receipt(self) -> Receipt | None:
        """The receipt that it opens."""
        return self.link.receipt if self.link else None

    @property
    def invitation(self) -> MissionInvitation | None:
        """The invitation that it opens."""
        return self.link.invitation if self.link else None

    @property
    def unit(self) -> Unit | None:
        """Who asks."""
        if self.receipt is not None:
            return self.receipt.instruction.unit
        return self.invitation.mission.unit if self.invitation is not None else None


def enter(token: str, device: str) -> Entry:
    """Find a link by its token and say what it does for a device with this cookie; one query."""
    try:
        link = MemberLink.objects.select_related(
            "person",
            "receipt__instruction__unit",
            "receipt__unit",
            "receipt__proof",
            "invitation__mission__unit",
            "invitation__mission__image",
            "invitation__unit",
        ).get(digest=ids.token_digest(token))
    except ObjectDoesNotExist:
        return Entry(Door.UNKNOWN)
    return Entry(links.of(link, device), link)
