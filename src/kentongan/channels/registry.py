"""All channels by kind: ours and those of installed packages (entry point group `kentongan.channels`).

A package's entry point loads to a `Channel`. One that fails to load is logged and left out: it must not
take the others down.
"""

import logging
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from kentongan.channels.contract import Channel
from kentongan.channels.hearing import Listener
from kentongan.core.errors import NotFound

GROUP = "kentongan.channels"
logger = logging.getLogger(__name__)


def _ours(kind: str, where: str) -> EntryPoint:
    return EntryPoint(kind, f"kentongan.channels.{where}", GROUP)


BUILT_IN = (
    _ours("newsroom", "newsroom.channel:CHANNEL"),
    _ours("wordpress", "wordpress:CHANNEL"),
    _ours("bluesky", "bluesky:CHANNEL"),
    _ours("mastodon", "mastodon:CHANNEL"),
    _ours("website", "announced:WEBSITE"),
    _ours("x", "x:CHANNEL"),
    _ours("facebook", "facebook:CHANNEL"),
    _ours("instagram", "instagram:CHANNEL"),
    _ours("threads", "threads:CHANNEL"),
    _ours("youtube", "youtube:CHANNEL"),
    _ours("tiktok", "tiktok:CHANNEL"),
    _ours("whatsapp", "whatsapp:CHANNEL"),
    _ours("telegram", "telegram:CHANNEL"),
)


def load(points: Iterable[EntryPoint]) -> dict[str, Channel]:
    """Load channels by kind; the first of a kind wins, so that no package can take over one of ours."""
    channels: dict[str, Channel] = {}
    for point in points:
        try:
            channel = point.load()
        except Exception:
            logger.exception("The channel %s (%s) could not be loaded.", point.name, point.value)
            continue
        if not isinstance(channel, Channel):
            logger.error("The channel %s (%s) is not a Channel.", point.name, point.value)
            continue
        channels.setdefault(channel.kind, channel)
    return channels


@cache
def _all() -> dict[str, Channel]:
    return load([*BUILT_IN, *entry_points(group=GROUP)])


def every() -> list[Channel]:
    """Return every channel, in the order in which people are shown them."""
    return list(_all().values())


def kinds() -> list[str]:
    """Return every kind."""
    return list(_all())


def get(kind: str) -> Channel:
    """Return the channel of that kind, or raise NotFound."""
    try:
        return _all()[kind]
    except KeyError:
        raise NotFound() from None


def label(kind: str) -> str:
    """Return the platform's name as people write it; an unknown kind stays as it is."""
    channel = _all().get(kind)
    return str(channel.manifest.label) if channel else kind


def known_as(kind: str, handle: str, name: str) -> str:
    """Return what people call an account beside the platform's name: its handle, or its name where it goes by that."""
    channel = _all().get(kind)
    return name if name and channel and channel.manifest.goes_by_name else handle


def publishing() -> list[Channel]:
    """Return the channels that can be connected and published to now."""
    return [channel for channel in every() if channel.publishes]


def connecting() -> list[Channel]:
    """Return the channels whose accounts can be connected."""
    return [channel for channel in every() if channel.connects]


def carrying() -> list[Channel]:
    """Return the channels that carry messages to one person."""
    return [channel for channel in every() if channel.messenger is not None]


def listeners() -> dict[str, tuple[Channel, Listener]]:
    """Return every way to listen, by its name: `mastodon.hashtag`."""
    return {f"{channel.kind}.{one.way.name}": (channel, one) for channel in every() for one in channel.listeners}


def sharing() -> list[Channel]:
    """Return the channels that have a share dialogue."""
    return [channel for channel in every() if channel.share is not None]


def choices() -> list[tuple[str, str]]:
    """Return (kind, label) of every channel, for forms."""
    return [(channel.kind, str(channel.manifest.label)) for channel in every()]
