"""What makes the product installable on a phone: manifest, service worker, the page for being offline."""

from hashlib import sha256

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from kentongan.registry import queries

SHELL_FILES = (
    "vendor/tabler.css",
    "vendor/htmx.js",
    "vendor/icons.svg",
    "vendor/plus-jakarta-sans-latin-wght-normal.woff2",
    "kentongan/tokens.css",
    "kentongan/shell.css",
    "kentongan/components.css",
    "kentongan/public.css",
    "kentongan/theme.js",
    "kentongan/app.js",
    "kentongan/icon.svg",
)


@require_GET
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """Describe the installable application."""
    organisation = queries.organisation()
    icons = [
        {"src": static(f"vendor/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"}
        for size in (192, 512)
    ]
    maskable = {"src": static("vendor/icon-maskable-512.png"), "sizes": "512x512", "type": "image/png"}
    return JsonResponse(
        {
            "id": "/",
            "name": f"Kentongan · {organisation.short_name}" if organisation else "Kentongan",
            "short_name": "Kentongan",
            "description": _("Listen, plan, publish, move, measure, gather."),
            "lang": translation.get_language(),
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#faf7f2",
            "theme_color": "#4a2c14",
            "icons": [*icons, maskable | {"purpose": "maskable"}],
        },
        content_type="application/manifest+json",
    )


@require_GET
@cache_control(max_age=0, must_revalidate=True)
def worker(request: HttpRequest) -> HttpResponse:
    """Serve the service worker from the root, for it answers for the whole site."""
    files = [static(name) for name in SHELL_FILES]
    version = sha256("\n".join(files).encode()).hexdigest()[:12]
    context = {"data": {"version": version, "files": files, "offline": reverse("web:offline")}}
    return render(request, "web/sw.js", context, content_type="text/javascript")


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """Show the page that the service worker keeps for when there is no network; it holds nothing private."""
    return render(request, "web/offline.html")
