"""Pictures made anew for where they go: turned upright, without place and device, in a format and size that is taken.

Nothing of the uploaded bytes goes out: the pixels are decoded and encoded again, so whatever was hidden beside them
(EXIF, XMP, comments, a second file behind the first) stays here. Nothing is ever scaled up.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from kentongan.core.errors import Invalid
from kentongan.core.sniff import GIF, JPEG, PNG, WEBP

FORMATS = {"JPEG": JPEG, "PNG": PNG, "WEBP": WEBP, "GIF": GIF, "MPO": JPEG}
READ = ("JPEG", "PNG", "WEBP", "GIF")
"""MPO, what some telephones write, is opened as JPEG."""
MOST_PIXELS = 50_000_000
MOST_JPEG_PIXELS = 220_000_000
"""What is decoded at most; of a JPEG more, since it can be decoded at a half, a quarter or an eighth of its size."""
DECODED_SIDE = 5_000
QUALITIES = (90, 85, 80, 72, 64)
OPTIMISED_PIXELS = 2_000_000
GPS = 0x8825
XMP = ("xmp", "XML:com.adobe.xmp")
BROKEN = (OSError, SyntaxError, ValueError, EOFError, UnidentifiedImageError, MemoryError)
SRGB = ImageCms.createProfile("sRGB")

# We look at the size ourselves, before anything is decoded.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a picture is fitted to: media types, bytes at most, pixels at most along its longer side (0: any)."""

    types: tuple[str, ...]
    max_bytes: int
    max_side: int = 0

    @property
    def key(self) -> str:
        """The recipe as a text that is stored; `parse` reads it again."""
        return " ".join([*self.types, str(self.max_bytes), str(self.max_side)])

    @classmethod
    def parse(cls, key: str) -> "Recipe":
        """Return the recipe of that key."""
        *types, max_bytes, max_side = key.split(" ")
        return cls(tuple(types), int(max_bytes), int(max_side))


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in a picture: its size in pixels as it is shown, and what people should know of it."""

    width: int
    height: int
    animated: bool = False
    located: bool = False


@dataclass(frozen=True, slots=True)
class Fitted:
    """A picture made anew; `changes` are codes of what was done (`CHANGES`)."""

    content: bytes
    media_type: str
    width: int
    height: int
    changes: tuple[str, ...]


CHANGES = {
    "converted": _("converted to MP4 (H.264)"),
    "place": _("place removed"),
    "details": _("details of the camera removed"),
    "turned": _("turned upright"),
    "colours": _("colours made those of screens"),
    "format": _("saved in another format"),
    "background": _("put on white"),
    "scaled": _("scaled down"),
    "quality": _("saved more tightly"),
}


class Unreadable(Invalid):
    """What a person is told of a picture that cannot be used."""

    code = "picture"


def _broken() -> Unreadable:
    return Unreadable(
        _("This picture cannot be read: it is damaged or incomplete."),
        remedy=_("Open it in another program, save it anew as JPEG or PNG, and send that."),
    )


def _opened(path: Path) -> ImageFile.ImageFile:
    """Open a picture of a permitted format and refuse it by its size, before a pixel is decoded."""
    image = Image.open(path, formats=READ)
    pixels = image.width * image.height
    if pixels > (MOST_JPEG_PIXELS if image.format in {"JPEG", "MPO"} else MOST_PIXELS):
        raise Unreadable(
            _("This picture has too many pixels: %(width)d × %(height)d.")
            % {"width": image.width, "height": image.height},
            remedy=_("Save it smaller; 4,000 pixels along the longer side are more than any platform shows."),
        )
    if image.format in {"JPEG", "MPO"} and max(image.size) > DECODED_SIDE:
        image.draft(None, (DECODED_SIDE, DECODED_SIDE))
    return image


def _is_animated(image: ImageFile.ImageFile) -> bool:
    # The second picture of an MPO (some telephones) is a smaller copy, not a movement.
    return image.format != "MPO" and getattr(image, "n_frames", 1) > 1


def _is_located(image: Image.Image) -> bool:
    if image.getexif().get_ifd(GPS):
        return True
    texts = [image.info.get(name, b"") for name in XMP]
    return any("GPSL" in (text.decode("latin-1") if isinstance(text, bytes) else str(text)) for text in texts)


def look(path: Path) -> Seen:
    """Return what is in a picture, having decoded all of it; raises Invalid for one that cannot be used."""
    try:
        with _opened(path) as image:
            with Image.open(path, formats=READ) as header:  # `image` may be decoded at a part of its size
                width, height = header.size
            image.load()
            turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}
            size = (height, width) if turned else (width, height)
            return Seen(*size, _is_animated(image), _is_located(image))
    except Invalid:
        raise
    except BROKEN as error:
        raise _broken() from error


def fit(path: Path, recipe: Recipe) -> Fitted:
    """Return the picture made anew for a recipe; the same bytes for the same file. Raises Invalid where that fails."""
    try:
        with _opened(path) as image:
            if _is_animated(image):
                return _moving(path, image, recipe)
            return _still(image, path.stat().st_size, recipe)
    except Invalid:
        raise
    except BROKEN as error:
        raise _broken() from error


def _moving(path: Path, image: ImageFile.ImageFile, recipe: Recipe) -> Fitted:
    """Keep a picture that moves as it is, where it is taken: made anew it would stand still."""
    if image.format != "GIF" or GIF not in recipe.types:
        raise Unreadable(
            _("A picture that moves is not taken here."),
            remedy=_("Take a still picture, or send it as a video."),
            code="animated",
        )
    if path.stat().st_size > recipe.max_bytes:
        raise Unreadable(_("A picture that moves cannot be made smaller here."), remedy=_("Send it as a video."))
    return Fitted(path.read_bytes(), GIF, image.width, image.height, ())


def _still(image: ImageFile.ImageFile, size: int, recipe: Recipe) -> Fitted:
    changes = dict.fromkeys(_removed(image))
    kind = FORMATS[str(image.format)]
    pixels = _upright(image, changes)
    if recipe.max_side and max(pixels.size) > recipe.max_side:
        pixels.thumbnail((recipe.max_side, recipe.max_side), Image.Resampling.LANCZOS)
        changes["scaled"] = None
    content, media_type, quality, pixels = _encoded(pixels, kind, recipe, changes)
    if media_type != kind:
        changes["format"] = None
    if quality and quality < QUALITIES[0] and len(content) < size:
        changes["quality"] = None
    return Fitted(content, media_type, pixels.width, pixels.height, tuple(name for name in CHANGES if name in changes))


def _removed(image: Image.Image) -> Iterator[str]:
    if _is_located(image):
        yield "place"
    if dict(image.getexif()) or any(image.info.get(name) for name in (*XMP, "comment", "photoshop")):
        yield "details"


def _upright(image: ImageFile.ImageFile, changes: dict[str, None]) -> Image.Image:
    """Return the pixels as they are to be seen: upright, 8 bits, in the colours of screens (sRGB), opaque or not."""
    if image.getexif().get(0x0112, 1) in range(2, 9):
        changes["turned"] = None
    pixels = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    pixels = _eight_bits(pixels)
    if profile and (converted := _to_srgb(pixels, profile)) is not None:
        pixels = converted
        changes["colours"] = None
    transparent = pixels.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in pixels.info
    pixels = pixels.convert("RGBA" if transparent else "RGB")
    if transparent and pixels.getchannel("A").getextrema() == (255, 255):
        pixels = pixels.convert("RGB")
    pixels.info = {}
    return pixels


def _eight_bits(pixels: Image.Image) -> Image.Image:
    """Return 16 bits as 8: Pillow by itself would cut off all that is bright."""
    if not pixels.mode.startswith("I"):
        return pixels
    values = np.asarray(pixels).astype(np.uint32)
    return Image.fromarray((values >> 8 if values.max(initial=0) > 255 else values).astype(np.uint8))


def _to_srgb(pixels: Image.Image, profile: bytes) -> Image.Image | None:
    """Return the pixels in sRGB; None where the profile is none, or is sRGB already."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        alpha = pixels.getchannel("A") if pixels.mode in {"RGBA", "LA"} else None
        base = pixels.convert("L" if pixels.mode == "LA" else "RGB") if alpha or pixels.mode == "P" else pixels
        converted = ImageCms.profileToProfile(base, source, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    if converted is not None and alpha is not None:
        converted.putalpha(alpha)
    return converted


def _encoded(
    pixels: Image.Image, kind: str, recipe: Recipe, changes: dict[str, None]
) -> tuple[bytes, str, int, Image.Image]:
    """Encode until it is small enough: first as it is, then more tightly, then smaller."""
    while True:
        smallest = 0
        for media_type, quality in _ways(pixels, kind, recipe):
            content = _bytes(pixels, media_type, quality)
            if len(content) <= recipe.max_bytes:
                if pixels.mode == "RGBA" and media_type == JPEG:
                    changes["background"] = None
                return content, media_type, quality, pixels
            smallest = min(smallest or len(content), len(content))
        factor = min(0.9, math.sqrt(recipe.max_bytes / smallest) * 0.97) if smallest else 0
        size = (int(pixels.width * factor), int(pixels.height * factor))
        if min(size) < 1:
            raise Unreadable(
                _("This picture cannot be made small enough."), remedy=_("Take another one, as JPEG or PNG.")
            )
        pixels = pixels.resize(size, Image.Resampling.LANCZOS)
        changes["scaled"] = None


def _ways(pixels: Image.Image, kind: str, recipe: Recipe) -> Iterator[tuple[str, int]]:
    """Yield in which types and qualities to try, the best first: drawings stay sharp while they are small enough."""
    sharp = [PNG] if PNG in recipe.types and (kind in {PNG, GIF} or pixels.mode == "RGBA") else []
    yield from ((media_type, 0) for media_type in sharp)
    soft = WEBP if WEBP in recipe.types and (kind == WEBP or JPEG not in recipe.types) else JPEG
    if soft in recipe.types:
        yield from ((soft, quality) for quality in QUALITIES)
    elif not sharp and PNG in recipe.types:
        yield PNG, 0


def _bytes(pixels: Image.Image, media_type: str, quality: int) -> bytes:
    out = io.BytesIO()
    if media_type == PNG:
        # To try every filter is worth its time only where it is short.
        pixels.save(out, "PNG", optimize=pixels.width * pixels.height < OPTIMISED_PIXELS)
    elif media_type == WEBP:
        pixels.save(out, "WEBP", quality=quality, method=4)
    else:
        flat(pixels).save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


def flat(pixels: Image.Image) -> Image.Image:
    """Return the picture on white where it was transparent."""
    if pixels.mode != "RGBA":
        return pixels
    ground = Image.new("RGB", pixels.size, "white")
    ground.paste(pixels, mask=pixels.getchannel("A"))
    return ground
