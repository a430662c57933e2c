"""What people change about their own way in is on the audit log, as what others change is."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.test import Client

from kentongan.core.models import AuditEntry, User
from named_cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def dewi(cast: Cast, client: Client) -> Client:
    user = cast.user("dewi")
    user.set_password(PASSWORD)
    user.save()
    client.post("/akun/login/", {"login": user.email, "password": PASSWORD})
    return client


def verbs(user: User) -> list[str]:
    entries = AuditEntry.objects.filter(user=user, verb__startswith="core.user.").order_by("id")
    return [entry.verb for entry in entries]


def test_a_new_password_and_signing_out_leave_a_trace(cast: Cast, dewi: Client) -> None:
    new = {"oldpassword": PASSWORD, "password1": "tiga-kali-berbunyi-lagi", "password2": "tiga-kali-berbunyi-lagi"}
    assert dewi.post("/akun/password/change/", new).status_code == 302
    dewi.post("/akun/logout/")
    assert verbs(cast.user("dewi")) == ["core.user.sign_in", "core.user.password", "core.user.sign_out"]


def test_a_second_step_leaves_a_trace_and_not_its_secret(cast: Cast) -> None:
    user = cast.user("dewi")
    row = Authenticator(user=user, type="totp", data={"secret": "rahasia"})
    for signal in (authenticator_added, authenticator_removed):
        signal.send(sender=Authenticator, request=None, user=user, authenticator=row)
    added, removed = AuditEntry.objects.filter(verb__startswith="core.user.second_step").order_by("id")
    assert (added.verb, removed.verb) == ("core.user.second_step.add", "core.user.second_step.remove")
    assert added.after == removed.after == {"kind": "totp"}
