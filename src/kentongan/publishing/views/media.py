"""Pictures that platforms fetch while a post is being sent."""

from django.http import FileResponse, HttpRequest
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kentongan.core.views.files import SANDBOX
from kentongan.publishing import public_media


@never_cache
@require_safe
def media(request: HttpRequest, token: str, suffix: str) -> FileResponse:
    """Serve one file to whoever has its address, which opens nothing else and not for long."""
    path, media_type = public_media.copy_of(token)
    answer = FileResponse(path.open("rb"), content_type=media_type)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = SANDBOX
    answer["X-Robots-Tag"] = "noindex"
    return answer
