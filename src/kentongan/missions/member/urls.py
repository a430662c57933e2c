"""Addresses of members' links."""

from django.urls import path

from kentongan.missions.member import views

app_name = "member"
urlpatterns = [
    path("<str:token>/", views.door, name="door"),
    path("<str:token>/data/", views.data, name="data"),
    path("<str:token>/gambar/", views.picture, name="picture"),
]
