"""What is known of Bluesky without calling it (lexicons `feed.post` and `embed.video`, November 2026).

A video is uploaded to the account's own server like a picture; servers other than Bluesky's may take less than the
lexicon's 100 MB, and say so. Bluesky's application shows three minutes at most.
"""

import re
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from kentongan.channels import counting
from kentongan.channels.bluesky.richtext import LONGEST_TAG, with_link
from kentongan.channels.bluesky.tid import new_tid
from kentongan.channels.contract import Counting, Idempotency, Limits, Manifest, Rate, Setting
from kentongan.channels.looks import CardForm, Look, Shape, Source

MANIFEST = Manifest(
    kind="bluesky",
    label="Bluesky",
    icon="brand-bluesky",
    limits=Limits(
        300,
        Counting.GRAPHEMES,
        text_bytes=3_000,
        images=4,
        image_bytes=2_000_000,
        image_side=2_000,
        videos=1,
        video_bytes=100_000_000,
        video_seconds=180,
        video_codecs=frozenset({"h264"}),
    ),
    count=counting.counter(counting.graphemes, 300, Counting.GRAPHEMES),
    new_key=new_tid,
    idempotency=Idempotency.RECORD_KEY,
    settling=timedelta(seconds=30),
    # 5,000 points an hour, a create costs 3.
    rate=Rate(1_666, timedelta(hours=1)),
    settings=(
        Setting(
            "service",
            _("Server address"),
            initial="https://bsky.social",
            type="url",
            help=_("The server that holds the account. For most accounts this is https://bsky.social."),
        ),
        Setting("handle", _("Handle"), help=_("For example diskominfo.bsky.social, without the @.")),
        Setting(
            "app_password",
            _("App password"),
            secret=True,
            type="password",
            help=_("Made on Bluesky under Settings, Privacy and security, App passwords. Not the account's own."),
        ),
    ),
    recalls=True,
    link_beside=with_link,
    profile_url="https://bsky.app/profile/{handle}",
    look=Look(
        sources=(
            Source("atproto.com: lexicon app.bsky.richtext.facet", ("longest_tag",)),
            Source("atproto.com: lexicons app.bsky.embed.images, video, external"),
        ),
        seen="2026-11-27",
        longest_tag=LONGEST_TAG,
        mentions=re.compile(r"[\w-]+(\.[\w-]+)+"),
        several=Shape.WIDE,
        card=CardForm.LARGE,
        card_sent=True,
        card_lines=("title", "description", "site"),
        alt_video=True,
    ),
)
