"""Tables of the newsroom: sites, articles with their pictures and videos, and views counted by day."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kentongan.core.clock import Zone


class Site(models.Model):
    """One public site; `slug` ends its address and never changes."""

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=200)
    tagline = models.CharField(_("what it is for"), max_length=300, blank=True)
    timezone = models.CharField(_("time zone"), max_length=40, choices=Zone.choices, default=Zone.WIB)
    open = models.BooleanField(_("open"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the site."""
        return reverse("newsroom:site", args=[self.slug])


class Article(models.Model):
    """One post; `key` is the delivery's own, so that publishing it twice leaves one."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="articles")
    key = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    slug = models.SlugField(_("address"), max_length=100)
    title = models.CharField(_("title"), max_length=200)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    text = models.TextField(_("text"))
    link = models.URLField(_("link"), max_length=500, blank=True)
    tags = ArrayField(models.CharField(max_length=80), default=list)
    language = models.CharField(_("language"), max_length=5, default="id")
    published_at = models.DateTimeField(_("published"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    search = models.GeneratedField(
        expression=SearchVector("title", "summary", "text", config="indonesian"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ("-published_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("site", "key"), name="article_key"),
            models.UniqueConstraint(fields=("site", "slug"), name="article_slug"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(text="") & ~Q(slug=""), name="article_complete"),
        )
        indexes = (
            models.Index(fields=("site", "-published_at"), name="article_newest", condition=Q(withdrawn_at=None)),
            GinIndex(fields=("tags",), name="article_tags"),
            GinIndex(fields=("search",), name="article_search"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the address of the article."""
        return reverse("newsroom:article", args=[self.site.slug, self.slug])


class Picture(models.Model):
    """A picture of an article, by the hash of its content in the file store."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="pictures")
    position = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=40)
    alt = models.CharField(_("description"), max_length=1000)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("article", "position"), name="picture_position"),)

    def __str__(self) -> str:
        return self.alt

    def get_absolute_url(self) -> str:
        """Return the address of the picture."""
        return reverse("newsroom:picture", args=[self.article.site.slug, self.article_id, self.position])


class Film(models.Model):
    """The video of an article, by the hash of its content in the file store; `alt` is what it shows, in words."""

    article = models.OneToOneField(Article, models.CASCADE, related_name="film")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(_("size"))
    media_type = models.CharField(max_length=40)
    alt = models.CharField(_("description"), max_length=1000)
    seconds = models.FloatField(_("seconds"), null=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        constraints = (models.CheckConstraint(condition=Q(size__gt=0), name="film_complete"),)

    def __str__(self) -> str:
        return self.alt

    def get_absolute_url(self) -> str:
        """Return the address of the video."""
        return reverse("newsroom:film", args=[self.article.site.slug, self.article_id])


class Views(models.Model):
    """How many people opened an article on one day; who they were is not stored anywhere."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="views")
    day = models.DateField(_("day"))
    people = models.PositiveIntegerField(_("people"), default=0)

    class Meta:
        verbose_name = _("views")
        verbose_name_plural = _("views")
        constraints = (models.UniqueConstraint(fields=("article", "day"), name="views_day"),)

    def __str__(self) -> str:
        return f"{self.day}: {self.people}"
