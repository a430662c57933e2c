"""All reads of the newsroom; everything here is public."""

from datetime import date, datetime, time, timedelta

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Count, DateField, F, QuerySet
from django.db.models.functions import TruncMonth

from kentongan.channels.newsroom.models import Article, Film, Picture, Site
from kentongan.core import clock
from kentongan.core.errors import NotFound


def sites() -> QuerySet[Site]:
    """Return the open sites."""
    return Site.objects.filter(open=True)


def site(slug: str) -> Site:
    """Return one open site."""
    found = sites().filter(slug=slug).first()
    if found is None:
        raise NotFound()
    return found


def articles(of: Site) -> QuerySet[Article]:
    """Return a site's articles, newest first, each with its pictures at hand."""
    found = Article.objects.filter(site=of, withdrawn_at=None, published_at__lte=clock.now())
    return found.select_related("site", "film").prefetch_related("pictures__article__site").defer("search")


def article(of: Site, slug: str) -> Article:
    """Return one article, withdrawn ones included: their address answers 410."""
    found = (
        Article.objects.filter(site=of, slug=slug)
        .select_related("site", "film")
        .prefetch_related("pictures__article__site")
        .first()
    )
    if found is None:
        raise NotFound()
    return found


def picture(slug: str, article_id: int, position: int) -> Picture:
    """Return one picture of an article that is on the site."""
    found = Picture.objects.filter(
        article_id=article_id, article__site__slug=slug, article__withdrawn_at=None, position=position
    ).first()
    if found is None:
        raise NotFound()
    return found


def film(slug: str, article_id: int) -> Film:
    """Return the video of an article that is on the site."""
    found = Film.objects.filter(
        article_id=article_id,
        article__site__slug=slug,
        article__withdrawn_at=None,
        article__published_at__lte=clock.now(),
    ).first()
    if found is None:
        raise NotFound()
    return found


def film_of(article: Article) -> Film | None:
    """Return the video of an article; no query where `article` or `articles` gave it."""
    return getattr(article, "film", None)


def found(of: Site, text: str) -> QuerySet[Article]:
    """Return the articles that hold the words of `text`, the best match first."""
    query = SearchQuery(text, config="indonesian", search_type="websearch")
    return articles(of).filter(search=query).order_by(SearchRank(F("search"), query).desc(), "-published_at")


def of_month(of: Site, year: int, month: int) -> QuerySet[Article]:
    """Return the articles of a month in the site's zone."""
    zone = clock.zone(of.timezone)
    first = date(year, month, 1)
    after = (first + timedelta(days=31)).replace(day=1)
    start, end = (datetime.combine(day, time(), zone) for day in (first, after))
    return articles(of).filter(published_at__gte=start, published_at__lt=end)


def months(of: Site) -> list[tuple[date, int]]:
    """Return the months that have articles, newest first, with how many."""
    month = TruncMonth("published_at", tzinfo=clock.zone(of.timezone), output_field=DateField())
    live = Article.objects.filter(site=of, withdrawn_at=None)
    rows = live.annotate(month=month).values("month").annotate(n=Count("pk")).order_by("-month")
    return [(row["month"], row["n"]) for row in rows]
