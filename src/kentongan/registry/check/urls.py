"""Addresses of Cek Akun, under /cek/."""

from django.urls import path

from kentongan.registry.check import reports, views

app_name = "check"
urlpatterns = [
    path("", views.page, name="page"),
    path("lapor/", reports.page, name="report"),
    path("lapor/terima-kasih/", reports.thanks, name="thanks"),
    path("unit/<slug:slug>/", views.unit, name="unit"),
    path("unit/<slug:slug>/lencana.svg", views.badge, name="badge"),
    path("unit/<slug:slug>/qr.svg", views.code_svg, name="qr_svg"),
    path("unit/<slug:slug>/qr.png", views.code_png, name="qr_png"),
]
