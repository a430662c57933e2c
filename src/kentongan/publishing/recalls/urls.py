"""Addresses of links to recalls."""

from django.urls import path

from kentongan.publishing.recalls import door

app_name = "recall"
urlpatterns = [path("<str:token>/", door.door, name="door")]
