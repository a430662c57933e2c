"""Small copies of pictures are made while somebody waits: never for long, and never twice in vain."""

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from core.pictures import as_jpeg
from kentongan.core import files, media
from kentongan.core.media import store
from kentongan.core.models.files import StoredFile
from kentongan.core.room import NoRoom
from named_cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db
Shown = Callable[[StoredFile], tuple[str, bytes]]


@pytest.fixture
def shown(cast: Cast, sign_in: Callable[..., Client]) -> Shown:
    """Return what a browser gets for a small copy: its type and bytes."""
    client = sign_in(cast.user("dewi"))

    def get(file: StoredFile) -> tuple[str, bytes]:
        answer = client.get(reverse("core:file_small", args=[file.public_id]))
        assert answer.status_code == 200
        return answer["Content-Type"], b"".join(answer.streaming_content)

    return get


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was decoded to make copies of it."""
    began: list[str] = []
    fit = store.fitted
    monkeypatch.setattr(store, "fitted", lambda file, recipe: began.append(file.sha256) or fit(file, recipe))
    yield began
    store._impossible.clear()


def kept(cast: Cast, content: bytes, name: str = "setu.jpg") -> StoredFile:
    return files.store(SYSTEM, BytesIO(content), name, unit_id=cast.root.pk)


def moving() -> bytes:
    out, frames = BytesIO(), [Image.new("RGB", (40, 30), colour) for colour in ("red", "green")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def test_it_is_made_once(cast: Cast, shown: Shown, made: list[str]):
    file = kept(cast, as_jpeg(seed=11))
    assert shown(file)[0] == shown(file)[0] == "image/webp"
    assert len(made) == 1


def test_while_others_are_made_the_picture_itself_is_served(cast: Cast, shown: Shown, made: list[str], monkeypatch):
    file = kept(cast, as_jpeg(seed=12))
    monkeypatch.setattr(store, "_WAIT", 0.01)
    with store._one_at_a_time:
        assert shown(file) == ("image/jpeg", as_jpeg(seed=12))
    assert made == []
    assert shown(file)[0] == "image/webp"


def test_one_that_is_damaged_is_decoded_once(cast: Cast, shown: Shown, made: list[str]):
    file = kept(cast, as_jpeg(seed=13)[:400])
    assert [shown(file)[0], shown(file)[0]] == ["image/jpeg", "image/jpeg"]
    assert len(made) == 1


def test_one_that_moves_is_known_by_what_was_learnt_of_it(cast: Cast, shown: Shown, made: list[str]):
    file = kept(cast, moving(), "bendera.gif")
    media.learn(file)
    assert shown(file) == ("image/gif", moving())
    assert made == []


def test_without_room_for_the_copy_the_picture_itself_is_served(cast: Cast, shown: Shown, monkeypatch):
    def full(*_given: object) -> None:
        raise NoRoom()

    file = kept(cast, as_jpeg(seed=14))
    monkeypatch.setattr(files, "keep", full)
    assert shown(file) == ("image/jpeg", as_jpeg(seed=14))
    assert store._impossible == set()
    monkeypatch.undo()
    assert shown(file)[0] == "image/webp"
