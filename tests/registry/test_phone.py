"""What people see, confirm, correct and withdraw by themselves, on a phone or signed in."""

import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from kentongan.core import clock, messages
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.models.audit import AuditEntry
from kentongan.core.models.messages import Message, OptOut
from kentongan.registry import actions, consents, names
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Consent, Membership, Person, PersonInvitation
from named_cast import SYSTEM, Cast

TOKEN = re.compile(r"/saya/t/([^/]+)/")


def listed(cast: Cast, name: str = "Euis Komala", phone: str = "0812 1111 2222", **extra: Any) -> Person:
    """Return somebody of a list, at Sukamahi."""
    values = {"title": "Kader", "basis": "Daftar kader 2026", "unit_id": cast.sukamahi.pk, **extra}
    return actions.add_person(SYSTEM, NewPerson(full_name=name, phone=phone, **values))


def token_of(person: Person) -> str:
    """Return the token of the newest message to the person."""
    link = Message.objects.filter(person_id=person.pk).latest("pk").link
    found = TOKEN.search(link)
    assert found
    return found[1]


@pytest.fixture
def person(cast: Cast) -> Person:
    """Euis, invited by Arif."""
    found = listed(cast)
    actions.invite(cast.actor("arif"), cast.root.pk, [found.pk])
    return found


def door(person: Person) -> str:
    """Return the address of the person's link."""
    return reverse("phone:door", args=(token_of(person),))


@pytest.fixture
def phone(person: Person) -> Client:
    """Euis's phone, which has opened the link."""
    client = Client()
    assert client.post(door(person), {"intent": "open"}).status_code == 302
    return client


def say(phone: Client, person: Person, intent: str, **values: Any) -> Any:
    """Press a button on the page."""
    return phone.post(door(person), {"intent": intent, **values})


def agree(phone: Client, person: Person, purpose: str = "accounts") -> Any:
    """Press the button of a consent as it is shown."""
    page = phone.get(door(person)).content.decode()
    found = re.search(rf'value="{purpose}">\s*<input type="hidden" name="digest" value="([0-9a-f]+)"', page)
    assert found, page
    return say(phone, person, "agree", purpose=purpose, digest=found[1])


def test_reading_uses_nothing_up_and_binds_nothing(person: Person) -> None:
    """A messenger's preview opens the link before its owner does."""
    for verb in ("get", "head", "get"):
        response = getattr(Client(), verb)(door(person))
        assert response.status_code == 200
        assert "noindex" in response["X-Robots-Tag"]
        assert "no-store" in response["Cache-Control"]
    for page in ("correct", "download", "leave"):
        path = reverse(f"phone:link_{page}", args=(token_of(person),))
        assert "0812" not in Client().get(path).content.decode()
    link = PersonInvitation.objects.get()
    assert (link.bound_at, link.answered_at) == (None, None)


def test_the_first_phone_keeps_the_link(person: Person, phone: Client) -> None:
    assert "Euis Komala" in phone.get(door(person)).content.decode()
    other = Client()
    for response in (other.get(door(person)), other.post(door(person), {"intent": "confirm"})):
        assert response.status_code == 403
    path = reverse("phone:link_download", args=(token_of(person),))
    assert other.get(path).status_code == 403
    assert phone.get(path).status_code == 200
    other.post(door(person), {"intent": "ask"})
    assert PersonInvitation.objects.get().asked_again_at is not None
    assert Person.objects.get(pk=person.pk).state == "invited"


def test_a_newer_link_ends_the_former_and_time_ends_both(cast: Cast, person: Person, phone: Client) -> None:
    former = door(person)
    actions.invite(cast.actor("arif"), cast.root.pk, [person.pk])
    assert phone.get(former).status_code == 410
    assert Client().get(door(person)).status_code == 200
    with clock.playing(clock.now() + timedelta(days=31)):
        assert Client().post(door(person), {"intent": "open"}).status_code == 410
    assert PersonInvitation.objects.filter(revoked_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_phones_that_race_one_gets_the_link(cast: Cast, person: Person) -> None:
    start, codes = threading.Barrier(2, timeout=30), []
    path = door(person)

    def press() -> None:
        client = Client()
        start.wait()
        codes.append(client.post(path, {"intent": "open"}).status_code)
        connection.close()

    threads = [threading.Thread(target=press) for _one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [302, 403]


def test_guessing_links_is_limited(db: None) -> None:
    codes = [Client().get(reverse("phone:door", args=(f"salah{number}",))).status_code for number in range(42)]
    assert codes[0] == 404
    assert codes[-1] == 429


def test_a_consent_stores_the_text_word_for_word(person: Person, phone: Client) -> None:
    shown = consents.offer("accounts")
    assert "Dinas Komunikasi" in shown.text
    assert agree(phone, person).status_code == 302
    consent = Consent.objects.get(person=person)
    assert (consent.purpose, consent.channel) == ("accounts", "link")
    assert consent.text in phone.get(door(person)).content.decode().replace("&#x27;", "'")
    assert consent.text == shown.text
    assert Person.objects.get(pk=person.pk).state == "confirmed"
    assert PersonInvitation.objects.get().answered_at is not None
    say(phone, person, "end", purpose="accounts")
    assert Consent.objects.get(person=person).revoked_at is not None


@pytest.mark.parametrize(("purpose", "digest"), [("accounts", "0" * 16), ("accounts", ""), ("politik", ""), ("", "")])
def test_what_was_not_shown_is_not_agreed_to(person: Person, phone: Client, purpose: str, digest: str) -> None:
    assert say(phone, person, "agree", purpose=purpose, digest=digest).status_code == 422
    assert not Consent.objects.exists()


def test_the_page_speaks_the_persons_language_and_lets_them_switch(person: Person, phone: Client) -> None:
    assert 'lang="id"' in phone.get(door(person)).content.decode()
    say(phone, person, "language", language="en")
    page = phone.get(door(person)).content.decode()
    assert 'lang="en"' in page
    assert "What I agree to" in page
    assert agree(phone, person).status_code == 302
    assert Consent.objects.get().text.startswith("I am 17")
    assert say(phone, person, "language", language="xx").status_code == 422


def test_people_correct_themselves(person: Person, phone: Client) -> None:
    path = reverse("phone:link_correct", args=(token_of(person),))
    assert phone.get(path).status_code == 200
    for wrong in ({"full_name": ""}, {"full_name": "Euis", "phone": "bukan"}, {"full_name": "Euis", "email": "x@"}):
        assert phone.post(path, wrong).status_code == 422
    values = {"full_name": " Hj. Euis  Komala ", "phone": "+62 812 3333 444", "email": "Euis@Example.id"}
    assert phone.post(path, values).status_code == 302
    found = Person.objects.get(pk=person.pk)
    assert (found.full_name, found.phone, found.email) == ("Hj. Euis Komala", "+628123333444", "euis@example.id")
    assert (found.state, found.name_key) == ("confirmed", names.key("Hj. Euis Komala"))
    entry = AuditEntry.objects.get(verb="registry.own.correct")
    assert entry.after == {"corrected": ["full_name", "phone", "email"]}


def test_a_position_can_be_denied_and_taken_back(person: Person, phone: Client, cast: Cast) -> None:
    mine = Membership.objects.get(person=person)
    others = Membership.objects.exclude(person=person).first()
    assert others
    say(phone, person, "not_me", position=mine.pk)
    assert Membership.objects.get(pk=mine.pk).denied_at is not None
    for wrong in (others.pk, "x", "", "²", "9" * 30):
        assert say(phone, person, "not_me", position=wrong).status_code == 404
    say(phone, person, "me_after_all", position=mine.pk)
    assert Membership.objects.get(pk=mine.pk).denied_at is None


def claim(person: Person, cast: Cast, handle: str = "euis.komala") -> Account:
    """Return an account that a list says is hers."""
    values = {"platform": "instagram", "handle": handle, "identity": handle, "kind": "organic", "state": "claimed"}
    return Account.objects.create(person=person, unit=cast.sukamahi, **values)


def test_claims_of_a_list_are_confirmed_or_deleted(person: Person, phone: Client, cast: Cast) -> None:
    first, second = claim(person, cast), claim(person, cast, "bukan.saya")
    assert say(phone, person, "claim", account_id=first.pk).status_code == 409
    agree(phone, person)
    say(phone, person, "claim", account_id=first.pk)
    say(phone, person, "remove", account_id=second.pk)
    assert list(Account.objects.filter(person=person).values_list("handle", "state")) == [("euis.komala", "declared")]
    somebody = claim(listed(cast, "Asep", phone=""), cast, "asep")
    for intent in ("claim", "remove"):
        assert say(phone, person, intent, account_id=somebody.pk).status_code == 404


def test_accounts_are_stated_as_they_are_pasted(person: Person, phone: Client, cast: Cast) -> None:
    assert say(phone, person, "declare", account="https://bsky.app/profile/euis.bsky.social").status_code == 409
    agree(phone, person)
    response = say(phone, person, "declare", account="https://bsky.app/profile/euis.bsky.social?x=1")
    account = Account.objects.get(person=person)
    assert response["Location"].endswith(f"/akun/{account.pk}/")
    assert (account.kind, account.unit, account.state) == ("organic", cast.sukamahi, "declared")
    for wrong in ("https://bit.ly/3x", "@euis", "", "x" * 2000):
        response = say(phone, person, "declare", account=wrong)
        assert response.status_code == 422
        assert 'role="alert"' in response.content.decode()
    say(phone, person, "declare", account="euis.bsky.social", platform="bluesky")
    assert Account.objects.filter(person=person).count() == 1
    actions.declare_account(cast.actor("arif"), cast.root.pk, handle="pemkabbekasi", platform="x")
    assert say(phone, person, "declare", account="https://x.com/PemkabBekasi").status_code == 409


def test_an_account_is_proven_on_its_page(person: Person, phone: Client, cast: Cast, settings: Any) -> None:
    settings.KENTONGAN_BLUESKY_URL = "http://127.0.0.1:9"  # nobody answers there
    agree(phone, person)
    path = say(phone, person, "declare", account="euis.bsky.social")["Location"]
    assert "KTG-" not in phone.get(path).content.decode()
    phone.post(path, {"intent": "code"})
    code = Account.objects.get(person=person).challenge.code
    assert code in phone.get(path).content.decode()
    assert Client().get(path).status_code == 403
    wait = phone.post(path, {"intent": "check"})
    assert wait.status_code == 302
    assert Account.objects.get(person=person).challenge.finding == "unreachable"
    assert phone.post(path, {"intent": "check"}).status_code == 429
    elsewhere = claim(listed(cast, "Asep", phone=""), cast)
    other = reverse("phone:link_account", args=(token_of(person), elsewhere.pk))
    assert phone.get(other).status_code == 404
    phone.post(path, {"intent": "remove"})
    assert not Account.objects.filter(person=person).exists()


def test_who_is_second_is_told_since_when_and_not_by_whom(person: Person, phone: Client, cast: Cast) -> None:
    other = listed(cast, "Asep Saepudin", phone="", consents={"accounts": "Setuju"})
    values = {"platform": "bluesky", "handle": "euis.bsky.social", "identity": "euis.bsky.social", "kind": "organic"}
    Account.objects.create(
        person=other, unit=cast.sukamahi, state="proven", proof="code", proven_at=clock.now(), **values
    )
    agree(phone, person)
    page = phone.get(say(phone, person, "declare", account="euis.bsky.social")["Location"]).content.decode()
    assert "administrator Anda yang memutuskan" in page
    assert "Asep" not in page


def test_ending_the_consent_takes_the_accounts_off_the_list(person: Person, phone: Client) -> None:
    agree(phone, person)
    say(phone, person, "declare", account="euis.bsky.social")
    say(phone, person, "end", purpose="accounts")
    assert not Account.objects.filter(person=person).exists()


def test_everything_that_is_kept_can_be_taken_along(person: Person, phone: Client) -> None:
    agree(phone, person)
    say(phone, person, "declare", account="euis.bsky.social")
    response = phone.get(reverse("phone:link_download", args=(token_of(person),)))
    kept = json.loads(response.content)
    text = response.content.decode()
    assert {"registry", "messages", "missions", "gatherings"} <= kept.keys()
    for expected in ("Euis Komala", "+6281211112222", "euis.bsky.social", "Daftar kader 2026", "berlaku 30 hari"):
        assert expected in text, expected
    assert token_of(person) not in text


def test_who_withdraws_is_gone_and_hears_nothing_more(person: Person, phone: Client, cast: Cast) -> None:
    agree(phone, person)
    say(phone, person, "declare", account="euis.bsky.social")
    path = reverse("phone:link_leave", args=(token_of(person),))
    here = door(person)
    assert phone.post(path).status_code == 200
    assert Person.objects.get(pk=person.pk).state == "confirmed"
    assert phone.post(path, {"sure": "yes"}).status_code == 200
    found = Person.objects.get(pk=person.pk)
    assert (found.state, found.email, found.phone) == ("withdrawn", "", "")
    assert "Euis" not in found.full_name
    assert not Account.objects.filter(person=person).exists()
    assert not Membership.objects.filter(person=person).exists()
    assert Consent.objects.get(person=person).revoked_at is not None
    message = Message.objects.get(person_id=person.pk)
    assert (message.state, message.recipient, message.address, message.body) == ("suppressed", "", "", "")
    assert "Euis" not in AuditEntry.objects.get(verb="registry.own.withdraw").object_label
    assert phone.get(here).status_code == 410
    assert OptOut.objects.count() == 1
    again = listed(cast, "Euis Komala")
    with pytest.raises(Conflict):
        actions.invite(cast.actor("arif"), cast.root.pk, [again.pk])
    assert not Message.objects.filter(person_id=again.pk).exists()
    with pytest.raises(NotFound):
        actions.confirm_self(Actor.of_link(person.pk, ""))


def test_who_signs_in_reaches_the_same_pages(cast: Cast, sign_in: Callable[..., Client]) -> None:
    client = sign_in(cast.user("maman"))
    assert client.get("/saya/").status_code == 200
    shown = consents.offer("missions")
    client.post("/saya/", {"intent": "agree", "purpose": "missions", "digest": shown.digest})
    assert Consent.objects.get().channel == "page"
    assert client.get("/saya/data/").status_code == 200
    assert client.get("/saya/unduh/").status_code == 200
    assert client.post("/saya/keluar/", {"sure": "yes"}).status_code == 409
    assert Person.objects.get(user=cast.user("maman")).state == "confirmed"


def test_who_holds_no_role_any_more_may_leave_with_their_sign_in(cast: Cast) -> None:
    user = actions.add_user(SYSTEM, cast.sukamahi.pk, email="yani@example.id", name="Yani")
    actions.withdraw(Actor.of_user(user))
    user.refresh_from_db()
    assert (user.is_active, user.name == "Yani", "example.id" in user.email) == (False, False, False)


def test_without_a_sign_in_or_a_record_there_is_nothing(client: Client, cast: Cast) -> None:
    assert client.get("/saya/").status_code == 302
    Person.objects.filter(user=cast.user("tono")).delete()
    client.force_login(cast.user("tono"), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/saya/").status_code == 404


def test_opting_out_holds_for_invitations_too(cast: Cast, person: Person) -> None:
    message = Message.objects.get(person_id=person.pk)
    messages.opt_out(Actor("link", "penerima", person_id=person.pk), message, everything=False)
    with pytest.raises(Conflict):
        actions.invite(cast.actor("arif"), cast.root.pk, [person.pk])
    assert set(Message.objects.values_list("state", flat=True)) == {"suppressed"}


def test_a_wrong_purpose_is_told(cast: Cast) -> None:
    with pytest.raises(Invalid):
        actions.end_consent(cast.actor("maman"), "politik")
    with pytest.raises(Conflict):
        actions.declare_own(cast.actor("maman"), text="https://x.com/maman")
