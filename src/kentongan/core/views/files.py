"""Serving stored files, so that no content of a stranger ever acts as a page of ours."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from kentongan.core import files
from kentongan.core.models.files import StoredFile
from kentongan.core.requests import StaffRequest
from kentongan.core.sniff import UNKNOWN

SANDBOX = "default-src 'none'; img-src 'self'; style-src 'none'; sandbox"


def serve(request: HttpRequest, file: StoredFile, *, cache: str = "private, max-age=86400") -> HttpResponseBase:
    """Return the content: images in place, everything else as a download; access was checked by the caller."""
    tag = f'"{file.sha256}"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponseBase = HttpResponseNotModified()
    else:
        response = FileResponse(
            files.open(file),
            as_attachment=not file.is_image,
            filename=file.name,
            # Only images are named for what they are; a browser is told nothing that it could run.
            content_type=file.media_type if file.is_image else UNKNOWN,
        )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = cache
    response["ETag"] = tag
    return response


@login_required
@require_safe
def show(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Serve a file to somebody who may open it."""
    return serve(request, files.get(cast("StaffRequest", request).actor, public_id))
