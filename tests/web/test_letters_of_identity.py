"""What people get by e-mail about their own account, and where its links lead."""

import re

import pytest
from django.core import mail
from django.test import Client

from kentongan.core.models import User
from named_cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "kentongan-berbunyi-empat-kali"


def newest() -> tuple[str, str]:
    """Return subject and text of the newest letter."""
    return mail.outbox[-1].subject, str(mail.outbox[-1].body)


def link_in(text: str) -> str:
    """Return the path of the only link."""
    (found,) = re.findall(r"https?://[^/\s]+(/\S+)", text)
    return str(found)


def test_a_forgotten_password_is_replaced_once(cast: Cast, client: Client) -> None:
    wulan = cast.user("wulan")
    client.post("/akun/password/reset/", {"email": wulan.email})
    subject, text = newest()
    assert subject == "Kentongan: Pilih kata sandi baru"
    assert not re.search(r"klik|reset kata|link", text, re.I), text
    form = client.get(link_in(text), follow=True)
    path = form.request["PATH_INFO"]
    done = client.post(path, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, follow=True)
    assert "Kata sandi baru sudah berlaku" in done.content.decode()
    assert User.objects.get(pk=wulan.pk).check_password(NEW_PASSWORD)
    assert "Tautan ini tidak berlaku lagi" in Client().get(link_in(text), follow=True).content.decode()


@pytest.mark.parametrize("path", ["/akun/password/reset/", "/akun/login/code/"])
def test_strangers_get_no_letter_and_learn_nothing(cast: Cast, path: str) -> None:
    known, stranger = (
        Client().post(path, {"email": email}, follow=True) for email in (cast.user("wulan").email, "siapa@example.id")
    )
    assert [letter.to for letter in mail.outbox] == [[cast.user("wulan").email]]
    assert known.request["PATH_INFO"] == stranger.request["PATH_INFO"]


def sign_in_by_password(client: Client, user: User) -> None:
    user.set_password(PASSWORD)
    user.save()
    client.post("/akun/login/", {"login": user.email, "password": PASSWORD})


def confirm(client: Client) -> None:
    """Type the password once more; what was asked before goes on by itself."""
    client.post("/akun/reauthenticate/?next=/akun/email/", {"password": PASSWORD, "next": "/akun/email/"})


def address_of(user: User) -> str:
    return User.objects.get(pk=user.pk).email


def test_a_new_address_counts_once_it_is_confirmed(cast: Cast, client: Client) -> None:
    wulan = cast.user("wulan")
    sign_in_by_password(client, wulan)
    asked = client.post("/akun/email/", {"email": "wulan.baru@example.id", "action_add": ""}, follow=True)
    assert asked.request["PATH_INFO"] == "/akun/reauthenticate/"
    assert not mail.outbox
    client.post("/akun/reauthenticate/?next=/akun/email/", {"password": "salah", "next": "/akun/email/"})
    assert not mail.outbox
    confirm(client)
    subject, text = newest()
    assert (subject, mail.outbox[-1].to) == ("Kentongan: Apakah ini alamat baru Anda?", ["wulan.baru@example.id"])
    assert address_of(wulan) == wulan.email
    path = link_in(text)
    assert f"menggantikan {wulan.email}" in client.get(path).content.decode()
    done = client.post(path, follow=True)
    assert "Anda masuk sebagai wulan.baru@example.id." in done.content.decode()
    assert address_of(wulan) == "wulan.baru@example.id"
    subject, text = newest()
    assert (subject, mail.outbox[-1].to) == ("Kentongan: Alamat Anda di sini telah diubah", [wulan.email])
    assert "wulan.baru@example.id" in text


def test_the_address_in_use_stays_until_then(cast: Cast, client: Client) -> None:
    wulan = cast.user("wulan")
    sign_in_by_password(client, wulan)
    client.post("/akun/email/", {"email": "wulan.baru@example.id", "action_add": ""})
    confirm(client)
    for wrong in ("wulan.baur@example.id", "wulan.baru@example.id"):
        client.post("/akun/email/", {"email": wrong, "action_add": ""})
        assert address_of(wulan) == wulan.email
    client.post("/akun/email/", {"email": wulan.email, "action_remove": ""})
    assert address_of(wulan) == wulan.email
    assert "wulan.baru@example.id" in client.get("/akun/email/").content.decode()
    client.post("/akun/email/", {"email": "wulan.baru@example.id", "action_remove": ""})
    assert "wulan.baru@example.id" not in client.get("/akun/email/", follow=True).content.decode()
    assert address_of(wulan) == wulan.email
