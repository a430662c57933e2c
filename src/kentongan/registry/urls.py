"""Addresses of the registry, below /daftar/."""

from django.urls import path

from kentongan.registry import views

app_name = "registry"
urlpatterns = [
    path("", views.index, name="index"),
    path("akun/", views.accounts, name="accounts"),
    path("orang/", views.people, name="people"),
    path("peran/", views.roles, name="roles"),
    path("akun/<int:pk>/", views.account, name="account"),
    path("peran/<int:pk>/cabut/", views.role_revoke, name="role_revoke"),
    path("unit/<int:pk>/", views.index, name="unit"),
    path("unit/<int:pk>/akun/", views.accounts, name="unit_accounts"),
    path("unit/<int:pk>/akun/tambah/", views.account_add, name="account_add"),
    path("unit/<int:pk>/orang/", views.people, name="unit_people"),
    path("unit/<int:pk>/orang/tambah/", views.person_add, name="person_add"),
    path("unit/<int:pk>/peran/", views.roles, name="unit_roles"),
    path("unit/<int:pk>/peran/tambah/", views.colleague_add, name="colleague_add"),
    path("unit/<int:pk>/tambah/", views.unit_add, name="unit_add"),
]
