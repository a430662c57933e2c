"""Members' links: a preview changes nothing, the first POST binds, races have one winner, stories instead of errors."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from kentongan.core import clock, ids
from kentongan.core.errors import Conflict
from kentongan.core.links import cookie_name
from kentongan.missions.actions import links, missions
from kentongan.missions.actions.links import Target
from kentongan.missions.models import MemberLink, Mission, MissionInvitation
from kentongan.missions.queries import links as queries
from kentongan.registry.models import Person
from named_cast import Cast

WHATSAPP = "WhatsApp/2.23.20.0"


@pytest.fixture(autouse=True)
def _empty_cache(db: None) -> None:
    cache.clear()


@pytest.fixture
def token(open_mission: Mission) -> str:
    invitation = open_mission.invitations.get(person__full_name="Sari Wahyuni")
    return token_for(invitation)


def token_for(invitation: MissionInvitation, days: int = 3) -> str:
    target = Target(invitation.person_id or 0, clock.now() + timedelta(days=days), invitation_id=invitation.pk)
    return links.issue([target])[target.key]


def address(token: str) -> str:
    return reverse("member:door", args=[token])


def link_of(token: str) -> MemberLink:
    return MemberLink.objects.get(digest=ids.token_digest(token))


def test_only_the_hash_of_a_token_is_stored(token: str) -> None:
    link = link_of(token)
    stored = " ".join(str(getattr(link, field.attname)) for field in MemberLink._meta.concrete_fields)
    assert token not in stored
    assert len(link.digest) == 64


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_preview_bot_changes_nothing(token: str, method: str) -> None:
    before = list(MissionInvitation.objects.values()), list(MemberLink.objects.values())
    for _ in range(3):
        response = getattr(Client(headers={"user-agent": WHATSAPP}), method)(address(token))
        assert response.status_code == 200
        assert "noindex" in response["X-Robots-Tag"]
    assert (list(MissionInvitation.objects.values()), list(MemberLink.objects.values())) == before


def test_the_first_post_binds_and_other_devices_hear_why(token: str) -> None:
    phone, other = Client(), Client()
    assert phone.post(address(token), {"intent": "open"}).status_code == 302
    assert phone.get(address(token)).status_code == 200
    assert MissionInvitation.objects.get(person__full_name="Sari Wahyuni").state == "opened"
    for response in (other.get(address(token)), other.post(address(token), {"intent": "decline"})):
        assert response.status_code == 403
        assert "ponsel lain" in response.content.decode()
    assert MissionInvitation.objects.get(person__full_name="Sari Wahyuni").state == "opened"


def test_the_cookie_of_one_link_opens_no_other(token: str, open_mission: Mission) -> None:
    phone = Client()
    phone.post(address(token), {"intent": "open"})
    second = token_for(open_mission.invitations.get(person__full_name="Budi Santoso"))
    Client().post(address(second), {"intent": "open"})
    mine = phone.cookies[cookie_name(token)].value
    phone.cookies[cookie_name(second)] = mine
    assert phone.get(address(second)).status_code == 403


def test_asking_for_a_new_link_shows_on_the_board_and_the_new_one_ends_the_old(
    cast: Cast, token: str, open_mission: Mission
) -> None:
    Client().post(address(token), {"intent": "open"})
    other = Client()
    assert other.post(address(token), {"intent": "ask"}).status_code == 403
    assert link_of(token).asked_again_at is not None
    invitation = open_mission.invitations.get(person__full_name="Sari Wahyuni")
    missions.relink(cast.actor("arif"), open_mission.pk, invitation.pk)
    assert link_of(token).revoked_for == "replaced"
    assert other.get(address(token)).status_code == 410


def test_an_expired_link_tells_so_and_does_nothing(token: str) -> None:
    MemberLink.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    response = Client().post(address(token), {"intent": "open"})
    assert response.status_code == 410
    assert link_of(token).bound_at is None


def test_a_revoked_link_cannot_be_asked_for_again(token: str) -> None:
    MemberLink.objects.update(revoked_at=clock.now(), revoked_for="withdrawn")
    response = Client().post(address(token), {"intent": "ask"})
    assert response.status_code == 410
    assert link_of(token).asked_again_at is None


def test_forged_tokens_open_nothing_and_are_counted(token: str) -> None:
    client = Client()
    forged = [token[:-1] + ("A" if token[-1] != "A" else "B"), token[:-4], "x" * 40, link_of(token).digest]
    for guess in forged:
        assert client.get(address(guess)).status_code == 404
    answers = [client.get(address(f"guess-{n}")).status_code for n in range(60)]
    assert answers[-1] == 429
    assert client.get(address(token)).status_code == 200  # who holds a real link is not shut out


def test_of_two_devices_at_once_one_wins(token: str) -> None:
    """In one transaction the loser is told; `test_two_phones_at_once` does it with two real connections."""
    entry = queries.enter(token, "")
    assert entry.link is not None
    links.bind(entry.actor, entry.link.pk)
    with pytest.raises(Conflict):
        links.bind(entry.actor, entry.link.pk)


@pytest.mark.django_db(transaction=True)
def test_two_phones_at_once(token: str) -> None:
    entry = queries.enter(token, "")
    assert entry.link is not None
    link_id, barrier, won, lost = entry.link.pk, threading.Barrier(2), [], []

    def race() -> None:
        barrier.wait()
        try:
            won.append(links.bind(entry.actor, link_id))
        except Conflict:
            lost.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 1)
    assert link_of(token).device_digest == ids.token_digest(won[0])


def test_a_link_has_one_live_token_per_invitation(open_mission: Mission, token: str) -> None:
    invitation = open_mission.invitations.get(person__full_name="Sari Wahyuni")
    newer = token_for(invitation)
    live = MemberLink.objects.filter(invitation=invitation, revoked_at__isnull=True)
    assert live.get().digest == ids.token_digest(newer)


def test_the_data_page_needs_the_bound_phone(token: str) -> None:
    stranger = Client()
    page = reverse("member:data", args=[token])
    assert stranger.get(page).status_code == 302  # nothing is bound yet: to the door first
    Client().post(address(token), {"intent": "open"})
    assert stranger.get(page).status_code == 403
    assert stranger.post(page).status_code == 403
    assert MissionInvitation.objects.filter(person__full_name="Sari Wahyuni").exists()


def test_staff_screens_never_show_a_token(
    cast: Cast, token: str, open_mission: Mission, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(cast.user("arif"))
    for name in ("mission", "invitations"):
        body = client.get(reverse(f"missions:{name}", args=[open_mission.pk])).content.decode()
        assert token not in body


def test_the_page_speaks_the_language_that_is_stored_of_the_person(open_mission: Mission) -> None:
    invitation = open_mission.invitations.select_related("person").first()
    assert invitation is not None
    url = address(token_for(invitation))
    assert '<html lang="id"' in Client(headers={"accept-language": "en"}).get(url).content.decode()
    Person.objects.filter(pk=invitation.person_id).update(language="en")
    assert '<html lang="en"' in Client().get(url).content.decode()
