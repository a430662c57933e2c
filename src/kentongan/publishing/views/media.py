"""Pictures and videos that platforms fetch while a post is being sent."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kentongan.core import ranges
from kentongan.core.views.files import SANDBOX
from kentongan.publishing import public_media


@never_cache
@require_safe
def media(request: HttpRequest, token: str, suffix: str) -> HttpResponseBase:
    """Serve one file, whole or in parts, to whoever has its address, which opens nothing else and not for long."""
    path, media_type = public_media.copy_of(token)
    answer = ranges.serve(request, path, media_type)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = SANDBOX
    answer["X-Robots-Tag"] = "noindex"
    return answer
