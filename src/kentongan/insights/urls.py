"""Addresses of the room Ukur."""

from django.urls import path

from kentongan.insights import views

app_name = "insights"
urlpatterns = [
    path("", views.index, name="index"),
    path("cetak/", views.printed, name="print"),
    path("sebaran/", views.ledger, name="deliveries"),
    path("unduh/", views.export, name="export"),
    path("materi/<int:item_id>/", views.item, name="item"),
]
