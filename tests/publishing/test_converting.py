"""Videos that no platform of an item takes as they are: offered, converted by a real ffmpeg, approved, sent."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation
from procrastinate.contrib.django.models import ProcrastinateJob

from core import ffmpeg as real
from core import samples
from core.ffmpeg import ffmpeg
from kentongan.channels import registry as channels
from kentongan.core import files, jobs, sniff
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from kentongan.core.media import conversion, videos
from kentongan.core.models import AuditEntry, FittedFile, Job, StoredFile, User
from kentongan.core.permissions import Role
from kentongan.planning import actions as planning
from kentongan.planning import media
from kentongan.planning.actions.reviews import check_complete
from kentongan.planning.models import ContentItem
from kentongan.publishing import content
from kentongan.publishing.models import Attempt
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from named_cast import SYSTEM, Cast
from publishing.desk import Desk, Platform

__all__ = ["ffmpeg"]
pytestmark = pytest.mark.django_db
ALT = "Perbaikan Jalan Setu dari udara"


@pytest.fixture(autouse=True)
def english(cast: Cast):
    User.objects.update(language="en")
    with translation.override("en"):
        yield


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that lets a platform take other videos than it does."""
    known = dict(channels._all())
    monkeypatch.setattr(channels, "_all", lambda: known)

    def change(kind: str, **values: object) -> None:
        manifest = known[kind].manifest
        known[kind] = replace(known[kind], manifest=replace(manifest, limits=replace(manifest.limits, **values)))

    return change


def with_video(desk: Desk, sign_in, path: Path = samples.FOLDER / "jalan.mov", kinds=("bluesky", "mastodon")):
    """Return an item with a film that Dewi uploaded."""
    item = desk.item(kinds=list(kinds))
    upload = SimpleUploadedFile(path.name, path.read_bytes())
    answer = sign_in(desk.cast.user("dewi")).post(
        reverse("planning:asset_add", args=[item.pk]), {"file": upload, "alt": ALT}
    )
    assert answer.status_code == 302, answer.content.decode()
    return item


def page(desk: Desk, sign_in, item: ContentItem, who: str = "dewi") -> str:
    return sign_in(desk.cast.user(who)).get(reverse("planning:item", args=[item.pk])).content.decode()


def approved(desk: Desk, item: ContentItem) -> ContentItem:
    item.refresh_from_db()
    item.state, item.approved_by, item.approved_at = "approved", desk.cast.user("hendra"), item.updated_at
    item.save()
    return item


def converted(desk: Desk, item: ContentItem) -> FittedFile:
    job = jobs.run_now(planning.convert_media(desk.cast.actor("dewi"), item.pk))
    assert job.state == Job.State.DONE, job.error
    return FittedFile.objects.get(recipe__startswith=conversion.KEY)


def test_a_film_of_a_telephone_is_offered_converted_and_goes_out(ffmpeg, desk: Desk, platform: Platform, sign_in):
    item = with_video(desk, sign_in)
    assert not Job.objects.filter(kind="planning.convert").exists()
    before = page(desk, sign_in, item)
    assert "Bluesky does not take the coding of “jalan.mov” (HEVC)" in before
    assert "Not every platform takes jalan.mov as it is." in before
    with pytest.raises(Invalid) as refused:
        check_complete(item)
    assert refused.value.remedy == "Have the videos converted, on the item's page."

    asked = sign_in(desk.cast.user("dewi")).post(reverse("planning:item_convert", args=[item.pk]))
    job = Job.objects.get(kind="planning.convert")
    assert asked["Location"] == job.get_absolute_url()
    assert "The videos are being converted." in page(desk, sign_in, item)
    job = jobs.run_now(job)
    assert (job.state, job.done, job.total, job.result) == (Job.State.DONE, 2, 2, {"made": 1})
    after = page(desk, sign_in, item)
    assert "does not take" not in after
    assert "Ready for Bluesky" in after
    assert "converted to MP4 (H.264) · place removed" in after
    check_complete(item)

    item = approved(desk, item)
    delivery = desk.schedule(desk.account("bluesky"), item=item)
    (video,) = content.post_of(delivery).videos
    assert (video.media_type, video.seconds, video.alt) == (sniff.MP4, 2.0, ALT)
    assert videos.look(video.path).codec == "h264"
    assert b"107.1508" not in video.path.read_bytes()
    # Mastodon takes it as it came, and so gets it.
    (other,) = content.post_of(desk.schedule(desk.account(), item=item)).videos
    assert (other.media_type, other.sha256 == video.sha256) == (sniff.QUICKTIME, False)
    assert StoredFile.objects.get().media_type == sniff.QUICKTIME
    assert AuditEntry.objects.filter(verb="planning.item.convert").get().after == {
        "files": ["jalan.mov"],
        "job": job.pk,
    }


def test_every_attempt_sends_the_same_film_whatever_the_limits_are_by_then(
    ffmpeg, desk: Desk, platform: Platform, sign_in, limits
):
    item = with_video(desk, sign_in, kinds=["bluesky"])
    copy = converted(desk, item)
    delivery = desk.schedule(desk.account("bluesky"), item=approved(desk, item))
    assert delivery.content["videos"][0]["fit"] == copy.recipe
    first = content.post_of(delivery).digest()
    limits("bluesky", video_types=frozenset({sniff.QUICKTIME}), video_codecs=None)
    (video,) = content.post_of(delivery).videos
    assert (video.sha256, content.post_of(delivery).digest()) == (copy.sha256, first)


def test_a_copy_that_was_lost_holds_the_delivery_and_is_made_anew(ffmpeg, desk: Desk, platform, sign_in):
    item = with_video(desk, sign_in, kinds=["bluesky"])
    copy = converted(desk, item)
    delivery = desk.schedule(desk.account("bluesky"), item=approved(desk, item))
    files.content_path(copy.sha256).unlink()
    assert desk.run() == [None]
    assert desk.state(delivery) == State.HELD
    assert "The converted copy of “jalan.mov” is missing." in delivery.reason
    assert not Attempt.objects.exists()
    assert "jalan.mov as it is" in page(desk, sign_in, item)
    assert converted(desk, item).sha256 == copy.sha256
    assert files.content_path(copy.sha256).exists()


def test_a_film_that_is_too_large_is_made_small_enough_for_each(ffmpeg, desk: Desk, sign_in, tmp_path, limits):
    path = real.make(tmp_path / "besar.mp4", "-c:v", "libx264", "-crf", "1", seconds=4, size="640x480")
    limits("bluesky", video_bytes=400_000)
    limits("telegram", video_bytes=300_000)
    assert path.stat().st_size > 400_000
    item = with_video(desk, sign_in, path, kinds=["bluesky", "telegram", "mastodon"])
    job = jobs.run_now(planning.convert_media(desk.cast.actor("dewi"), item.pk))
    assert (job.state, job.done, job.result) == (Job.State.DONE, 8, {"made": 2})
    sizes = {copy.recipe: copy.size for copy in FittedFile.objects.filter(recipe__startswith=conversion.KEY)}
    assert sizes[f"{conversion.KEY}400000"] <= 400_000
    assert sizes[f"{conversion.KEY}300000"] <= 300_000
    assert media.problems(item.renditions.all(), item.assets.select_related("file")) == {}


def test_what_no_conversion_mends_is_not_offered(ffmpeg, desk: Desk, sign_in, limits):
    """Nothing is ever cut, nor made so small that nobody could look at it."""
    limits("bluesky", video_seconds=1)
    item = with_video(desk, sign_in, kinds=["bluesky"])
    assert "as it is" not in page(desk, sign_in, item)
    with pytest.raises(Conflict):
        planning.convert_media(desk.cast.actor("dewi"), item.pk)
    limits("bluesky", video_seconds=None, video_bytes=9_000)
    with pytest.raises(Conflict):
        planning.convert_media(desk.cast.actor("dewi"), item.pk)


def test_where_there_is_no_ffmpeg_it_says_what_the_file_must_be_and_how(desk: Desk, sign_in, settings, tmp_path):
    settings.KENTONGAN_FFMPEG = str(tmp_path / "none")
    item = with_video(desk, sign_in)
    shown = page(desk, sign_in, item)
    assert "it has to be an MP4 with H.264" in shown
    assert "On an iPhone" in shown
    assert reverse("planning:item_convert", args=[item.pk]) not in shown
    with pytest.raises(Unavailable):
        planning.convert_media(desk.cast.actor("dewi"), item.pk)
    with pytest.raises(Invalid) as refused:
        check_complete(item)
    assert "On Android" in str(refused.value.remedy)


def test_two_who_ask_at_once_get_one_job(ffmpeg, desk: Desk, sign_in):
    registry.grant_role(SYSTEM, desk.cast.user("arif").pk, desk.cast.root.pk, Role.EDITOR)
    item = with_video(desk, sign_in)
    first = planning.convert_media(desk.cast.actor("dewi"), item.pk)
    assert planning.convert_media(desk.cast.actor("arif"), item.pk) == first
    answer = sign_in(desk.cast.user("arif")).post(reverse("planning:item_convert", args=[item.pk]), follow=True)
    assert "Somebody else is having them converted already." in answer.content.decode()
    assert Job.objects.filter(kind="planning.convert").count() == 1


def test_one_is_converted_at_a_time_however_many_workers_there_are(ffmpeg, desk: Desk, sign_in):
    for _item in range(2):
        planning.convert_media(desk.cast.actor("dewi"), with_video(desk, sign_in).pk)
    locks = ProcrastinateJob.objects.exclude(lock=None).values_list("lock", flat=True)
    assert list(locks) == ["core.jobs.planning.convert"] * 2


def test_only_who_edits_has_films_converted(ffmpeg, desk: Desk, sign_in):
    item = with_video(desk, sign_in)
    for who in ("sari", "tono"):
        with pytest.raises((NotAllowed, NotFound)):
            planning.convert_media(desk.cast.actor(who), item.pk)
        answer = sign_in(desk.cast.user(who)).post(reverse("planning:item_convert", args=[item.pk]))
        assert answer.status_code == 403, who


def test_a_job_that_was_stopped_leaves_nothing_and_can_begin_anew(ffmpeg, desk: Desk, sign_in):
    item = with_video(desk, sign_in)
    actor = desk.cast.actor("dewi")
    job = planning.convert_media(actor, item.pk)
    Job.objects.filter(pk=job.pk).update(stop_requested_at=job.created_at)
    assert jobs.run_now(job).state == Job.State.STOPPED
    assert not FittedFile.objects.filter(recipe__startswith=conversion.KEY).exists()
    assert not list(files._root().joinpath("drafts").glob("convert-*"))
    assert converted(desk, item).changes == ["converted", "place"]


def test_one_that_cannot_be_converted_says_so_on_its_job(ffmpeg, desk: Desk, sign_in):
    item = with_video(desk, sign_in)
    job = planning.convert_media(desk.cast.actor("dewi"), item.pk)
    path = files.path(StoredFile.objects.get())
    path.write_bytes(path.read_bytes()[:2_000])
    job = jobs.run_now(job)
    assert job.state == Job.State.FAILED
    assert "could not be converted" in job.error
    assert "MP4 (H.264)" in job.remedy
