"""Files of other tools on their way into the lake: which columns they have, what makes a row a post."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.imports import Batch, Cell, Feed, Field, ImportRun, RowError
from kentongan.core.imports.values import (
    looks_like_moment,
    looks_like_number,
    looks_like_url,
    moment,
    number,
    share,
    text,
)
from kentongan.core.jobs import Progress
from kentongan.core.permissions import Capability
from kentongan.listening import access
from kentongan.listening.actions.ingest import AHEAD, EARLIEST_YEAR, add_source, append, prepare
from kentongan.listening.actions.removal import remove_run
from kentongan.listening.actions.stream import catch_up
from kentongan.listening.models import Source
from kentongan.listening.pipeline.clean import LONGEST
from kentongan.listening.posts import RawPost
from kentongan.registry.models import Unit

BATCH = 10_000
DEFAULT_SOURCE = "Imported files"
# Two zones: what they read differently says no zone itself.
FAR = ZoneInfo("Asia/Jayapura")

looks_like_prose = share(lambda cell: isinstance(cell, str) and len(cell.split()) >= 4)
looks_like_handle = share(lambda cell: 1 < len(text(cell)) <= 60 and len(text(cell).split()) <= 4)


@dataclass(frozen=True, slots=True)
class CheckedPost:
    """A row that is a post; `floating` says that its time named no zone, so that it is in the file's."""

    post: RawPost
    floating: bool


def _count(cell: Cell) -> int | None:
    value = number(cell)
    return None if value is None or value < 0 or value > 2**53 else round(value)


def _time(cell: Cell) -> tuple[datetime, bool]:
    found = moment(cell, UTC)
    if found is None:
        raise RowError(_("“%(cell)s” is not a time.") % {"cell": text(cell)[:60]})
    if found.year < EARLIEST_YEAR:
        raise RowError(_("The time is before %(year)s.") % {"year": EARLIEST_YEAR})
    if found > clock.now() + AHEAD:
        raise RowError(_("The time lies in the future."))
    return found, moment(cell, FAR) != found


class PostImport:
    """The import kind `listening.posts`; `run.options` may name `timezone` and `source`."""

    name: ClassVar[str] = "listening.posts"
    label: ClassVar[str | Promise] = _("Posts")
    capability: ClassVar[Capability] = Capability.ANALYSE
    fields: ClassVar[Sequence[Field]] = (
        Field(
            "text",
            _("Text"),
            required=True,
            guess=looks_like_prose,
            synonyms=(
                "full text",
                "content",
                "message",
                "caption",
                "tweet",
                "post",
                "isi",
                "teks",
                "body",
                "snippet",
                "hit sentence",
                "opening text",
                "description",
                "komentar",
                "pesan",
                "konten",
                "post text",
                "title",
            ),
        ),
        Field(
            "created_at",
            _("Time"),
            required=True,
            guess=looks_like_moment,
            synonyms=(
                "date",
                "published",
                "timestamp",
                "post created",
                "created",
                "time",
                "datetime",
                "published at",
                "date time",
                "tanggal",
                "waktu",
                "tgl",
                "created time",
                "post created date",
                "published date",
                "publish date",
                "posted at",
                "jam",
                "indexed",
            ),
        ),
        Field(
            "author",
            _("Author"),
            guess=looks_like_handle,
            synonyms=(
                "username",
                "user",
                "from",
                "screen name",
                "user name",
                "author name",
                "akun",
                "penulis",
                "handle",
                "page name",
                "account",
                "influencer",
                "sender screen name",
                "nama",
                "full name",
                "user screen name",
            ),
        ),
        Field(
            "native_id",
            _("The platform's own id"),
            synonyms=(
                "id",
                "tweet id",
                "post id",
                "id str",
                "mention id",
                "document id",
                "message id",
                "resource id",
                "platform id",
                "external id",
                "native id",
                "url id",
            ),
        ),
        Field(
            "url",
            _("Link"),
            guess=looks_like_url,
            synonyms=(
                "link",
                "permalink",
                "post url",
                "tautan",
                "tweet url",
                "original url",
                "page url",
                "message url",
            ),
        ),
        Field(
            "platform",
            _("Platform"),
            synonyms=(
                "source",
                "network",
                "channel",
                "media",
                "sumber",
                "content source name",
                "page type",
                "source type",
                "social network",
                "provider",
                "kanal",
            ),
        ),
        Field("language", _("Language"), synonyms=("lang", "bahasa", "language code")),
        Field(
            "place",
            _("Place"),
            synonyms=(
                "location",
                "lokasi",
                "kecamatan",
                "district",
                "city",
                "kota",
                "wilayah",
                "tempat",
                "desa",
                "kelurahan",
            ),
        ),
        Field(
            "likes",
            _("Likes"),
            guess=looks_like_number,
            synonyms=("like count", "favorite count", "favorites", "suka", "reactions", "likes count", "jumlah suka"),
        ),
        Field(
            "shares",
            _("Shares"),
            guess=looks_like_number,
            synonyms=("retweet count", "retweets", "share count", "reposts", "bagikan", "dibagikan", "shares count"),
        ),
    )

    def check(self, values: Mapping[str, Cell]) -> CheckedPost:
        """Return the post of a row; RowError without words, without a possible time, or with a text beyond reason."""
        words = text(values["text"])
        if not words:
            raise RowError(_("There is no text."))
        if len(words) > LONGEST:
            raise RowError(_("The text has %(length)d characters: that is not a post.") % {"length": len(words)})
        created_at, floating = _time(values["created_at"])
        post = RawPost(
            native_id=text(values["native_id"])[:200] or None,
            created_at=created_at,
            author=text(values["author"])[:200],
            text=words.replace("\x00", ""),
            url=text(values["url"])[:2000] or None,
            platform=text(values["platform"])[:40].lower(),
            lang_hint=text(values["language"])[:3].lower() or None,
            place_hint=text(values["place"])[:100] or None,
            likes=_count(values["likes"]),
            shares=_count(values["shares"]),
        )
        return CheckedPost(post, floating)

    def apply(self, run: ImportRun, feed: Feed, progress: Progress) -> None:
        """Bring the rows in: pipeline outside the transaction, lake and the run's position inside it."""
        unit = _unit_of(run)
        source = _source_of(progress.actor, run, unit)
        zone = ZoneInfo(str(run.options.get("timezone") or unit.timezone))
        for batch in feed.batches(BATCH):
            self._take(progress.actor, source, zone, run, feed, batch)
            catch_up(source.unit_id)

    def _take(self, actor: Actor, source: Source, zone: tzinfo, run: ImportRun, feed: Feed, batch: Batch) -> None:
        posts = [_placed(row.clean, zone) for row in batch.rows]
        table = prepare(source, posts) if posts else None
        with transaction.atomic():
            new = append(actor, source.pk, table, run.pk).added if table is not None else 0
            feed.commit(batch, new=new, same=len(batch.rows) - new)

    def undo(self, run: ImportRun, progress: Progress) -> int:
        """Take back what this run brought in."""
        return remove_run(progress.actor, run.pk)


def _source_of(actor: Actor, run: ImportRun, unit: Unit) -> Source:
    """Return the source that the rows are of: a watched folder's own, else the one of that name."""
    if number := run.options.get("source_id"):
        return access.source(actor, int(number), Capability.ANALYSE)
    return add_source(actor, unit.pk, str(run.options.get("source") or DEFAULT_SOURCE))


def _unit_of(run: ImportRun) -> Unit:
    return Unit.objects.get(pk=run.unit_id) if run.unit_id else Unit.objects.get(parent=None)


def _placed(checked: CheckedPost, zone: tzinfo) -> RawPost:
    if not checked.floating:
        return checked.post
    return replace(checked.post, created_at=checked.post.created_at.replace(tzinfo=zone).astimezone(UTC))
