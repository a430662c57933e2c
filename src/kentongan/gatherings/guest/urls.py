"""Addresses of participants' links."""

from django.urls import path

from kentongan.gatherings.guest import views

app_name = "guest"
urlpatterns = [path("<str:token>/", views.page, name="page")]
