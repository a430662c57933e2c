"""Addresses of the pages that belong to no single room."""

from django.urls import path

from kentongan.web.views import pages, people, pwa, search, wall

app_name = "web"
urlpatterns = [
    path("", pages.home, name="home"),
    path("trust.txt", pages.trust_txt, name="trust"),
    path(".well-known/trust.txt", pages.trust_txt, name="trust_well_known"),
    path("status/", pages.status, name="status"),
    path("tampilan/", pages.preferences, name="preferences"),
    path("cari/", search.search, name="search"),
    path("dinding/", wall.wall, name="wall"),
    path("dinding/isi/", wall.body, name="wall_body"),
    path("pengaturan/", people.settings, name="settings"),
    path("pengaturan/profil/", people.profile, name="profile"),
    path("pengaturan/token/", people.tokens, name="tokens"),
    path("pengaturan/token/<int:pk>/cabut/", people.token_revoke, name="token_revoke"),
    path("pengaturan/organisasi/", people.organisation, name="organisation"),
    path("pengaturan/riwayat/", people.audit_log, name="audit_log"),
    path("manifest.webmanifest", pwa.manifest, name="manifest"),
    path("sw.js", pwa.worker, name="worker"),
    path("luring/", pwa.offline, name="offline"),
]
