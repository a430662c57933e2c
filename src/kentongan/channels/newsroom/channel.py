"""The newsroom as a channel: it is in our own database, so an outcome is never in doubt."""

from collections.abc import Collection, Mapping
from urllib.parse import urljoin

import httpx
from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Sum
from django.utils.text import slugify
from django.utils.translation import gettext as _

from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    Channel,
    Counts,
    Credentials,
    Found,
    Health,
    Post,
    Published,
    Rejected,
    RetryLater,
    Sought,
    Unsure,
)
from kentongan.channels.newsroom import writing
from kentongan.channels.newsroom.manifest import MANIFEST
from kentongan.channels.newsroom.models import Article, Site


def _address(path: str) -> str:
    return urljoin(settings.PUBLIC_URL or "", path)


def _site(credentials: Credentials) -> Site:
    site = Site.objects.filter(slug=credentials.handle, open=True).first()
    if site is None:
        raise Rejected(_("This newsroom site does not exist or is closed."))
    return site


class NewsroomConnector:
    """Opens the site; there is nothing to sign in to."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Open the site with the address and name that a person entered."""
        slug = slugify(entered["handle"])
        if not slug or not entered["name"].strip():
            raise Rejected(_("A site needs an address and a name."))
        site = writing.open_site(slug, entered["name"].strip(), entered.get("tagline", "").strip())
        return Credentials(site.slug)

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return the same credentials: there is no sign-in to renew."""
        return credentials

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Say whether the site is open."""
        try:
            site = _site(credentials)
        except Rejected as error:
            return Health.failed(error)
        return Health(True, name=site.name, url=_address(site.get_absolute_url()))


class NewsroomPublisher:
    """Stores an article under the delivery's key."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Store the article; the same key again returns the one that is there."""
        try:
            article = writing.publish(_site(credentials), post)
        except DatabaseError as error:
            # The transaction may have been committed before the connection broke.
            raise Ambiguous(_("The database did not answer."), {"error": repr(error)}) from error
        return Published(str(article.pk), _address(article.get_absolute_url()), {"slug": article.slug})

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Take the article off the site; one that is off already stays off."""
        try:
            writing.withdraw(int(remote_id))
        except DatabaseError as error:
            raise RetryLater(_("The database did not answer."), {"error": repr(error)}) from error


class NewsroomFinder:
    """Looks the key up."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look the article up by its key."""
        articles = Article.objects.select_related("site")
        try:
            article = articles.filter(site__slug=credentials.handle, key=sought.post.key).first()
        except DatabaseError as error:
            return Unsure(_("The database did not answer."), {"error": repr(error)})
        if article is None:
            return Absent()
        return Found(str(article.pk), _address(article.get_absolute_url()), {"slug": article.slug})


class NewsroomMetrics:
    """Reads our own counters."""

    def read(self, remote_ids: Collection[str], credentials: Credentials, client: httpx.Client) -> Mapping[str, Counts]:
        """Return views; what a news site does not have (likes, shares, replies) is None."""
        wanted = [int(remote_id) for remote_id in remote_ids if remote_id.isdigit()]
        rows = Article.objects.filter(pk__in=wanted).annotate(people=Sum("views__people"))
        return {str(pk): Counts(views=people or 0) for pk, people in rows.values_list("pk", "people")}


CHANNEL = Channel(
    MANIFEST,
    connector=NewsroomConnector(),
    publisher=NewsroomPublisher(),
    finder=NewsroomFinder(),
    metrics=NewsroomMetrics(),
)
