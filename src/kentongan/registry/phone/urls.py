"""Addresses of the pages on which people see and change what is kept about them, below /saya/."""

from django.urls import path

from kentongan.registry.phone import views

app_name = "phone"
urlpatterns = [
    path("bukti/<str:code>/", views.proof, name="proof"),
]
