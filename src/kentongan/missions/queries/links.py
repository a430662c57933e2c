"""Reading a member's link: what it opens, on which device, or which story to tell instead. Nothing here writes."""

from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ObjectDoesNotExist

from kentongan.core import ids
from kentongan.core.actor import Actor
from kentongan.missions.models import MemberLink, MissionInvitation, Receipt, Revocation
from kentongan.registry.models import Unit


class Door(StrEnum):
    """What a link does for the device that holds it."""

    UNKNOWN = "unknown"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OTHER_DEVICE = "other_device"
    NEW = "new"
    OPEN = "open"


CLOSED = frozenset(set(Door) - {Door.NEW, Door.OPEN})


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


def cookie_name(token: str) -> str:
    """Return the name of the cookie that binds a device to this link."""
    return f"kentongan_m_{ids.token_digest(token)[:12]}"


def _door(link: MemberLink, device: str) -> Door:
    if link.revoked_at is not None:
        return {
            Revocation.REPLACED: Door.REPLACED,
            Revocation.WITHDRAWN: Door.WITHDRAWN,
        }[Revocation(link.revoked_for)]
    if link.is_expired:
        return Door.EXPIRED
    if link.bound_at is None:
        return Door.NEW
    return Door.OPEN if device and ids.token_digest(device) == link.device_digest else Door.OTHER_DEVICE


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
    return Entry(_door(link, device), link)
