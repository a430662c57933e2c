"""Serving stored files, so that no content of a stranger ever acts as a page of ours."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from kentongan.core import files, media, ranges
from kentongan.core.models.files import StoredFile
from kentongan.core.requests import StaffRequest
from kentongan.core.sniff import UNKNOWN

CACHE = "private, max-age=86400"
SANDBOX = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'none'; sandbox"


def serve(request: HttpRequest, file: StoredFile, *, cache: str = CACHE) -> HttpResponseBase:
    """Return the content: pictures and videos in place, all else as a download; the caller checked the access."""
    tag, in_place = f'"{file.sha256}"', file.is_image or file.is_video
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponseBase = HttpResponseNotModified()
    elif file.is_video:
        response = ranges.serve(request, files.path(file), file.media_type, tag)
    else:
        response = FileResponse(
            files.open(file),
            as_attachment=not in_place,
            filename=file.name,
            # Only what cannot be run is named for what it is.
            content_type=file.media_type if in_place else UNKNOWN,
        )
    return guarded(response, cache=cache, tag=tag)


def guarded(response: HttpResponseBase, *, cache: str, tag: str = "") -> HttpResponseBase:
    """Return an answer with content of a stranger that does nothing in a browser but being looked at."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = cache
    if tag:
        response["ETag"] = tag
    return response


@login_required
@require_safe
def show(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Serve a file to somebody who may open it."""
    return serve(request, files.get(cast("StaffRequest", request).actor, public_id))


@login_required
@require_safe
def show_small(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Serve a picture's small copy to somebody who may open it, made once; the picture itself where none can be."""
    return serve_small(request, files.get(cast("StaffRequest", request).actor, public_id))


def serve_small(request: HttpRequest, file: StoredFile) -> HttpResponseBase:
    """Return a picture's small copy; the caller checked the access."""
    copy = media.small(file)
    if copy is None:
        return serve(request, file)
    tag = f'"{copy.sha256}"'
    if request.headers.get("If-None-Match") == tag:
        return guarded(HttpResponseNotModified(), cache=CACHE, tag=tag)
    content = files.content_path(copy.sha256).open("rb")
    return guarded(FileResponse(content, content_type=copy.media_type), cache=CACHE, tag=tag)
