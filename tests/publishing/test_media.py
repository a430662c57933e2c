"""Pictures and videos from the upload to what reaches the platform."""

from pathlib import Path

import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from core import samples
from core.pictures import opened, photo
from kentongan.channels import registry as channels
from kentongan.channels import uploads
from kentongan.core import files, jobs
from kentongan.core.errors import Invalid
from kentongan.core.models import FittedFile, Job, StoredFile, User
from kentongan.planning import actions as planning
from kentongan.planning.models import ContentItem
from kentongan.publishing import actions, content
from kentongan.publishing.models import Attempt
from kentongan.publishing.states import State
from named_cast import SYSTEM, Cast
from publishing.desk import Desk, Platform

pytestmark = pytest.mark.django_db
ALT = "Perbaikan Jalan Setu"


@pytest.fixture(autouse=True)
def english(cast: Cast):
    User.objects.update(language="en")
    with translation.override("en"):
        yield


def sent(path: Path, name: str = "") -> SimpleUploadedFile:
    return SimpleUploadedFile(name or path.name, path.read_bytes())


def add(desk: Desk, item: ContentItem, sign_in, upload: SimpleUploadedFile, alt: str = ALT):
    """Send a file on the item's page, as Dewi does."""
    address = reverse("planning:asset_add", args=[item.pk])
    return sign_in(desk.cast.user("dewi")).post(address, {"file": upload, "alt": alt})


def approved(desk: Desk, item: ContentItem) -> ContentItem:
    """Approve it once more: an added file took the approval away."""
    item.refresh_from_db()
    item.state, item.approved_by, item.approved_at = "approved", desk.cast.user("hendra"), item.updated_at
    item.save()
    return item


def test_a_photograph_goes_out_without_its_place_and_the_same_in_every_attempt(
    desk: Desk, platform: Platform, sign_in, tmp_path: Path
):
    item = desk.item(kinds=["mastodon"])
    upload = sent(photo(tmp_path / "setu.jpg", 3_900, 900, orientation=6))
    assert add(desk, item, sign_in, upload).status_code == 302
    job = jobs.run_now(Job.objects.get(kind="planning.fit"))
    assert (job.state, job.result) == (Job.State.DONE, {"made": 1, "failed": 0})
    page = sign_in(desk.cast.user("dewi")).get(reverse("planning:item", args=[item.pk])).content.decode()
    for told in ("Ready for Mastodon", "place removed", "turned upright", "scaled down", "that stays here"):
        assert told in page, told
    platform.answers = [httpx.Response(429, json={"error": "Too many"})]
    delivery = desk.schedule(desk.account(), item=approved(desk, item))
    assert desk.run() == [State.READY]
    delivery.refresh_from_db()
    delivery.try_at = delivery.due_at
    delivery.save()
    assert desk.run() == [State.PUBLISHED]
    first, second = platform.uploaded
    picture = first[first.index(b"\xff\xd8\xff") : first.rindex(b"\xff\xd9") + 2]
    assert picture in second
    image = opened(picture)
    assert (image.width, image.height) == (886, 3_840)
    assert not dict(image.getexif())
    assert b"Telepon" not in first
    assert Attempt.objects.values_list("digest", flat=True).distinct().count() == 1
    original = StoredFile.objects.get()
    assert files.path(original).read_bytes() == (tmp_path / "setu.jpg").read_bytes()


def test_nothing_has_to_be_made_beforehand(desk: Desk, platform: Platform, sign_in, tmp_path: Path):
    """A worker makes the copy that is missing, once, before the attempt is noted."""
    item = desk.item(kinds=["mastodon"])
    add(desk, item, sign_in, sent(photo(tmp_path / "setu.jpg")))
    desk.schedule(desk.account(), item=approved(desk, item))
    assert not FittedFile.objects.exists()
    assert desk.run() == [State.PUBLISHED]
    assert FittedFile.objects.get().changes[:2] == ["place", "details"]


def test_a_picture_that_was_lost_holds_the_delivery_and_says_so(desk: Desk, platform, sign_in, tmp_path: Path):
    item = desk.item(kinds=["mastodon"])
    add(desk, item, sign_in, sent(photo(tmp_path / "setu.jpg")))
    delivery = desk.schedule(desk.account(), item=approved(desk, item))
    files.path(StoredFile.objects.get()).unlink()
    assert desk.run() == [None]
    assert desk.state(delivery) == State.HELD
    assert "missing from the file store" in delivery.reason
    assert platform.posted == platform.uploaded == []


def test_what_was_scheduled_before_there_were_copies_goes_out_as_it_was(desk, platform, sign_in, tmp_path: Path):
    item = desk.item(kinds=["mastodon"])
    path = photo(tmp_path / "setu.jpg")
    add(desk, item, sign_in, sent(path))
    delivery = desk.schedule(desk.account(), item=approved(desk, item))
    del delivery.content["images"][0]["fit"], delivery.content["videos"]
    (image,) = content.post_of(delivery).images
    assert image.content == path.read_bytes()


def test_a_video_goes_out_clean_with_its_length_and_time_to_arrive(desk: Desk, platform: Platform, sign_in):
    item = desk.item(kinds=["mastodon"])
    assert add(desk, item, sign_in, sent(samples.FOLDER / "jalan.mp4")).status_code == 302
    page = sign_in(desk.cast.user("dewi")).get(reverse("planning:item", args=[item.pk])).content.decode()
    assert "0:02" in page
    assert "H264" in page
    delivery = desk.schedule(desk.account(), item=approved(desk, item))
    post = content.post_of(delivery)
    (video,) = post.videos
    assert (video.seconds, video.width, video.height, video.alt) == (2.0, 96, 64, ALT)
    assert b"107.1508" not in video.path.read_bytes()
    assert uploads.extra_time(channels.get("mastodon").manifest, post.video_size) > uploads.VIDEO_WORK
    assert desk.run() == [State.PUBLISHED]
    (body,) = platform.uploaded
    assert video.path.read_bytes() in body
    assert ALT.encode() in body


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("jalan.mp4", lambda whole: whole[:300], "This video"),
        ("foto.jpg", lambda whole: whole[: len(whole) // 2], "damaged or incomplete"),
        ("foto.heic", lambda whole: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + whole, "Most compatible"),
        ("surat.pdf", lambda whole: b"%PDF-1.7" + whole, "cannot be used here"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once_with_what_to_do(desk, sign_in, tmp_path: Path, name, change, told):
    item = desk.item(kinds=["mastodon"])
    whole = (samples.FOLDER / "jalan.mp4") if name.endswith("mp4") else photo(tmp_path / "x.jpg")
    answer = add(desk, item, sign_in, SimpleUploadedFile(name, change(whole.read_bytes())))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not item.assets.exists()


def test_a_description_is_asked_for(desk: Desk, sign_in):
    item = desk.item(kinds=["mastodon"])
    assert add(desk, item, sign_in, sent(samples.FOLDER / "jalan.mp4"), alt="").status_code == 422
    assert not item.assets.exists()


def test_what_a_platform_does_not_take_is_refused_before_it_is_scheduled(desk: Desk, sign_in):
    item = desk.item(kinds=["newsroom", "bluesky", "mastodon"])
    add(desk, item, sign_in, sent(samples.FOLDER / "jalan.mov"))
    page = sign_in(desk.cast.user("dewi")).get(reverse("planning:item", args=[item.pk])).content.decode()
    assert "Newsroom does not take “jalan.mov”: save it as MP4." in page
    assert "Bluesky does not take “jalan.mov”: save it as MP4." in page
    assert "Bluesky does not take the coding of “jalan.mov” (HEVC)" in page
    site = desk.account("newsroom", handle="kabar")
    with pytest.raises(Invalid) as refused:
        actions.schedule(desk.cast.actor("hendra"), approved(desk, item).pk, [site.pk], item.updated_at)
    assert "Newsroom does not take “jalan.mov”" in refused.value.fields["accounts"][0]
    assert desk.schedule(desk.account(), item=item).content["videos"]


def test_only_who_edits_adds_files_or_has_copies_made(desk: Desk, sign_in, tmp_path: Path):
    item = desk.item(kinds=["mastodon"])
    for who, status in (("sari", 403), ("tono", 403)):
        address = reverse("planning:asset_add", args=[item.pk])
        answer = sign_in(desk.cast.user(who)).post(address, {"file": sent(photo(tmp_path / "a.jpg")), "alt": ALT})
        assert answer.status_code == status, who
    assert not StoredFile.objects.exists()


def test_a_video_that_nobody_looked_into_is_refused(desk: Desk):
    item = desk.item(kinds=["mastodon"])
    with (samples.FOLDER / "jalan.mp4").open("rb") as source:
        file = files.store(SYSTEM, source, "jalan.mp4", unit_id=item.unit_id)
    with pytest.raises(Invalid):
        planning.add_asset(desk.cast.actor("dewi"), item.pk, file, alt=ALT, ai_generated=False)


def test_two_workers_make_one_copy(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Race: the other one's row comes between our look and ours."""
    from kentongan.core.media import Recipe, fitted, store

    with photo(tmp_path / "setu.jpg").open("rb") as source:
        file = files.store(SYSTEM, source, "setu.jpg")
    recipe, made = Recipe(("image/jpeg",), 900_000).key, store._picture

    def slower(*args):
        monkeypatch.setattr(store, "_picture", made)
        fitted(file, recipe)
        return made(*args)

    monkeypatch.setattr(store, "_picture", slower)
    copy = fitted(file, recipe)
    assert FittedFile.objects.get() == copy
    files.content_path(copy.sha256).unlink()
    assert fitted(file, recipe).sha256 == copy.sha256
    assert files.content_path(copy.sha256).exists()


def test_what_nobody_made_ready_is_made_when_it_is_scheduled_and_not_when_it_fires(
    desk: Desk, platform: Platform, sign_in, tmp_path: Path
):
    """As after the API or a spreadsheet: the picture is on the item, and no copy of it was made."""
    with photo(tmp_path / "setu.jpg", 900, 700).open("rb") as picture:
        stored = files.store(desk.cast.actor("dewi"), picture, "setu.jpg", unit_id=desk.cast.root.pk)
    item = desk.item(kinds=["mastodon", "bluesky"], pictures=[stored])
    assert not FittedFile.objects.exists()
    first = desk.schedule(desk.account(), item=item)
    desk.schedule(desk.account("bluesky"), item=item)
    job = Job.objects.get(kind="planning.fit")
    assert (job.args, job.state) == ({"item_id": item.pk}, Job.State.QUEUED)
    jobs.run_now(job)
    made = FittedFile.objects.count()
    assert made >= 1
    other = desk.schedule(desk.account(handle="lain"), item=item)
    assert Job.objects.filter(kind="planning.fit").count() == 1, "all copies are there: nothing to do"
    assert desk.state(first) == desk.state(other) == State.READY
    desk.run()
    assert desk.state(first) == State.PUBLISHED
    assert FittedFile.objects.count() == made


def test_a_text_without_pictures_has_nothing_to_make_ready(desk: Desk, platform: Platform):
    desk.schedule(desk.account())
    assert not Job.objects.filter(kind="planning.fit").exists()
