"""What a platform would not take of an item's pictures and videos, and the copies that go out in their place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kentongan.channels import registry as channels
from kentongan.channels.contract import Limits, Manifest
from kentongan.channels.text import tags
from kentongan.core import media
from kentongan.core.models.files import StoredFile
from kentongan.core.models.media import FittedFile, MediaFacts
from kentongan.core.sniff import GIF, MP4, WEBM
from kentongan.planning import shapes
from kentongan.planning.counting import measure
from kentongan.planning.models import ItemAsset, Rendition

Facts = Mapping[str, MediaFacts]
Made = Mapping[tuple[str, str], FittedFile]


def recipe(file: StoredFile, limits: Limits, facts: Facts) -> str:
    """Return the key of the recipe by which a picture or video is made ready for a platform."""
    if not file.is_video:
        return media.Recipe(tuple(sorted(limits.image_types)), limits.image_bytes, limits.image_side or 0).key
    known = facts.get(file.sha256)
    return _conversion(file, limits, known) or media.CLEAN


def _conversion(file: StoredFile, limits: Limits, known: MediaFacts | None) -> str:
    """Return the recipe of a video that is taken only when it is converted; empty where that is no need, or no help."""
    if known is None or known.seconds is None or not limits.videos or MP4 not in limits.video_types:
        return ""
    if not any(_as_it_is(file, limits, known)) or any(_length(limits, known)):
        return ""
    if limits.video_codecs is not None and "h264" not in limits.video_codecs:
        return ""
    made = media.recipe_for(known.seconds, limits.video_bytes)
    return made.key if made else ""


def recipes(renditions: Iterable[Rendition], assets: Sequence[ItemAsset], facts: Facts) -> list[tuple[StoredFile, str]]:
    """Return each file with each recipe that an item's versions need, once; not for platforms that take none."""
    wanted: dict[tuple[str, str], StoredFile] = {}
    for rendition in renditions:
        limits = channels.get(rendition.kind).manifest.limits
        for asset in assets:
            if limits.videos if asset.file.is_video else limits.images and asset.file.is_image:
                wanted[asset.file.sha256, recipe(asset.file, limits, facts)] = asset.file
    return [(file, key) for (_sha256, key), file in wanted.items()]


def to_fit(renditions: Iterable[Rendition], assets: Sequence[ItemAsset]) -> list[tuple[StoredFile, str]]:
    """Return the copies that take seconds and are made by themselves, as far as there are none; two queries."""
    return _lacking(renditions, assets, conversions=False)


def to_convert(renditions: Iterable[Rendition], assets: Sequence[ItemAsset]) -> list[tuple[StoredFile, str]]:
    """Return the copies that take minutes and are made when a person wants that, as far as there are none."""
    return _lacking(renditions, assets, conversions=True)


def _lacking(
    renditions: Iterable[Rendition], assets: Sequence[ItemAsset], *, conversions: bool
) -> list[tuple[StoredFile, str]]:
    every = recipes(renditions, assets, media.facts_of(asset.file for asset in assets))
    wanted = [(file, key) for file, key in every if media.is_conversion(key) is conversions]
    made = media.fits_of({file.sha256 for file, _key in wanted}, {key for _file, key in wanted})
    return [(file, key) for file, key in wanted if not media.is_kept(made.get((file.sha256, key)))]


@dataclass(frozen=True, slots=True)
class Copy:
    """What goes out of a file to some platforms: their names, size before, smallest and largest copy, changes."""

    platforms: str
    before: int
    least: int
    most: int
    changes: tuple[str, ...]


def copies(renditions: Iterable[Rendition], assets: Sequence[ItemAsset], facts: Facts) -> dict[int, list[Copy]]:
    """Return for each asset the copies that were made of it so far, those with the same changes together; one query."""
    manifests = [channels.get(rendition.kind).manifest for rendition in renditions]
    keys = {recipe(asset.file, manifest.limits, facts) for asset in assets for manifest in manifests}
    made = media.fits_of({asset.file.sha256 for asset in assets}, keys)
    return {asset.pk: _copies_of(asset.file, manifests, facts, made) for asset in assets}


def _copies_of(file: StoredFile, manifests: Iterable[Manifest], facts: Facts, made: Made) -> list[Copy]:
    alike: dict[tuple[str, ...], list[tuple[str, int]]] = {}
    for manifest in manifests:
        taken = manifest.limits.videos if file.is_video else manifest.limits.images
        copy = made.get((file.sha256, recipe(file, manifest.limits, facts)))
        if taken and copy is not None:
            alike.setdefault(tuple(copy.changes), []).append((str(manifest.label), copy.size))
    return [
        Copy(
            ", ".join(label for label, _size in rows),
            file.size,
            min(size for _label, size in rows),
            max(size for _label, size in rows),
            tuple(str(media.CHANGES.get(one, one)) for one in changes),
        )
        for changes, rows in alike.items()
    ]


def problems(
    renditions: Iterable[Rendition], assets: Iterable[ItemAsset], facts: Facts | None = None
) -> dict[str, list[str]]:
    """Return what a platform would not take, by kind; empty when it takes all of it.

    `facts` are what is known of the files, where they are many and were read before. One query more where a video is
    taken only when it is converted.
    """
    chosen, files = list(renditions), [asset.file for asset in assets]
    facts = media.facts_of(files) if facts is None else facts
    pictures, videos = [file for file in files if file.is_image], [file for file in files if file.is_video]
    made = _converted(chosen, videos, facts)
    found = {rendition.kind: list(_problems(rendition, pictures, videos, facts, made)) for rendition in chosen}
    return {kind: texts for kind, texts in found.items() if texts}


def _converted(renditions: Iterable[Rendition], videos: Sequence[StoredFile], facts: Facts) -> Made:
    limits = [channels.get(rendition.kind).manifest.limits for rendition in renditions]
    keys = {key for video in videos for one in limits if media.is_conversion(key := recipe(video, one, facts))}
    return media.fits_of({video.sha256 for video in videos}, keys)


def _problems(
    rendition: Rendition, pictures: Sequence[StoredFile], videos: Sequence[StoredFile], facts: Facts, made: Made
) -> Iterator[str]:
    manifest = channels.get(rendition.kind).manifest
    platform: dict[str, Any] = {"platform": manifest.label}
    if pictures or videos:
        yield from _beside(rendition, manifest.limits, platform)
    yield from _tags(rendition, manifest.limits, platform)
    yield from _words(rendition, manifest.limits, platform)
    yield from _needs(manifest.limits, platform, bool(pictures), bool(videos))
    yield from _pictures(pictures, manifest.limits, platform, facts)
    yield from _videos(videos, manifest.limits, platform, facts, made)
    yield from shapes.problems(pictures, manifest.limits.image_shape, platform, facts)
    yield from shapes.problems(videos, manifest.limits.video_shape, platform, facts)
    if manifest.limits.media_most is not None and len(pictures) + len(videos) > manifest.limits.media_most:
        text = _("%(platform)s takes at most %(limit)s pictures and videos in one post; the item has %(n)s.")
        yield text % (platform | {"limit": manifest.limits.media_most, "n": len(pictures) + len(videos)})
    if pictures and videos and manifest.limits.videos and manifest.limits.video_alone:
        yield _("%(platform)s takes either pictures or a video in one post, not both.") % platform


def _beside(rendition: Rendition, limits: Limits, platform: dict[str, Any]) -> Iterator[str]:
    measured = measure(rendition.kind, rendition.text, rendition.link, beside=True)
    used = measured.count.used
    if measured.over and not measure(rendition.kind, rendition.text, rendition.link).over:
        text = _("%(problem)s Beside a picture or video the link stands in the text.")
        yield text % {"problem": measured.problem}
    if limits.caption is not None and used > limits.caption:
        text = _(
            "%(platform)s takes at most %(limit)s characters beside a picture or video; this version has %(used)s."
        )
        yield text % (platform | {"limit": limits.caption, "used": used})


def _tags(rendition: Rendition, limits: Limits, platform: dict[str, Any]) -> Iterator[str]:
    used = len(tags(rendition.text))
    if limits.tags is not None and used > limits.tags:
        text = _("%(platform)s takes at most %(n)s hashtags; this version has %(used)s.")
        yield text % (platform | {"n": limits.tags, "used": used})


def _words(rendition: Rendition, limits: Limits, platform: dict[str, Any]) -> Iterator[str]:
    if limits.title_most is None:
        return
    title = " ".join((rendition.title or rendition.item.title).split())
    if len(title) > limits.title_most:
        text = _("%(platform)s takes titles of up to %(limit)s characters; this version's has %(used)s.")
        yield text % (platform | {"limit": limits.title_most, "used": len(title)})
    if set(limits.barred) & set(title + rendition.text):
        yield _("%(platform)s takes none of the signs %(signs)s.") % (platform | {"signs": " ".join(limits.barred)})


def _needs(limits: Limits, platform: dict[str, Any], pictures: bool, videos: bool) -> Iterator[str]:
    if limits.video_needed and not videos:
        yield _("%(platform)s publishes videos only: add one, or leave this version empty.") % platform
    elif limits.media_needed and not (pictures or videos):
        yield _("%(platform)s publishes nothing without a picture or video: add one.") % platform


def _pictures(pictures: Sequence[StoredFile], limits: Limits, platform: dict[str, Any], facts: Facts) -> Iterator[str]:
    """Yield what cannot be fitted: all else is made as small as the platform wants it, in a format that it takes."""
    if pictures and not limits.images:
        yield _("%(platform)s takes no pictures: take them out, or leave this version empty.") % platform
        return
    if len(pictures) > limits.images:
        text = _("%(platform)s takes at most %(limit)s pictures; the item has %(n)s.")
        yield text % (platform | {"limit": limits.images, "n": len(pictures)})
    for picture in pictures:
        known = facts.get(picture.sha256)
        if known is not None and known.animated and GIF not in limits.image_types:
            text = _("%(platform)s does not take “%(name)s”, which moves: send a still picture, or a video.")
            yield text % (platform | {"name": picture.name})


def _videos(
    videos: Sequence[StoredFile], limits: Limits, platform: dict[str, Any], facts: Facts, made: Made
) -> Iterator[str]:
    if videos and not limits.videos:
        yield _("No video can be sent to %(platform)s: take it out, or leave this version empty.") % platform
        return
    if len(videos) > limits.videos:
        text = ngettext(
            "%(platform)s takes %(limit)s video; the item has %(n)s.",
            "%(platform)s takes at most %(limit)s videos; the item has %(n)s.",
            limits.videos,
        )
        yield text % (platform | {"limit": limits.videos, "n": len(videos)})
    if limits.videos_together is not None and sum(video.size for video in videos) > limits.videos_together:
        text = _("%(platform)s fetches videos of up to %(limit)s together from here; the item has %(size)s.")
        size = filesizeformat(sum(video.size for video in videos))
        yield text % (platform | {"limit": filesizeformat(limits.videos_together), "size": size})
    for video in videos:
        known = facts.get(video.sha256)
        if (video.sha256, recipe(video, limits, facts)) not in made:
            yield from _said(_as_it_is(video, limits, known), platform | {"name": video.name})
        yield from _said(_length(limits, known), platform | {"name": video.name})


Complaint = tuple[str, dict[str, Any]]
"""A text and what stands in it, beside the platform and the file's name."""


def _said(complaints: Iterable[Complaint], about: dict[str, Any]) -> Iterator[str]:
    return (text % (about | values) for text, values in complaints)


def _as_it_is(video: StoredFile, limits: Limits, known: MediaFacts | None) -> Iterator[Complaint]:
    """Yield what is in the way that a conversion mends."""
    if video.media_type not in limits.video_types:
        yield _("%(platform)s does not take “%(name)s”: save it as MP4."), {}
    if limits.video_bytes is not None and video.size > limits.video_bytes:
        limit = filesizeformat(limits.video_bytes)
        yield _("%(platform)s takes videos up to %(limit)s; “%(name)s” is larger."), {"limit": limit}
    if known is None or known.seconds is None:
        return
    # Only in MP4 and QuickTime can the place be blanked where it stands.
    if known.tracked or (known.located and video.media_type == WEBM):
        yield _("“%(name)s” notes in a track of its own where it was filmed: save it anew without, as MP4."), {}
    if limits.video_codecs is not None and known.codec not in limits.video_codecs:
        text = _("%(platform)s does not take the coding of “%(name)s” (%(codec)s): save it as MP4 with H.264.")
        yield text, {"codec": known.codec.upper()}


def _length(limits: Limits, known: MediaFacts | None) -> Iterator[Complaint]:
    """Yield what is in the way that nothing mends: a video is never cut."""
    if known is None or known.seconds is None:
        return
    if limits.video_seconds is not None and known.seconds > limits.video_seconds:
        text = _("%(platform)s takes videos up to %(limit)s; “%(name)s” lasts %(length)s.")
        yield text, {"limit": length(limits.video_seconds), "length": length(known.seconds)}
    if limits.video_shortest is not None and known.seconds < limits.video_shortest:
        text = _("%(platform)s takes videos from %(limit)s on; “%(name)s” lasts %(length)s.")
        yield text, {"limit": length(limits.video_shortest), "length": length(known.seconds)}


def way_out(renditions: Iterable[Rendition], assets: Sequence[ItemAsset]) -> str:
    """Return what to do about `problems`: where converting would help, how, and without us where we cannot."""
    if not to_convert(renditions, assets):
        return _("Take some out, change them, or leave that platform's version empty.")
    return media.phone_advice() if media.converter() is None else _("Have the videos converted, on the item's page.")


def length(seconds: float) -> str:
    """Return a length as players show it: 0:45, 12:03, 1:02:03."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
