"""Changing the keys: nothing is lost, however often it is killed, and old keys go only when nothing uses them."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from core.databases import environment
from core.test_secrets import a_message
from kentongan.core import clock, keyring, keys, secrets
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict
from kentongan.core.locks import FileLock
from kentongan.core.models import AuditEntry, Message

OPERATOR = Actor.system("cli:tests")


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.KENTONGAN_HOME, settings.KENTONGAN_SECRET_DIR = tmp_path, tmp_path / "keys"
    return tmp_path / "keys"


def grow_old(folder: Path) -> None:
    """Let the grace period pass."""
    before = (clock.now() - keys.GRACE - timedelta(minutes=1)).timestamp()
    os.utime(folder / keyring.FILE_NAME, (before, before))


def addresses() -> list[str]:
    return sorted(Message.objects.values_list("address", flat=True))


@pytest.mark.django_db
def test_every_secret_moves_to_the_new_key_and_the_old_one_goes_last(folder: Path) -> None:
    wanted = sorted(a_message(dedupe_key=f"test:{number}", address=f"{number}@example.id").address for number in "123")
    author, first = secrets.author_key("bluesky", "wulan"), keyring.load(folder)
    begun = keys.rotate(OPERATOR)
    assert (begun.added, begun.renewed, begun.retired) == (True, 6, False)
    assert keys.status().values == (6, 0)
    assert keyring.load(folder).encryption[1:] == first.encryption

    late = a_message(dedupe_key="late")
    with_old_key = secrets._cipher(first.encryption).encrypt(b"late@example.id").decode()
    store(late.pk, with_old_key)
    assert keys.status().outdated == 1
    grow_old(folder)
    ended = keys.rotate(OPERATOR)
    assert (ended.added, ended.renewed, ended.retired) == (False, 1, True)
    assert len(keyring.load(folder).encryption) == 1
    assert keyring.load(folder).encryption != first.encryption
    assert addresses() == sorted([*wanted, "late@example.id"])
    assert secrets.author_key("bluesky", "wulan") == author
    assert keyring.load(folder).signing[1:] == first.signing
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["core.keys.add", "core.keys.renew", "core.keys.renew", "core.keys.retire"]


def store(pk: int, cipher_text: str) -> None:
    """Put cipher text into the column as it is."""
    with connection.cursor() as cursor:
        cursor.execute("update core_message set address = %s where id = %s", [cipher_text, pk])


@pytest.mark.django_db
def test_a_secret_that_no_key_opens_keeps_the_old_keys(folder: Path, tmp_path: Path) -> None:
    message = a_message()
    foreign = secrets._cipher(keyring.Keyring.generate().encryption).encrypt(b"lost@example.id").decode()
    keyring.rotate(folder)
    store(message.pk, foreign)
    grow_old(folder)
    assert keys.status().unreadable == 1
    with pytest.raises(secrets.CannotDecrypt):
        keys.rotate(OPERATOR)
    assert len(keyring.load(folder).encryption) == 2


@pytest.mark.django_db
def test_two_do_not_change_the_keys_at_once(folder: Path, tmp_path: Path) -> None:
    other = FileLock(tmp_path / "keys.lock")
    assert other.acquire()
    with pytest.raises(Conflict):
        keys.rotate(OPERATOR)
    other.release()
    assert keys.rotate(OPERATOR).added


KILLED = """
import os, signal
import django
django.setup()
from kentongan.core import keys
from kentongan.core.actor import Actor
keys.BATCH, renew = 1, keys._renew_batch
def renew_one_and_die(*args):
    renew(*args)
    os.kill(os.getpid(), signal.SIGKILL)
keys._renew_batch = renew_one_and_die
keys.rotate(Actor.system("cli:tests"))
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_killed_half_way_it_goes_on_with_the_same_key(folder: Path, tmp_path: Path) -> None:
    wanted = sorted(a_message(dedupe_key=f"test:{number}", address=f"{number}@example.id").address for number in "123")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED],
        env=environment() | {"KENTONGAN_HOME": str(tmp_path), "KENTONGAN_SECRET_DIR": str(folder)},
        timeout=60,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert keys.status().values == (1, 5)
    assert addresses() == wanted
    rest = keys.rotate(OPERATOR)
    assert (rest.added, rest.renewed) == (False, 5)
    assert keys.status().values == (6, 0)
    assert addresses() == wanted
