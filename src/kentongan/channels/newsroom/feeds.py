"""RSS, Atom and JSON Feed of a site."""

from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Enclosure

from kentongan.channels.newsroom import queries, rendering
from kentongan.channels.newsroom.models import Article, Film, Site

LATEST = 30


def _address(film: Film) -> str:
    """Return a whole address: readers of feeds resolve no other."""
    return urljoin(settings.PUBLIC_URL or "", film.get_absolute_url())


class Rss(Feed[Article, Site]):
    """RSS 2.0."""

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Site:
        """Return the site."""
        return queries.site(kwargs["site"])

    def title(self, site: Site) -> str:
        """Return the site's name."""
        return site.name

    def link(self, site: Site) -> str:
        """Return the site's address."""
        return site.get_absolute_url()

    def description(self, site: Site) -> str:
        """Return what the site is for."""
        return site.tagline or site.name

    def items(self, site: Site) -> list[Article]:
        """Return the newest articles."""
        return list(queries.articles(site)[:LATEST])

    def item_title(self, item: Article) -> str:
        """Return the title."""
        return item.title

    def item_description(self, item: Article) -> str:
        """Return the whole text: a feed is for reading."""
        return rendering.html(item.text, item.site.slug)

    def item_pubdate(self, item: Article) -> datetime:
        """Return when it was published."""
        return item.published_at

    def item_updateddate(self, item: Article) -> datetime:
        """Return when it was last changed: articles are not changed."""
        return item.published_at

    def item_enclosures(self, item: Article) -> list[Enclosure]:
        """Return the video."""
        film = queries.film_of(item)
        return [Enclosure(_address(film), str(film.size), film.media_type)] if film else []

    def item_categories(self, item: Article) -> list[str]:
        """Return the tags."""
        return list(item.tags)


class Atom(Rss):
    """Atom 1.0."""

    feed_type = Atom1Feed

    def subtitle(self, site: Site) -> str:
        """Return what the site is for."""
        return self.description(site)


def json_feed(request: HttpRequest, site: str) -> JsonResponse:
    """Return the site as JSON Feed 1.1."""
    found = queries.site(site)
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": found.name,
        "description": found.tagline,
        "home_page_url": request.build_absolute_uri(found.get_absolute_url()),
        "feed_url": request.build_absolute_uri(reverse("newsroom:json", args=[found.slug])),
        "items": [_item(request, article) for article in queries.articles(found)[:LATEST]],
    }
    return JsonResponse(body, content_type="application/feed+json")


def _item(request: HttpRequest, article: Article) -> dict[str, Any]:
    address = request.build_absolute_uri(article.get_absolute_url())
    item: dict[str, Any] = {
        "id": address,
        "url": address,
        "title": article.title,
        "summary": article.summary,
        "content_html": rendering.html(article.text, article.site.slug),
        "date_published": article.published_at.isoformat(),
        "language": article.language,
        "tags": article.tags,
    }
    pictures = list(article.pictures.all())
    if pictures:
        item["image"] = request.build_absolute_uri(pictures[0].get_absolute_url())
    if film := queries.film_of(article):
        about = {"url": request.build_absolute_uri(film.get_absolute_url()), "mime_type": film.media_type}
        length = {"duration_in_seconds": round(film.seconds)} if film.seconds else {}
        item["attachments"] = [about | {"size_in_bytes": film.size, "title": film.alt} | length]
    return item
