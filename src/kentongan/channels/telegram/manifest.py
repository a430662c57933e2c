"""What is known of Telegram without calling it (core.telegram.org/bots/api and /bots/faq, November 2026)."""

import re
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Idempotency, Limits, Manifest, Rate, Setting
from kentongan.channels.looks import CardForm, Layout, Look, Shape, Source
from kentongan.core.ids import public_id

TEXT, CAPTION = 4_096, 1_024
SERVICE = "https://api.telegram.org"

MANIFEST = Manifest(
    kind="telegram",
    label="Telegram",
    icon="brand-telegram",
    limits=Limits(
        TEXT,
        Counting.CHARACTERS,
        caption=CAPTION,
        images=10,
        image_bytes=10_000_000,
        image_side=2_560,
        videos=1,
        video_bytes=50_000_000,
        video_codecs=frozenset({"h264", "hevc"}),
        image_types=frozenset({"image/jpeg", "image/png"}),
    ),
    count=counting.counter(counting.utf16, TEXT, Counting.CHARACTERS),
    new_key=public_id,
    idempotency=Idempotency.NONE,
    reads_back=False,
    rate=Rate(20, timedelta(minutes=1)),
    settings=(
        Setting(
            "handle",
            _("Channel"),
            help=_(
                "Its public name, for example @kabarbekasi; of a private channel its number, which begins with -100."
            ),
        ),
        Setting(
            "token",
            _("Token of the bot"),
            secret=True,
            type="password",
            help=_(
                "From @BotFather. The bot has to be an administrator of the channel, with the right to post messages."
            ),
        ),
        Setting(
            "service",
            _("Server address"),
            initial=SERVICE,
            type="url",
            help=_("Leave it as it is, unless your organisation runs a Bot API server of its own."),
        ),
    ),
    recalls=True,
    recall_within=timedelta(hours=48),
    link_in_text=True,
    rehearsed_only=True,
    profile_url="https://t.me/{handle}",
    look=Look(
        sources=(Source("core.telegram.org/bots/api: sendMessage, sendMediaGroup (2 to 10)", ("pictures",)),),
        seen="2026-11-27",
        mentions=re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)"),
        layout=Layout.FIRST,
        pictures=10,
        several=Shape.SQUARE,
        media_first=True,
        card=CardForm.LARGE,
        alt=False,
    ),
)
