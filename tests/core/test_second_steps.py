"""The secrets of second steps: never stored in clear, readable whatever happens to the keys."""

import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.apps import apps
from django.db import connection
from django.test import Client

from kentongan.core import keyring, keys, secrets
from kentongan.core.actor import Actor
from kentongan.core.models import User
from named_cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db
migration = import_module("kentongan.core.migrations.0004_encrypt_second_steps")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.KENTONGAN_HOME, settings.KENTONGAN_SECRET_DIR = tmp_path, tmp_path / "keys"
    return tmp_path / "keys"


def stored() -> str:
    """Return everything that the table holds, as text."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(string_agg(data::text, ' '), '') from mfa_authenticator")
        return str(cursor.fetchone()[0])


def app_of(user: User) -> str:
    """Give somebody an authenticator app; return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def signs_in(client: Client, user: User, code: str) -> bool:
    """Return whether password and code let them in."""
    client.logout()
    user.set_password(PASSWORD)
    user.save()
    answer = client.post("/akun/login/", {"login": user.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/akun/2fa/authenticate/"
    client.post("/akun/2fa/authenticate/", {"code": code})
    return "_auth_user_id" in client.session


def shown(secret: str) -> str:
    """Return what the app shows now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def test_neither_secret_nor_seed_lies_in_clear(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[str] = []
    generate = RecoveryCodes.generate_seed
    monkeypatch.setattr(RecoveryCodes, "generate_seed", lambda *_: seeds.append(generate()) or seeds[-1])
    secret = app_of(cast.user("wulan"))
    codes = RecoveryCodes.activate(cast.user("wulan")).get_unused_codes()
    assert len(seeds) == 1
    for clear in (secret, *seeds, *codes):
        assert clear not in stored()


def test_apps_and_codes_let_people_in_after_the_old_key_is_gone(cast: Cast, client: Client, folder: Path) -> None:
    wulan = cast.user("wulan")
    secret, (first, second, *_rest) = app_of(wulan), RecoveryCodes.activate(wulan).get_unused_codes()
    assert signs_in(client, wulan, first)
    before = keyring.load(folder)
    assert keys.rotate(Actor.system("cli:tests")).renewed == 2
    assert keys.status().values == (2, 0)
    keyring.retire(folder)
    assert not set(before.encryption) & set(keyring.load(folder).encryption)
    assert signs_in(client, wulan, shown(secret))
    assert not signs_in(client, wulan, first)
    assert signs_in(client, wulan, second)
    assert not signs_in(client, wulan, "00000000")


def test_a_key_file_that_does_not_fit_is_seen(cast: Cast, folder: Path) -> None:
    app_of(cast.user("wulan"))
    (folder / keyring.FILE_NAME).unlink()
    keyring.load(folder)
    assert keys.status().unreadable == 1
    with pytest.raises(secrets.CannotDecrypt):
        keys.rotate(Actor.system("cli:tests"))


def test_rows_from_before_are_encrypted_once(cast: Cast) -> None:
    wulan, dewi = cast.user("wulan"), cast.user("dewi")
    secret, seed = generate_totp_secret(), RecoveryCodes.generate_seed()
    passkey = {"name": "Laptop kantor", "credential": {}}
    Authenticator.objects.create(user=wulan, type="totp", data={"secret": secret})
    Authenticator.objects.create(user=wulan, type="recovery_codes", data={"seed": seed, "used_mask": 5})
    Authenticator.objects.create(user=dewi, type="webauthn", data=passkey)
    migration.encrypt(apps, None)
    once = stored()
    assert secret not in once
    assert seed not in once
    migration.encrypt(apps, None)
    assert stored() == once
    assert Authenticator.objects.get(user=dewi).data == passkey
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes"))
    assert len(codes.get_unused_codes()) == 8
    migration.decrypt(apps, None)
    assert Authenticator.objects.get(type="totp").data == {"secret": secret}
    assert Authenticator.objects.get(type="recovery_codes").data == {"seed": seed, "used_mask": 5}
