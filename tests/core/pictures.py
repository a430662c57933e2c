"""Pictures as telephones, scanners and drawing programs make them."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

GPS = {1: "S", 2: (6.0, 15.0, 30.0), 3: "E", 4: (107.0, 9.0, 3.0)}


def noise(width: int, height: int, mode: str = "RGB", seed: int = 7) -> Image.Image:
    """Return a picture that cannot be compressed much."""
    channels = len(mode)
    values = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Image.fromarray(values if channels > 1 else values[:, :, 0], mode=None)


def photo(path: Path, width: int = 640, height: int = 480, *, orientation: int = 1, gps: bool = True) -> Path:
    """Save a photograph with what a telephone writes into it."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Telepon Uji", orientation
    if gps:
        exif.get_ifd(0x8825).update(GPS)
    xmp = b"<x:xmpmeta><exif:GPSLatitude>6,15.5S</exif:GPSLatitude></x:xmpmeta>" if gps else b""
    noise(width, height).save(path, "JPEG", quality=95, exif=exif, **({"xmp": xmp} if gps else {}))
    return path


def opened(content: bytes) -> Image.Image:
    """Return the picture that those bytes are, decoded."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def as_jpeg(seed: int = 7) -> bytes:
    """Return a small photograph that names its telephone."""
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010F] = "Telepon Uji"
    noise(32, 32, seed=seed).save(out, "JPEG", exif=exif)
    return out.getvalue()
