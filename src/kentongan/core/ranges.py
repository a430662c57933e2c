"""Serving a file in parts, as players ask for it and as platforms fetch what is large (RFC 9110, section 14)."""

import re
import threading
from collections.abc import Callable, Iterator
from functools import cache, wraps
from pathlib import Path
from typing import ParamSpec

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

CHUNK = 64 * 1024
PART = 4 * 1024 * 1024
P = ParamSpec("P")
COME_AGAIN_SECONDS = 3
ONE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


def serve(
    request: HttpRequest, path: Path, media_type: str, tag: str = "", most: int | None = None
) -> HttpResponseBase:
    """Return the file, or the one part of it that is asked for; 416 for a part that it has not.

    A part is cut to `most` bytes: players ask for what follows, and one that pauses holds no thread meanwhile.

    What cannot be read, or asks for several parts at once, is answered with the whole file, as is `If-Range` with
    anything but `tag`, the file's entity tag.
    """
    size = path.stat().st_size
    asked = request.headers.get("Range", "") if request.headers.get("If-Range", tag) == tag else ""
    part = _part(asked, size)
    if part is None:
        answer: HttpResponseBase = FileResponse(path.open("rb"), content_type=media_type)
    elif part[0] >= part[1]:
        answer = HttpResponse(status=416, content_type=media_type, headers={"Content-Range": f"bytes */{size}"})
    else:
        start, end = part if most is None else (part[0], min(part[1], part[0] + most))
        answer = StreamingHttpResponse(_read(path, start, end), status=206, content_type=media_type)
        answer["Content-Range"], answer["Content-Length"] = f"bytes {start}-{end - 1}/{size}", str(end - start)
    answer["Accept-Ranges"] = "bytes"
    if tag:
        answer["ETag"] = tag
    return answer


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """Return where the part begins and where it ends; None for the whole, an empty one for what is not there."""
    found = ONE.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(size - int(found[2]), 0), size
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    # A last byte before the first makes no sense, so the header counts as none.
    return None if found[2] and int(found[2]) < start else (start, end)


def _read(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (chunk := file.read(min(CHUNK, end - start))):
            start += len(chunk)
            yield chunk


def a_few_at_once(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """Answer 503 while half of the threads are at such views already.

    For videos that whoever has the address may fetch: one that does not read holds a thread, and the other half of them
    goes on with pages. It stands outside whatever may put another answer in the place of the view's.
    """

    @wraps(view)
    def served(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        slots = _slots()
        if not slots.acquire(blocking=False):
            return HttpResponse(status=503, headers={"Retry-After": str(COME_AGAIN_SECONDS)})
        try:
            answer = view(*args, **kwargs)
        except BaseException:
            slots.release()
            raise
        # The server closes every answer, whether it was sent or broken off.
        answer._resource_closers.append(slots.release)  # type: ignore[attr-defined]
        return answer

    return served


@cache
def _slots() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(1, settings.KENTONGAN_WEB_THREADS // 2))
