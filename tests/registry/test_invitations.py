"""Inviting people: who is meant, by which way, what became of it; screens, API and command line."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kentongan.cli import people as people_cli
from kentongan.core import clock, ids, jobs
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models.messages import Message
from kentongan.registry import actions, queries
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Attestation, Dispute, Membership, Person, PersonInvitation
from kentongan.registry.queries.invitations import Wanted
from named_cast import SYSTEM, Cast

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture
def villagers(cast: Cast) -> list[Person]:
    """Four of Sukamahi (phone, e-mail, both, neither) and one of Tambun Selatan."""
    ways = [("0812 1000 001", ""), ("", "asep@example.id"), ("0812 1000 003", "ujang@example.id"), ("", "")]
    made = []
    for number, (phone, email) in enumerate(ways):
        new = NewPerson(
            full_name=f"Warga {number}",
            unit_id=cast.sukamahi.pk,
            title="Kader Posyandu" if number else "Ketua RT",
            basis="Daftar kader 2026",
            phone=phone,
            email=email,
        )
        made.append(actions.add_person(SYSTEM, new))
    other = NewPerson("Warga Tambun", cast.tambun_selatan.pk, "Kader", "Daftar 2026", phone="0812 1000 009")
    return [*made, actions.add_person(SYSTEM, other)]


def test_it_is_said_beforehand_how_many_are_meant_and_reached(cast: Cast, villagers: list[Person]) -> None:
    arif = cast.actor("arif")
    with CaptureQueriesContext(connection) as asked:
        reach = queries.reach(arif, cast.cikarang_pusat, Wanted())
    assert (reach.people, reach.phone, reach.email, reach.either, reach.neither) == (4, 2, 2, 3, 1)
    assert len(asked) == 2  # where one has a role, then the count
    assert queries.reach(arif, cast.root, Wanted(title="kader")).people == 4
    assert queries.reach(arif, cast.root, Wanted("unanswered")).people == 0
    assert queries.reach(cast.actor("joko"), cast.root, Wanted()).people == 1


def test_people_are_invited_by_what_reaches_them(cast: Cast, villagers: list[Person]) -> None:
    everybody = [person.pk for person in villagers]
    result = actions.invite(cast.actor("arif"), cast.cikarang_pusat.pk, everybody)
    assert (result.invited, result.unreachable) == (3, 1)
    channels = dict(PersonInvitation.objects.values_list("person__full_name", "channel"))
    assert channels == {"Warga 0": "link", "Warga 1": "email", "Warga 2": "link"}
    assert Message.objects.count() == 3
    for message in Message.objects.all():
        digest = ids.token_digest(message.link.rstrip("/").rsplit("/", 1)[-1])
        assert PersonInvitation.objects.get(digest=digest).person_id == message.person_id
    with pytest.raises(Invalid):
        actions.invite(cast.actor("arif"), cast.root.pk, everybody, channel="pos")
    with pytest.raises(Conflict):
        actions.invite(cast.actor("arif"), cast.root.pk, [villagers[3].pk])


def test_who_may_not_administer_may_not_invite(cast: Cast, villagers: list[Person]) -> None:
    one = [villagers[0].pk]
    for name, error in (("wulan", NotAllowed), ("dewi", NotAllowed), ("joko", NotFound), ("maman", NotAllowed)):
        with pytest.raises(error):
            actions.invite(cast.actor(name), cast.sukamahi.pk, one)
    with pytest.raises(Conflict):
        actions.invite(cast.actor("joko"), cast.tambun_selatan.pk, one)
    assert not PersonInvitation.objects.exists()


def test_a_whole_part_of_the_tree_is_invited_by_a_job_that_may_run_twice(cast: Cast, villagers: list[Person]) -> None:
    job = jobs.run_now(actions.start_inviting(cast.actor("arif"), cast.root.pk, Wanted(), inline=True))
    assert (job.state, job.result) == ("done", {"invited": 4, "unreachable": 1})
    made = set(PersonInvitation.objects.values_list("pk", flat=True))
    jobs.Job.objects.filter(pk=job.pk).update(state="queued", claim=None, finished_at=None)
    again = jobs.run_now(jobs.Job.objects.get(pk=job.pk))
    assert again.result == {"invited": 4, "unreachable": 1}
    assert set(PersonInvitation.objects.values_list("pk", flat=True)) == made
    Person.objects.update(phone="", email="")
    with pytest.raises(Conflict):
        actions.start_inviting(cast.actor("arif"), cast.root.pk, Wanted())


def test_inviting_takes_as_many_queries_for_many_as_for_few(cast: Cast, villagers: list[Person]) -> None:
    counts = []
    for chosen in (villagers[:1], villagers):
        with CaptureQueriesContext(connection) as asked:
            actions.invite(cast.actor("arif"), cast.root.pk, [person.pk for person in chosen])
        counts.append(len(asked))
    assert counts[1] <= counts[0] + 1  # two channels ask the directory no more often than one


def test_a_sheet_of_codes_is_a_pdf_and_ends_former_links(cast: Cast, villagers: list[Person], sign_in: Any) -> None:
    arif = cast.actor("arif")
    actions.invite(arif, cast.root.pk, [villagers[0].pk])
    client = sign_in(cast.user("arif"))
    path = reverse("registry:invite", args=(cast.sukamahi.pk,))
    shown = client.post(path, {"who": "invited", "channel": "print"})
    assert "4" in shown.content.decode()
    assert PersonInvitation.objects.count() == 1
    response = client.post(path, {"who": "invited", "channel": "print", "go": "1"})
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    live = PersonInvitation.objects.filter(revoked_at=None)
    assert set(live.values_list("channel", flat=True)) == {"print"}
    assert live.count() == 4
    states = {one.state for one in queries.invitations(arif)}
    assert states == {"sent", "revoked"}
    assert client.post(path, {"who": "unanswered", "title": "lurah", "channel": "print", "go": "1"}).status_code == 422


def test_each_invitation_says_where_it_stands(cast: Cast, villagers: list[Person]) -> None:
    arif = cast.actor("arif")
    actions.invite(arif, cast.root.pk, [person.pk for person in villagers])
    first, second, third, fourth = PersonInvitation.objects.order_by("pk")
    Message.objects.filter(dedupe_key=f"registry.invitation:{second.pk}").update(state="sent", sent_at=clock.now())
    PersonInvitation.objects.filter(pk=third.pk).update(bound_at=clock.now(), device_digest="x")
    PersonInvitation.objects.filter(pk=fourth.pk).update(
        bound_at=clock.now(), device_digest="x", answered_at=clock.now()
    )
    found = {one.pk: one.state for one in queries.invitations(arif)}
    assert found == {first.pk: "made", second.pk: "sent", third.pk: "opened", fourth.pk: "answered"}
    assert [one.pk for one in queries.invitations(arif, state="opened")] == [third.pk]
    assert queries.invitations(arif, text="tambun").count() == 1
    with clock.playing(clock.now() + timedelta(days=31)):
        assert queries.invitations(arif, state="expired").count() == 3
    actions.revoke_invitation(arif, first.pk)
    assert Message.objects.get(dedupe_key=f"registry.invitation:{first.pk}").state == "suppressed"
    with pytest.raises(Conflict):
        actions.revoke_invitation(arif, first.pk)
    for name in ("wulan", "joko"):
        with pytest.raises((NotFound, NotAllowed)):
            actions.revoke_invitation(cast.actor(name), second.pk)


def test_the_screens_and_their_counts_of_queries(
    cast: Cast, villagers: list[Person], sign_in: Callable[..., Client]
) -> None:
    client = sign_in(cast.user("arif"))
    path = reverse("registry:invitations", args=(cast.root.pk,))
    assert "Belum ada yang diundang" in client.get(path).content.decode()
    counts = []
    for chosen in (villagers[:1], villagers):
        actions.invite(cast.actor("arif"), cast.root.pk, [person.pk for person in chosen])
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path, {"state": "made"}).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert client.get(path, {"format": "csv"}).status_code == 200
    one = PersonInvitation.objects.filter(revoked_at=None).first()
    assert one
    assert client.post(reverse("registry:invite_one", args=(one.person_id,))).status_code == 302
    assert client.post(reverse("registry:invitation_revoke", args=(one.pk,))).status_code == 409
    denied = sign_in(cast.user("dewi"))
    for name in ("invitations", "invite", "members", "disputes"):
        assert denied.get(reverse(f"registry:{name}", args=(cast.root.pk,))).status_code == 403, name
    assert denied.post(reverse("registry:invite_one", args=(one.person_id,))).status_code == 404


def own(person: Person, handle: str, state: str = "declared", platform: str = "instagram", **extra: Any) -> Account:
    """Return an own account of the person."""
    unit = Membership.objects.get(person=person).unit
    values = {"platform": platform, "handle": handle, "identity": handle, "kind": "organic", "state": state}
    return Account.objects.create(person=person, unit=unit, **values, **extra)


def test_own_accounts_are_seen_by_administrators_after_consent_alone(
    cast: Cast, villagers: list[Person], sign_in: Callable[..., Client]
) -> None:
    first, second = villagers[:2]
    own(first, "warga.satu")
    own(second, "warga.dua", "claimed")
    client = sign_in(cast.user("arif"))
    path = reverse("registry:members", args=(cast.root.pk,))
    page = client.get(path).content.decode()
    assert "warga.dua" in page
    assert "warga.satu" not in page
    actions.give_consent(SYSTEM, first.pk, "accounts", text="Setuju", channel="form")
    counts = []
    for number in range(3):
        own(first, f"warga.lagi{number}", platform="tiktok")
        with CaptureQueriesContext(connection) as asked:
            assert "warga.satu" in client.get(path).content.decode()
        counts.append(len(asked))
    assert len(set(counts)) == 1
    assert not queries.members_accounts(cast.actor("joko"), cast.root).exists()
    assert not queries.members_accounts(cast.actor("wulan"), cast.root).exists()


def test_an_account_is_attested_on_screen_with_a_screenshot(
    cast: Cast, villagers: list[Person], sign_in: Callable[..., Client]
) -> None:
    actions.give_consent(SYSTEM, villagers[0].pk, "accounts", text="Setuju", channel="form")
    account = own(villagers[0], "warga.satu")
    client = sign_in(cast.user("arif"))
    path = reverse("registry:attest", args=(account.pk,))
    assert client.get(path).status_code == 200
    assert client.post(path, {"note": "Dibuka di depan saya"}).status_code == 422
    wrong = SimpleUploadedFile("layar.png", b"bukan gambar")
    assert client.post(path, {"note": "Dibuka di depan saya", "file": wrong}).status_code == 422
    shot = SimpleUploadedFile("layar.png", PIXEL)
    assert client.post(path, {"note": "Dibuka di depan saya", "file": shot}).status_code == 302
    attestation = Attestation.objects.get()
    assert attestation.file
    assert attestation.file.capability == "administer"
    account.refresh_from_db()
    assert account.state == "proven"


def test_two_claims_are_decided_on_screen(cast: Cast, villagers: list[Person], sign_in: Callable[..., Client]) -> None:
    holder = own(villagers[0], "rebutan", "proven", "bluesky", proof="code", proven_at=clock.now())
    claimant = own(villagers[4], "rebutan", platform="bluesky")
    dispute = Dispute.objects.create(claimant=claimant, holder=holder, proof="code")
    joko = sign_in(cast.user("joko"))
    theirs = reverse("registry:disputes", args=(cast.tambun_selatan.pk,))
    page = joko.get(theirs).content.decode()
    assert "Warga Tambun" in page
    assert "Warga 0" not in page
    decision = {"dispute": dispute.pk, "outcome": "moved", "reason": "Sudah ditanyakan"}
    assert joko.post(theirs, decision).status_code == 403
    arif = sign_in(cast.user("arif"))
    path = reverse("registry:disputes", args=(cast.root.pk,))
    assert "Warga 0" in arif.get(path).content.decode()
    for wrong in (
        {"dispute": "x", "outcome": "moved", "reason": "y"},
        {"dispute": 0, "outcome": "moved", "reason": "y"},
    ):
        assert arif.post(path, wrong).status_code == 404
    assert arif.post(path, decision | {"reason": ""}).status_code == 422
    assert arif.post(path, decision).status_code == 302
    claimant.refresh_from_db()
    assert claimant.state == "proven"
    assert "Sudah ditanyakan" in arif.get(path).content.decode()


def test_an_official_account_is_proven_on_screen(cast: Cast, sign_in: Callable[..., Client], settings: Any) -> None:
    settings.KENTONGAN_BLUESKY_URL = "http://127.0.0.1:9"  # nobody answers there
    account = actions.declare_account(SYSTEM, cast.root.pk, handle="bekasi.bsky.social", platform="bluesky")
    client = sign_in(cast.user("arif"))
    path = reverse("registry:prove", args=(account.pk,))
    assert "KTG-" not in client.get(path).content.decode()
    assert client.post(path, {"intent": "check"}).status_code == 409
    assert client.post(path, {"intent": "code"}).status_code == 302
    assert account.challenge.code in client.get(path).content.decode()
    assert client.post(path, {"intent": "check"}).status_code == 302
    assert "Platform tidak menjawab" in client.get(path).content.decode()
    assert sign_in(cast.user("dewi")).get(path).status_code == 403


def test_the_same_through_the_api(cast: Cast, villagers: list[Person], sign_in: Callable[..., Client]) -> None:
    client = sign_in(cast.user("arif"))
    unit = f"/api/v1/registry/units/{cast.sukamahi.pk}"
    assert client.get(f"{unit}/reach").json() == {"people": 4, "phone": 2, "email": 2, "either": 3}
    body = {"person_ids": [villagers[0].pk]}
    made = client.post(f"{unit}/invitations", body, content_type="application/json")
    assert (made.status_code, made.json()["invited"]) == (202, 1)
    whole = client.post(f"{unit}/invitations", {"who": "all"}, content_type="application/json").json()
    assert whole["job_id"]
    listed = client.get("/api/v1/registry/invitations").json()
    assert listed["total"] == 1
    assert "digest" not in str(listed)
    one = listed["items"][0]["id"]
    assert client.post(f"/api/v1/registry/invitations/{one}/revoke").status_code == 204
    actions.give_consent(SYSTEM, villagers[0].pk, "accounts", text="Setuju", channel="form")
    account = own(villagers[0], "warga.satu")
    assert client.get(f"{unit}/own-accounts").json()["items"][0]["handle"] == "warga.satu"
    attested = client.post(
        f"/api/v1/registry/accounts/{account.pk}/attest",
        {"note": "Dilihat", "link": "https://instagram.com/p/1"},
        content_type="application/json",
    )
    assert (attested.status_code, attested.json()["state"]) == (200, "proven")
    denied = sign_in(cast.user("dewi"))
    assert denied.get(f"{unit}/reach").status_code == 403
    assert denied.get(f"{unit}/own-accounts").status_code == 403


def test_the_same_at_the_command_line(cast: Cast, villagers: list[Person], run_command: Callable[..., Any]) -> None:
    arif = ("--as", "arif@example.id")
    shown = run_command(people_cli, "invite", "32.16.20", "--preview", *arif)
    assert (shown["people"], shown["either"]) == (4, 3)
    assert not PersonInvitation.objects.exists()
    assert run_command(people_cli, "invite", "32.16.20", "--yes", *arif) == {"invited": 3, "unreachable": 1}
    rows = run_command(people_cli, "invitations", "32.16.20", "--state", "made", *arif)
    assert {row["person"] for row in rows} == {"Warga 0", "Warga 1", "Warga 2"}
    with pytest.raises(NotAllowed):
        run_command(people_cli, "invite", "32.16.20", "--yes", "--as", "dewi@example.id")
