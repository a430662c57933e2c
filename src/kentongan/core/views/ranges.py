"""Serving a large file in parts: players of videos ask for some bytes, and telephones play nothing without."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

ONE = re.compile(r"bytes=(?P<first>\d{0,15})-(?P<last>\d{0,15})")
CHUNK_BYTES = 1 << 18


def serve(request: HttpRequest, path: Path, media_type: str, tag: str) -> HttpResponseBase:
    """Return the file, or the part that is asked for (206), or 416 for a part that it does not have (RFC 9110, 14).

    `tag` is its entity tag; several parts at once, or parts of an older file (`If-Range`), are answered with all of it.
    """
    size = path.stat().st_size
    part = _part(request, size, tag)
    if part is None:
        answer: HttpResponseBase = FileResponse(path.open("rb"), content_type=media_type)
    elif part.start >= part.stop:
        answer = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        length = {"Content-Length": str(len(part)), "Content-Range": f"bytes {part.start}-{part.stop - 1}/{size}"}
        answer = StreamingHttpResponse(_bytes(path, part), status=206, content_type=media_type, headers=length)
    answer["Accept-Ranges"], answer["ETag"] = "bytes", tag
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _part(request: HttpRequest, size: int, tag: str) -> range | None:
    """Return which bytes are asked for, empty where there are none of them; None for all."""
    asked = ONE.fullmatch(request.headers.get("Range", "").strip())
    if asked is None or request.headers.get("If-Range", tag) != tag or not (asked["first"] or asked["last"]):
        return None
    if not asked["first"]:  # the last so many
        return range(max(0, size - int(asked["last"])), size)
    first = int(asked["first"])
    last = int(asked["last"]) if asked["last"] else max(first, size)
    return None if last < first else range(first, min(last + 1, size))


def _bytes(path: Path, part: range) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.start)
        left = len(part)
        while left and (chunk := file.read(min(left, CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk
