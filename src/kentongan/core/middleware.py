"""Who asks, in which language, and how an error is shown."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from kentongan.core.actor import Actor
from kentongan.core.errors import KentonganError

Handler = Callable[[HttpRequest], HttpResponse]


def actor_middleware(get_response: Handler) -> Handler:
    """Set `request.actor`, and the user's zone and (unless the cookie says otherwise) language."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            request.actor = Actor.anonymous()  # type: ignore[attr-defined]
            return get_response(request)
        request.actor = Actor.of_user(user)  # type: ignore[attr-defined]
        with timezone.override(user.timezone), translation.override(user.language):
            request.LANGUAGE_CODE = user.language
            return get_response(request)

    return middleware


def is_htmx(request: HttpRequest) -> bool:
    """Whether HTMX asks for a fragment (a boosted link wants a whole page)."""
    return bool(getattr(request, "htmx", False)) and not request.htmx.boosted  # type: ignore[attr-defined]


class ErrorMiddleware:
    """Render our own errors: a page, or for HTMX a toast that leaves the page as it was."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a KentonganError into its page or toast."""
        if not isinstance(error, KentonganError):
            return None
        if is_htmx(request):
            response = render(request, "kentongan/error_toast.html", {"error": error}, status=error.status)
            response["HX-Retarget"] = "#toasts"
            response["HX-Reswap"] = "beforeend"
            return response
        return render(request, "kentongan/error.html", {"error": error}, status=error.status)
