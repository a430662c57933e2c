"""Addresses of the pages on which people see and change what is kept about them, below /saya/.

Each page has two: for who signed in, and behind a link (`t/TOKEN/`), whose cookie holds for all of them.
"""

from django.urls import path

from kentongan.registry.phone import views

app_name = "phone"
PAGES = (
    ("data/", views.correct, "correct"),
    ("akun/<int:pk>/", views.account, "account"),
    ("unduh/", views.download, "download"),
    ("keluar/", views.leave, "leave"),
)
urlpatterns = [
    path("bukti/<str:code>/", views.proof, name="proof"),
    path("", views.home, name="mine"),
    path("t/<str:token>/", views.home, name="door"),
    *(path(route, view, name=f"mine_{name}") for route, view, name in PAGES),
    *(path(f"t/<str:token>/{route}", view, name=f"link_{name}") for route, view, name in PAGES),
]
