"""Keys, encryption, hashes and signed links."""

import os
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from kentongan.core import keyring, secrets
from kentongan.core.models import Message

KEY_FILE = "ring"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_key_file_is_private_and_stays_the_same(folder: Path) -> None:
    first = keyring.load(folder)
    assert stat.S_IMODE(os.stat(folder / KEY_FILE).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert keyring.load(folder) == first
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_many_starters_agree_on_one_key_file(folder: Path) -> None:
    rings: list[keyring.Keyring] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        rings.append(keyring.load(folder))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rings) == 8
    assert len(set(rings)) == 1


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"author": "", "encryption": [], "signing": []}', "[1]"])
def test_damaged_key_file_is_never_replaced(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / KEY_FILE).write_text(content)
    with pytest.raises(keyring.KeyFileDamaged):
        keyring.load(folder)
    assert (folder / KEY_FILE).read_text() == content


def test_rotation_keeps_old_secrets_links_and_authors_readable(folder: Path) -> None:
    with override_settings(KENTONGAN_SECRET_DIR=folder):
        cipher, link = secrets.encrypt("rahasia"), secrets.sign("test", {"id": 7})
        author = secrets.author_key("bluesky", "wulan.example.id")
        keyring.rotate(folder)
        assert secrets.decrypt(cipher) == "rahasia"
        assert secrets.unsign("test", link) == {"id": 7}
        assert secrets.author_key("bluesky", "wulan.example.id") == author
        assert len(keyring.load(folder).encryption) == 2


def test_foreign_key_file_says_what_to_do(tmp_path: Path) -> None:
    with override_settings(KENTONGAN_SECRET_DIR=tmp_path / "a"):
        cipher = secrets.encrypt("rahasia")
    with override_settings(KENTONGAN_SECRET_DIR=tmp_path / "b"), pytest.raises(secrets.CannotDecrypt) as caught:
        secrets.decrypt(cipher)
    assert caught.value.remedy


@given(st.text())
def test_encryption_gives_back_every_text_and_never_repeats(text: str) -> None:
    first, second = secrets.encrypt(text), secrets.encrypt(text)
    assert first != second
    assert secrets.decrypt(first) == secrets.decrypt(second) == text


@pytest.mark.parametrize("spelling", ["Wulan", "@wulan", " wulan ", "WULAN"])
def test_author_key_is_one_for_all_spellings(spelling: str) -> None:
    assert secrets.author_key("x", spelling) == secrets.author_key("X", "wulan")


def test_author_key_differs_between_platforms_and_hides_the_handle() -> None:
    key = secrets.author_key("x", "wulan")
    assert key != secrets.author_key("bluesky", "wulan")
    assert len(key) == 32
    assert "wulan" not in key
    assert key != secrets.keyed_hash("address", "x\x1fwulan")


def test_link_is_for_its_purpose_only() -> None:
    link = secrets.sign("opt_out", 5)
    with pytest.raises(secrets.BadSignature):
        secrets.unsign("mission", link)


def test_link_expires() -> None:
    fresh = secrets.sign("test", 1, expires_in=timedelta(hours=1))
    stale = secrets.sign("test", 1, expires_in=timedelta(seconds=-1))
    assert secrets.unsign("test", fresh) == 1
    with pytest.raises(secrets.SignatureExpired):
        secrets.unsign("test", stale)


@given(st.text(max_size=200))
def test_no_text_passes_for_a_link(text: str) -> None:
    with pytest.raises(secrets.BadSignature):
        secrets.unsign("test", text)


@given(st.integers(min_value=0), st.sampled_from("abcXYZ019-_:"))
def test_altered_link_is_refused(place: int, mark: str) -> None:
    link = secrets.sign("test", {"id": 12, "name": "Kecamatan Cikarang Pusat"})
    place %= len(link)
    altered = link[:place] + mark + link[place + 1 :]
    if altered != link:
        with pytest.raises(secrets.BadSignature):
            secrets.unsign("test", altered)


def a_message(**values: object) -> Message:
    fields: dict[str, object] = {
        "channel": "email",
        "address": "wulan@example.id",
        "address_hash": "0" * 32,
        "purpose": "test",
        "body": "Halo",
        "dedupe_key": "test:1",
    }
    return Message.objects.create(**fields | values)


@pytest.mark.django_db
def test_column_holds_cipher_text() -> None:
    message = a_message()
    with connection.cursor() as cursor:
        cursor.execute("select address from core_message where id = %s", [message.pk])
        stored = cursor.fetchone()[0]
    assert "wulan" not in stored
    assert Message.objects.get(pk=message.pk).address == "wulan@example.id"


@pytest.mark.django_db
def test_encrypted_column_refuses_to_be_searched() -> None:
    with pytest.raises(FieldError):
        Message.objects.filter(address="wulan@example.id").exists()
