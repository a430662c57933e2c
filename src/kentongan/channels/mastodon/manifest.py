"""What is known of Mastodon without calling it; `health` reads a server's own limits from it."""

import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from kentongan.channels import counting
from kentongan.channels.contract import Count, Counting, Idempotency, Limits, Manifest, Rate, Setting
from kentongan.channels.looks import WITH_SERVER, CardForm, Look, Shape, Source

DEFAULT_LIMIT = 500


def _new_key() -> str:
    return str(uuid.uuid4())


def _within(text: str, stated: Mapping[str, int]) -> Count:
    used = counting.fediverse(text, stated.get("link", counting.LINK_LENGTH))
    return Count(used, stated.get("text", DEFAULT_LIMIT), Counting.GRAPHEMES)


MANIFEST = Manifest(
    kind="mastodon",
    label="Mastodon",
    icon="brand-mastodon",
    limits=Limits(
        DEFAULT_LIMIT,
        Counting.GRAPHEMES,
        images=4,
        image_bytes=16 * 1024 * 1024,
        image_side=3_840,
        link=counting.LINK_LENGTH,
        videos=1,
        video_bytes=99 * 1024 * 1024,
        video_types=frozenset({"video/mp4", "video/webm", "video/quicktime"}),
    ),
    count=counting.counter(counting.fediverse, DEFAULT_LIMIT, Counting.GRAPHEMES),
    count_within=_within,
    new_key=_new_key,
    idempotency=Idempotency.HEADER,
    settling=timedelta(minutes=1),
    rate=Rate(300, timedelta(minutes=5)),
    settings=(
        Setting(
            "service",
            _("Server address"),
            type="url",
            help=_("For example https://mastodon.social."),
        ),
        Setting(
            "access_token",
            _("Access token"),
            secret=True,
            type="password",
            help=_(
                "Made on the server under Preferences, Development, New application, "
                "with the scopes read, write:statuses and write:media."
            ),
        ),
    ),
    recalls=True,
    link_in_text=True,
    look=Look(
        sources=(
            Source("github.com/mastodon/mastodon: app/lib/text_formatter.rb", ("link_shown",)),
            Source("docs.joinmastodon.org: PreviewCard"),
        ),
        seen="2026-11-27",
        link_shown=30,
        mentions=WITH_SERVER,
        several=Shape.WIDE,
        card=CardForm.LARGE,
        card_lines=("site", "title"),
        alt_video=True,
    ),
)
