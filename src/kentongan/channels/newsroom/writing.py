"""The newsroom's only writers: a publisher's calls, in one transaction each."""

import io
from datetime import date

from django.db import IntegrityError, connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from kentongan.channels import articles
from kentongan.channels.contract import Ambiguous, Media, Post, Rejected, Video
from kentongan.channels.newsroom.manifest import SUMMARY_LENGTH
from kentongan.channels.newsroom.models import Article, Film, Picture, Site
from kentongan.channels.text import tags
from kentongan.core import clock, files
from kentongan.core.errors import Invalid

TITLE_LENGTH = 80


def open_site(slug: str, name: str, tagline: str = "") -> Site:
    """Open a site, or rename the one of that address."""
    values = {"name": name, "tagline": tagline, "open": True}
    return Site.objects.update_or_create(slug=slug, defaults=values)[0]


def _slug(site: Site, post: Post, title: str) -> str:
    """Return the title as an address; an address that another article has gets this one's key added."""
    base = slugify(title)[:80].strip("-") or post.key.lower()
    taken = Article.objects.filter(site=site, slug=base).exclude(key=post.key).exists()
    return f"{base}-{slugify(post.key)[:8]}" if taken else base


def _kept(image: Media) -> str:
    try:
        return files.keep(io.BytesIO(image.content), allowed={image.media_type}).sha256
    except Invalid as error:
        raise Rejected(str(error)) from error


def _kept_film(video: Video) -> Film:
    """Return the video as a row of no article yet, its content in the store, where it mostly is already."""
    try:
        if not files.content_path(video.sha256).exists():
            with video.open() as source:
                files.keep(source, allowed={video.media_type})
    except Invalid as error:
        raise Rejected(str(error)) from error
    about = {name: getattr(video, name) for name in ("sha256", "size", "media_type", "seconds", "width", "height")}
    return Film(**about, alt=video.alt)


def publish(site: Site, post: Post) -> Article:
    """Store the article under the post's key, or return the one that is there.

    Raises Rejected when another text is stored under that key.
    """
    hashes = [_kept(image) for image in post.images]
    films = [_kept_film(video) for video in post.videos]
    try:
        with transaction.atomic():
            return _existing(site, post) or _create(site, post, hashes, films)
    except IntegrityError as error:
        # Another worker stored the same key, or took the same address, in this very moment.
        found = _existing(site, post)
        if found is None:
            raise Ambiguous(_("The article was stored by somebody else at the same time.")) from error
        return found


def _existing(site: Site, post: Post) -> Article | None:
    found = Article.objects.select_related("site").filter(site=site, key=post.key).first()
    if found is not None and found.digest != post.digest():
        raise Rejected(_("Another text is stored under this post's key."))
    return found


def _create(site: Site, post: Post, hashes: list[str], films: list[Film]) -> Article:
    title = post.title or articles.shortened(post.text, TITLE_LENGTH)
    article = Article.objects.create(
        site=site,
        key=post.key,
        digest=post.digest(),
        slug=_slug(site, post, title),
        title=title,
        summary=post.summary[:SUMMARY_LENGTH] or articles.shortened(articles.opening(post.text), SUMMARY_LENGTH),
        text=post.text,
        link=post.link,
        tags=sorted({tag.lower() for tag in (*post.tags, *(span.value for span in tags(post.text)))}),
        language=post.language,
        published_at=post.created_at,
    )
    Picture.objects.bulk_create(
        Picture(
            article=article,
            position=position,
            sha256=sha256,
            media_type=image.media_type,
            alt=image.alt,
            width=image.width,
            height=image.height,
        )
        for position, (image, sha256) in enumerate(zip(post.images, hashes, strict=True))
    )
    for film in films:
        film.article = article
        film.save()
    return article


def withdraw(article_id: int) -> int:
    """Take an article off its site; its address answers 410 from now on. Returns how many were taken off."""
    return Article.objects.filter(pk=article_id, withdrawn_at=None).update(withdrawn_at=clock.now())


def count_view(article_id: int, day: date) -> None:
    """Count one more person for that day; two at once add up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO newsroom_views (article_id, day, people) VALUES (%s, %s, 1) "
            "ON CONFLICT (article_id, day) DO UPDATE SET people = newsroom_views.people + 1",
            [article_id, day],
        )
