"""The public pages. Nobody signs in here, nothing is stored about a visitor, no script is needed."""

import json
from datetime import date
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kentongan.channels.newsroom import counting, queries, rendering
from kentongan.channels.newsroom.caching import counted, lasting, public
from kentongan.channels.newsroom.models import Article, Film, Site
from kentongan.core import clock, files, ranges, tables
from kentongan.core.errors import NotFound
from kentongan.core.views.files import SANDBOX

PER_PAGE = 12
SITEMAP_MOST = 50_000


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """All open sites."""
    return render(request, "newsroom/home.html", {"sites": queries.sites()})


def _list(request: HttpRequest, site: Site, rows: Any, heading: str = "", **more: Any) -> HttpResponse:
    page = tables.page_of(request, rows, PER_PAGE)
    context = {"site": site, "page": page, "heading": heading, "months": queries.months(site), **more}
    return render(request, "newsroom/list.html", context)


@public
@require_safe
def site(request: HttpRequest, site: str) -> HttpResponse:
    """A site's newest articles."""
    found = queries.site(site)
    return _list(request, found, queries.articles(found), is_home=True)


@public
@require_safe
def tag(request: HttpRequest, site: str, tag: str) -> HttpResponse:
    """The articles with a hashtag."""
    found = queries.site(site)
    return _list(request, found, queries.articles(found).filter(tags__contains=[tag.lower()]), f"#{tag.lower()}")


@public
@require_safe
def month(request: HttpRequest, site: str, year: int, month: int) -> HttpResponse:
    """The articles of a month."""
    found = queries.site(site)
    if not (1 <= month <= 12 and 2000 <= year <= 2999):
        raise NotFound()
    return _list(request, found, queries.of_month(found, year, month), month=date(year, month, 1))


@public
@require_safe
def search(request: HttpRequest, site: str) -> HttpResponse:
    """The articles that hold some words."""
    found, text = queries.site(site), request.GET.get("q", "").strip()[:200].replace("\x00", "")
    rows = queries.found(found, text) if text else queries.articles(found).none()
    return _list(request, found, rows, _("Search"), text=text, searching=True)


@counted
@require_safe
def article(request: HttpRequest, site: str, slug: str) -> HttpResponse:
    """One article; one that was withdrawn says so, for good."""
    found = queries.article(queries.site(site), slug)
    if found.withdrawn_at is not None:
        return render(request, "newsroom/gone.html", {"site": found.site}, status=410)
    counting.count(request, found)
    zone = clock.zone(found.site.timezone)
    context = {
        "site": found.site,
        "article": found,
        "body": rendering.html(found.text, found.site.slug),
        "moment": found.published_at.astimezone(zone),
        "zone": clock.abbreviation(found.site.timezone),
        "address": request.build_absolute_uri(found.get_absolute_url()),
        "pictures": list(found.pictures.all()),
        "film": queries.film_of(found),
        "structured": _structured(request, found),
    }
    return render(request, "newsroom/article.html", context)


def _structured(request: HttpRequest, article: Article) -> str:
    """Return schema.org's NewsArticle; `<` is escaped, so that no text can end the element it stands in."""
    home = request.build_absolute_uri(article.site.get_absolute_url())
    publisher = {"@type": "Organization", "name": article.site.name, "url": home}
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title[:110],
        "description": article.summary,
        "datePublished": article.published_at.isoformat(),
        "inLanguage": article.language,
        "mainEntityOfPage": request.build_absolute_uri(article.get_absolute_url()),
        "image": [request.build_absolute_uri(picture.get_absolute_url()) for picture in article.pictures.all()],
        "author": publisher,
        "publisher": publisher,
    }
    if film := queries.film_of(article):
        data["video"] = _film(request, article, film, data["image"])
    text = json.dumps(data, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return mark_safe(text)  # noqa: S308  escaped above


def _film(request: HttpRequest, article: Article, film: Film, pictures: list[str]) -> dict[str, Any]:
    """Return schema.org's VideoObject."""
    data: dict[str, Any] = {
        "@type": "VideoObject",
        "name": article.title[:110],
        "description": film.alt,
        "contentUrl": request.build_absolute_uri(film.get_absolute_url()),
        "encodingFormat": film.media_type,
        "uploadDate": article.published_at.isoformat(),
    }
    if pictures:
        data["thumbnailUrl"] = pictures[:1]
    return data | ({"duration": f"PT{round(film.seconds)}S"} if film.seconds else {})


@ranges.a_few_at_once
@lasting
@require_safe
def film(request: HttpRequest, site: str, article: int) -> HttpResponseBase:
    """The video of an article that is on the site, whole or in parts."""
    found = queries.film(site, article)
    path = files.content_path(found.sha256)
    if not path.exists():
        raise NotFound()
    answer = ranges.serve(request, path, found.media_type, f'"{found.sha256}"', ranges.PART)
    answer["Content-Security-Policy"], answer["X-Content-Type-Options"] = SANDBOX, "nosniff"
    return answer


@lasting
@require_safe
def picture(request: HttpRequest, site: str, article: int, position: int) -> HttpResponseBase:
    """A picture of an article that is on the site."""
    found = queries.picture(site, article, position)
    path = files.content_path(found.sha256)
    if not path.exists():
        raise NotFound()
    headers = {"X-Content-Type-Options": "nosniff", "ETag": f'"{found.sha256}"'}
    return FileResponse(path.open("rb"), content_type=found.media_type, headers=headers)


@public
@require_safe
def sitemap(request: HttpRequest, site: str) -> HttpResponse:
    """The site's addresses for search engines."""
    found = queries.site(site)
    rows = (
        queries.articles(found)
        .prefetch_related(None)
        .select_related(None)
        .select_related("site")
        .only("slug", "published_at", "site__slug")[:SITEMAP_MOST]
    )
    context = {"site": found, "articles": rows, "root": request.build_absolute_uri("/").rstrip("/")}
    return render(request, "newsroom/sitemap.xml", context, content_type="application/xml")
