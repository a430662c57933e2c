"""Stored files: kept once, told by their content, served so that they cannot act."""

import io
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from core.pictures import opened, photo
from kentongan.core import clock, files, sniff
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, NotFound, Unavailable
from kentongan.core.models import FittedFile, StoredFile, User
from kentongan.core.permissions import Capability
from named_cast import Cast

SYSTEM = Actor.system("tests")
SignIn = Callable[[User], Client]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
HTML = b"<!DOCTYPE html><script>alert(1)</script>"


def store(content: bytes, name: str = "berkas.bin", actor: Actor = SYSTEM, **options: object) -> StoredFile:
    return files.store(actor, io.BytesIO(content), name, **options)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_same_content_is_kept_once_and_noted_for_each_owner() -> None:
    first, again, other = store(b"isi berkas"), store(b"isi berkas"), store(b"isi berkas", name="lain.txt")
    assert first == again
    assert other.sha256 == first.sha256
    assert files.path(first) == files.path(other)
    with files.open(first) as file:
        assert file.read() == b"isi berkas"
    assert not list((files._root() / "drafts").iterdir())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "content"),
    [({"max_bytes": 10}, b"x" * 11), ({"allowed": sniff.IMAGES}, HTML), ({}, b"")],
    ids=["too large", "wrong kind", "empty"],
)
def test_what_is_refused_leaves_nothing_behind(options: dict[str, object], content: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        store(content, **options)
    assert caught.value.remedy
    assert not list((files._root() / "drafts").iterdir())
    assert not StoredFile.objects.exists()


def test_uploads_of_the_same_bytes_at_the_same_time(tmp_path: Path) -> None:
    content, found = b"serentak" * 100_000, []
    barrier = threading.Barrier(6)

    def keep() -> None:
        barrier.wait()
        found.append(files.keep(io.BytesIO(content)))

    threads = [threading.Thread(target=keep) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    assert files.content_path(found[0].sha256).read_bytes() == content


@pytest.mark.django_db
def test_lost_content_says_what_to_do() -> None:
    file = store(b"akan hilang")
    files.path(file).unlink()
    with pytest.raises(Unavailable) as caught:
        files.open(file)
    assert caught.value.remedy


def workbook() -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    book.add_worksheet()
    book.close()
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("a.txt", "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, sniff.PNG),
        (b"\xff\xd8\xff\xe0 jpeg", sniff.JPEG),
        (b"GIF89a...", sniff.GIF),
        (b"RIFF\x10\0\0\0WEBPVP8 ", sniff.WEBP),
        (b"%PDF-1.7\n", sniff.PDF),
        (b"\0\0\0\x18ftypmp42", sniff.MP4),
        (b"a,b\n1,2\n", sniff.CSV),
        ("nama;umur\nÉ;2\n".encode("cp1252"), sniff.CSV),
        ("a,b\n1,2\n".encode("utf-16"), sniff.CSV),
        (b'{"a": 1}\n{"a": 2}\n', sniff.JSONL),
        (b'[{"a": 1}]', sniff.JSON),
        (b'{\n "a": 1}', sniff.JSON),
        (b"hanya teks", sniff.TEXT),
        (HTML, sniff.HTML),
        (b"  \n<SCRIPT>alert(1)</SCRIPT>", sniff.HTML),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', sniff.SVG),
        (b"\x00\x01\x02\x03" * 100, sniff.UNKNOWN),
        (b"PK\x03\x04 damaged", sniff.UNKNOWN),
        (workbook(), sniff.XLSX),
        (archive(), sniff.ZIP),
    ],
)
def test_content_tells_what_it_is(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert sniff.media_type(path) == kind


@given(st.binary(max_size=300))
def test_no_bytes_break_the_sniffer(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "sniffed"
    path.write_bytes(content)
    assert "/" in sniff.media_type(path)


@given(st.text(max_size=400))
def test_every_name_becomes_a_safe_one(name: str) -> None:
    safe = files.clean_name(name)
    assert 0 < len(safe) <= 200
    assert not set('/\\\0\n\r"<>') & set(safe)
    assert safe not in {".", ".."}


def test_file_is_seen_through_its_unit_and_by_its_creator(cast: Cast) -> None:
    file = store(b"laporan", actor=cast.actor("euis"), unit_id=cast.tambun_selatan.pk, capability=Capability.ADMINISTER)
    for name in ("euis", "joko", "arif"):
        assert files.get(cast.actor(name), file.public_id) == file
    for name in ("dewi", "maman", "tono"):
        with pytest.raises(NotFound):
            files.get(cast.actor(name), file.public_id)
    private = store(b"pribadi", actor=cast.actor("euis"))
    with pytest.raises(NotFound):
        files.get(cast.actor("arif"), private.public_id)
    with pytest.raises(NotFound):
        files.get(Actor.anonymous(), private.public_id)


@pytest.mark.parametrize(
    ("content", "disposition", "content_type"),
    [(PNG, "inline", "image/png"), (HTML, "attachment", "application/octet-stream"), (b"a,b\n", "attachment", None)],
)
def test_nothing_of_a_stranger_acts_as_a_page_of_ours(
    cast: Cast, sign_in: SignIn, content: bytes, disposition: str, content_type: str | None
) -> None:
    file = store(content, actor=cast.actor("dewi"), name="../../x.html", unit_id=cast.root.pk)
    client = sign_in(cast.user("dewi"))
    answer = client.get(file.get_absolute_url())
    assert b"".join(answer.streaming_content) == content
    assert answer.headers["Content-Disposition"].startswith(disposition)
    assert answer.headers["Content-Type"] == (content_type or "application/octet-stream")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    again = client.get(file.get_absolute_url(), headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_file_of_others_is_not_found(cast: Cast, sign_in: SignIn, client: Client) -> None:
    file = store(PNG, actor=cast.actor("euis"), unit_id=cast.tambun_selatan.pk, capability=Capability.ADMINISTER)
    assert client.get(file.get_absolute_url()).status_code == 302
    assert sign_in(cast.user("dewi")).get(file.get_absolute_url()).status_code == 404


@pytest.mark.django_db
def test_a_small_copy_of_a_picture_is_made_once_and_without_its_place(
    cast: Cast, sign_in: SignIn, tmp_path: Path
) -> None:
    content = photo(tmp_path / "setu.jpg", 1_600, 900).read_bytes()
    file = store(content, "setu.jpg", unit_id=cast.root.pk)
    client = sign_in(cast.user("dewi"))
    first = client.get(file.small_url)
    small = opened(b"".join(first.streaming_content))
    assert (first["Content-Type"], small.format) == ("image/webp", "WEBP")
    assert 400 <= small.width <= 800
    assert not dict(small.getexif())
    assert "sandbox" in first["Content-Security-Policy"]
    made = FittedFile.objects.get()
    files.content_path(made.sha256).touch()
    assert b"".join(client.get(file.small_url).streaming_content)
    assert FittedFile.objects.get() == made
    assert client.get(file.small_url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    StoredFile.objects.update(erased_at=clock.now())
    assert client.get(file.small_url).status_code == 404


@pytest.mark.django_db
def test_what_cannot_be_made_small_is_shown_as_it_is(cast: Cast, sign_in: SignIn) -> None:
    damaged = store(PNG, "rusak.png", unit_id=cast.root.pk)
    text = store(b"isi berkas", "berkas.txt", unit_id=cast.root.pk)
    for file, kind in ((damaged, "image/png"), (text, "application/octet-stream")):
        answer = sign_in(cast.user("dewi")).get(file.small_url)
        assert (answer.status_code, answer["Content-Type"]) == (200, kind)
    assert not FittedFile.objects.exists()


@pytest.mark.django_db
def test_a_small_copy_is_shown_to_those_who_may_open_the_picture(
    cast: Cast, sign_in: SignIn, client: Client, tmp_path: Path
) -> None:
    file = store(photo(tmp_path / "setu.jpg", 90, 60).read_bytes(), "setu.jpg", unit_id=cast.root.pk)
    assert client.get(file.small_url).status_code == 302
    other = store(photo(tmp_path / "lain.jpg", 90, 60).read_bytes(), "lain.jpg")
    assert sign_in(cast.user("dewi")).get(other.small_url).status_code == 404
    assert not FittedFile.objects.exists()
