"""What the built-in newsroom takes."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Idempotency, Limits, Manifest, Setting
from kentongan.channels.looks import Layout, Look, Source
from kentongan.core.ids import public_id

SUMMARY_LENGTH = 300

MANIFEST = Manifest(
    kind="newsroom",
    label=_("Newsroom"),
    icon="news",
    limits=Limits(
        None,
        Counting.WORDS,
        title=True,
        images=12,
        image_bytes=2 * 1024 * 1024,
        image_side=2_048,
        videos=1,
        video_bytes=200 * 1000 * 1000,
        video_codecs=frozenset({"h264"}),  # what every browser plays
        video_alone=False,
    ),
    count=counting.counter(counting.words, None, Counting.WORDS),
    new_key=public_id,
    idempotency=Idempotency.SLUG,
    settling=timedelta(0),
    settings=(
        Setting(
            "handle",
            _("Address of the site"),
            help=_("Letters, digits and hyphens."),
        ),
        Setting("name", _("Name of the site")),
        Setting("tagline", _("What the site is for, in one sentence"), required=False),
    ),
    recalls=True,
    profile_url="/kabar/{handle}/",
    goes_by_name=True,
    alike=0.9,  # a site of one's own: only copies are worth a look
    look=Look(
        sources=(Source("our own templates", ("pictures",)),),
        seen="2026-11-27",
        layout=Layout.STACK,
        pictures=12,
        media_first=True,
        alt_video=True,
        article=True,
        teaser=SUMMARY_LENGTH,
    ),
)
