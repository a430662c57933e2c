"""What is known of WordPress without calling it (REST API Handbook, November 2026; WordPress 6.5)."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from kentongan.channels import counting
from kentongan.channels.contract import Counting, Idempotency, Limits, Manifest, Setting
from kentongan.channels.looks import Layout, Look, Source
from kentongan.core.ids import public_id

MANIFEST = Manifest(
    kind="wordpress",
    label="WordPress",
    icon="brand-wordpress",
    limits=Limits(
        None,
        Counting.WORDS,
        title=True,
        images=12,
        image_bytes=8 * 1024 * 1024,
        image_side=2_560,
        videos=1,
        video_bytes=200_000_000,
        video_types=frozenset({"video/mp4", "video/webm", "video/quicktime"}),
        video_codecs=frozenset({"h264", "vp8", "vp9", "av1"}),
        video_alone=False,
    ),
    count=counting.counter(counting.words, None, Counting.WORDS),
    new_key=public_id,
    idempotency=Idempotency.SLUG,
    settling=timedelta(minutes=1),
    settings=(
        Setting(
            "service", _("Address of the site"), type="url", help=_("The page that visitors see first, with https://.")
        ),
        Setting("username", _("User name"), help=_("Of a user who may publish posts: at least an author.")),
        Setting(
            "password",
            _("Application password"),
            secret=True,
            type="password",
            help=_(
                "Made on the site under Users, Profile, Application passwords. "
                "It is not the password that you sign in with, and can be withdrawn alone."
            ),
        ),
    ),
    recalls=True,
    goes_by_name=True,
    alike=0.9,  # a site of one's own: only copies are worth a look
    look=Look(
        sources=(
            Source("our own publisher (an article: figures, then text); the theme draws it", ("tags", "pictures")),
        ),
        seen="2026-11-27",
        tags=0,
        layout=Layout.STACK,
        pictures=12,
        media_first=True,
        alt_video=True,
        article=True,
    ),
)
