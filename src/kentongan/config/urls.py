"""Which room answers which address."""

from django.urls import URLPattern, URLResolver, include, path

from kentongan.config.api import api
from kentongan.core.health import health

ROOMS = {
    "simak/": "listening",
    "rancang/": "planning",
    "sebar/": "publishing",
    "gerak/": "missions",
    "ukur/": "insights",
    "temu/": "gatherings",
    "pagar/": "safeguards",
    "daftar/": "registry",
    "saya/": "registry.phone",
    "cek/": "registry.check",
    "m/": "missions.member",
    "h/": "publishing.recalls",
    "t/": "gatherings.guest",
    "": "core",
}

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health),
    path("api/", api.urls),
    path("akun/", include("allauth.urls")),
    *[path(prefix, include(f"kentongan.{room}.urls")) for prefix, room in ROOMS.items()],
    path("", include("kentongan.channels.newsroom.urls")),
    path("", include("kentongan.web.urls")),
]

handler400 = "kentongan.web.errors.bad_request"
handler403 = "kentongan.web.errors.forbidden"
handler404 = "kentongan.web.errors.not_found"
handler500 = "kentongan.web.errors.server_error"
