"""Addresses of safeguards, under /pagar/."""

from django.urls import path

from kentongan.safeguards import views

app_name = "safeguards"
urlpatterns = [
    path("", views.index, name="index"),
    path("tahapan/", views.elections, name="elections"),
    path("akun/", views.account_caps, name="account_caps"),
    path("isi/", views.content_rules, name="content_rules"),
    path("pelepasan/", views.releases, name="releases"),
    path("baris/<slug:table>/baru/", views.add_row, name="add_row"),
    path("baris/<slug:table>/<int:pk>/", views.edit_row, name="edit_row"),
    path("baris/<slug:table>/<int:pk>/hapus/", views.remove_row, name="remove_row"),
]
