"""Official accounts: put on the list however they are pasted, once however they are spelt."""

import pytest
from django.db import IntegrityError, transaction

from kentongan.core.errors import Conflict, Invalid
from kentongan.registry import actions, queries
from kentongan.registry.models import Account
from named_cast import Cast


@pytest.mark.parametrize(
    ("pasted", "platform", "handle", "form"),
    [
        ("https://www.instagram.com/pemkabbekasi/?igsh=abc", "instagram", "pemkabbekasi", "profile"),
        ("FB: https://m.facebook.com/pages/Kec-Tambun/154983274523", "facebook", "154983274523", "page"),
        ("https://t.me/s/KabarBekasi", "telegram", "KabarBekasi", ""),
        ("bekasikab.go.id", "website", "bekasikab.go.id", "site"),
    ],
)
def test_an_address_says_its_platform(cast: Cast, pasted: str, platform: str, handle: str, form: str) -> None:
    account = actions.declare_account(cast.actor("arif"), cast.root.pk, handle=pasted)
    assert (account.platform, account.handle, account.form) == (platform, handle, form)
    assert account.url.startswith("https://")


def test_an_account_is_on_the_list_once_however_it_is_spelt(cast: Cast) -> None:
    arif = cast.actor("arif")
    actions.declare_account(arif, cast.root.pk, handle="https://facebook.com/Pemkab.Bekasi")
    for again in ("https://m.facebook.com/pemkabbekasi?refid=1", "FB: PEMKABBEKASI"):
        with pytest.raises(Conflict, match=cast.root.name):
            actions.declare_account(arif, cast.tambun_selatan.pk, handle=again)
    assert queries.accounts(arif).count() == 1


def test_the_database_holds_it_once_too(cast: Cast) -> None:
    account = actions.declare_account(cast.actor("arif"), cast.root.pk, handle="pemkabbekasi", platform="x")
    account.pk = None
    with pytest.raises(IntegrityError, match="registry_official_account_once"), transaction.atomic():
        account.save()
    Account.objects.update(state=Account.State.LOST)
    account.save()


@pytest.mark.parametrize(
    ("pasted", "platform"), [("@pemkabbekasi", ""), ("https://bit.ly/3x", ""), ("belum punya", "facebook"), ("", "x")]
)
def test_what_cannot_be_read_is_refused_at_its_field(cast: Cast, pasted: str, platform: str) -> None:
    with pytest.raises(Invalid) as caught:
        actions.declare_account(cast.actor("arif"), cast.root.pk, handle=pasted, platform=platform)
    assert "handle" in caught.value.fields
    assert not Account.objects.exists()
