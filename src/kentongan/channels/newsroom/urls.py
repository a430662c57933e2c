"""Addresses of the public newsroom, under /kabar/."""

from django.urls import path

from kentongan.channels.newsroom import feeds, views
from kentongan.channels.newsroom.caching import public

app_name = "newsroom"
urlpatterns = [
    path("kabar/", views.home, name="home"),
    path("kabar/<slug:site>/", views.site, name="site"),
    path("kabar/<slug:site>/cari/", views.search, name="search"),
    path("kabar/<slug:site>/rss.xml", public(feeds.Rss()), name="rss"),
    path("kabar/<slug:site>/atom.xml", public(feeds.Atom()), name="atom"),
    path("kabar/<slug:site>/feed.json", public(feeds.json_feed), name="json"),
    path("kabar/<slug:site>/sitemap.xml", views.sitemap, name="sitemap"),
    path("kabar/<slug:site>/tagar/<str:tag>/", views.tag, name="tag"),
    path("kabar/<slug:site>/arsip/<int:year>/<int:month>/", views.month, name="month"),
    path("kabar/<slug:site>/gambar/<int:article>/<int:position>/", views.picture, name="picture"),
    path("kabar/<slug:site>/video/<int:article>/", views.film, name="film"),
    path("kabar/<slug:site>/baca/<slug:slug>/", views.article, name="article"),
]
