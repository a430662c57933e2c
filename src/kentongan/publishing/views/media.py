"""Pictures and videos of deliveries: for platforms that fetch them while a post is sent, and for us to look at."""

from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kentongan.core import ranges
from kentongan.core.requests import StaffRequest
from kentongan.core.views.files import SANDBOX
from kentongan.publishing import access, previews, public_media
from kentongan.publishing.views.common import reader


def _served(request: HttpRequest, path: Path, media_type: str) -> HttpResponseBase:
    answer = ranges.serve(request, path, media_type)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = SANDBOX
    answer["X-Robots-Tag"] = "noindex"
    return answer


_film = ranges.a_few_at_once(_served)


@never_cache
@require_safe
def media(request: HttpRequest, token: str, suffix: str) -> HttpResponseBase:
    """Serve one file, whole or in parts, to whoever has its address, which opens nothing else and not for long."""
    path, media_type = public_media.copy_of(token)
    return (_film if media_type.startswith("video/") else _served)(request, path, media_type)


@login_required
@require_safe
def sent(request: StaffRequest, pk: int, number: int) -> HttpResponseBase:
    """Serve a picture or video of a delivery, as it goes out, to whoever sees the delivery."""
    return _to_us(_served(request, *previews.content_of(access.delivery(reader(request), pk), number)))


@login_required
@require_safe
def sent_small(request: StaffRequest, pk: int, number: int) -> HttpResponseBase:
    """Serve a small copy of such a picture, made once."""
    return _to_us(_served(request, *previews.small_of(access.delivery(reader(request), pk), number)))


def _to_us(answer: HttpResponseBase) -> HttpResponseBase:
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = "private, max-age=3600"
    return answer
