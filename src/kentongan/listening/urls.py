"""Addresses of listening."""

from django.urls import path

from kentongan.listening import views

app_name = "listening"
urlpatterns = [
    path("", views.index, name="index"),
    path("isu/<int:pk>/", views.issue, name="issue"),
    path("isu/<int:pk>/ikuti/", views.follow, name="follow"),
    path("isu/<int:pk>/judul/", views.rename, name="rename"),
    path("isu/<int:pk>/serahkan/", views.assign, name="assign"),
    path("isu/<int:pk>/tutup/", views.close, name="close"),
    path("isu/<int:pk>/buka/", views.reopen, name="reopen"),
    path("isu/<int:pk>/gabung/", views.merge, name="merge"),
    path("unggahan/<int:pk>/asli/", views.open_original, name="open"),
    path("unggahan/<int:pk>/hapus/", views.forget, name="forget"),
    path("sumber/", views.sources, name="sources"),
    path("cari/", views.search, name="search"),
    path("impor/", views.import_posts, name="import"),
]
