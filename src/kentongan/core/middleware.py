"""Who asks, in which language, and how an error is shown."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from kentongan.core import room
from kentongan.core.actor import Actor
from kentongan.core.errors import KentonganError

Handler = Callable[[HttpRequest], HttpResponse]
NUL_MESSAGE = _("A text holds the NUL character, which cannot be stored.")
NUL_REMEDY = _("Take it out and send the text again.")


def language_middleware(get_response: Handler) -> Handler:
    """Speak the installation's language, or what the visitor chose; a browser's own language is no choice.

    Telephones are often sold in English to people who would rather read Indonesian.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            return get_response(request)

    return middleware


def actor_middleware(get_response: Handler) -> Handler:
    """Set `request.actor`, and the user's own zone and language."""

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


def nul_middleware(get_response: Handler) -> Handler:
    """Refuse the NUL character, which PostgreSQL's text cannot hold, before any query or JSON body carries it there.

    Django's form fields refuse it by themselves.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        is_json = request.content_type == "application/json"
        if "%00" in request.META.get("QUERY_STRING", "") or (is_json and b"\\u0000" in request.body):
            fault = {"code": "invalid", "message": str(NUL_MESSAGE), "remedy": str(NUL_REMEDY), "fields": {}}
            return JsonResponse({"error": fault}, status=422)
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
        error = room.explained(error) or error
        if not isinstance(error, KentonganError):
            return None
        if is_htmx(request):
            response = render(request, "kentongan/error_toast.html", {"error": error}, status=error.status)
            response["HX-Retarget"] = "#toasts"
            response["HX-Reselect"] = "unset"  # who asked for a part of a page gets the whole toast all the same
            response["HX-Reswap"] = "beforeend"
        else:
            response = render(request, "kentongan/error.html", {"error": error}, status=error.status)
        for name, value in error.headers.items():
            response[name] = value
        return response
