"""What a platform would not take of an item's pictures and videos: said before anything is handed in or scheduled."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Limits
from kentongan.channels.text import tags
from kentongan.core.models.files import StoredFile
from kentongan.planning.counting import measure
from kentongan.planning.models import ItemAsset, Rendition


def problems(renditions: Iterable[Rendition], assets: Iterable[ItemAsset]) -> dict[str, list[str]]:
    """Return what a platform would not take, by kind; empty when it takes all of it."""
    files = [asset.file for asset in assets]
    pictures, videos = [file for file in files if file.is_image], [file for file in files if file.is_video]
    found = {rendition.kind: list(_problems(rendition, pictures, videos)) for rendition in renditions}
    return {kind: texts for kind, texts in found.items() if texts}


def _problems(rendition: Rendition, pictures: Sequence[StoredFile], videos: Sequence[StoredFile]) -> Iterator[str]:
    manifest = channels.get(rendition.kind).manifest
    platform: dict[str, Any] = {"platform": manifest.label}
    if pictures or videos:
        yield from _beside(rendition, manifest.limits, platform)
    yield from _tags(rendition, manifest.limits, platform)
    yield from _words(rendition, manifest.limits, platform)
    yield from _needs(manifest.limits, platform, bool(pictures), bool(videos))
    yield from _pictures(pictures, manifest.limits, platform)
    yield from _videos(videos, manifest.limits, platform)
    if pictures and videos and manifest.limits.videos and manifest.limits.video_alone:
        yield _("%(platform)s takes either pictures or a video in one post, not both.") % platform


def _beside(rendition: Rendition, limits: Limits, platform: dict[str, Any]) -> Iterator[str]:
    used = measure(rendition.kind, rendition.text, rendition.link).count.used
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


def _pictures(pictures: Sequence[StoredFile], limits: Limits, platform: dict[str, Any]) -> Iterator[str]:
    if len(pictures) > limits.images:
        text = _("%(platform)s takes at most %(limit)s pictures; the item has %(n)s.")
        yield text % (platform | {"limit": limits.images, "n": len(pictures)})
    for picture in pictures:
        about = platform | {"name": picture.name, "limit": filesizeformat(limits.image_bytes)}
        if picture.media_type not in limits.image_types:
            yield _("%(platform)s does not take “%(name)s”: save it as JPEG or PNG.") % about
        elif picture.size > limits.image_bytes:
            yield _("%(platform)s takes pictures up to %(limit)s; “%(name)s” is larger.") % about


def _videos(videos: Sequence[StoredFile], limits: Limits, platform: dict[str, Any]) -> Iterator[str]:
    if videos and not limits.videos:
        yield _("No video can be sent to %(platform)s: take it out, or leave this version empty.") % platform
        return
    if len(videos) > limits.videos:
        text = _("%(platform)s takes at most %(limit)s videos; the item has %(n)s.")
        yield text % (platform | {"limit": limits.videos, "n": len(videos)})
    for video in videos:
        about = platform | {"name": video.name}
        if video.media_type not in limits.video_types:
            yield _("%(platform)s does not take “%(name)s”: save it as MP4.") % about
        if limits.video_bytes is not None and video.size > limits.video_bytes:
            limit = filesizeformat(limits.video_bytes)
            yield _("%(platform)s takes videos up to %(limit)s; “%(name)s” is larger.") % (about | {"limit": limit})
