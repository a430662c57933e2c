"""Proof of control: the code in the profile, attestation, two who claim one account, and those who race."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client

from kentongan.channels.contract import ChannelError, NoSuchAccount, Profile, Rejected, RetryLater
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from kentongan.core.models import AuditEntry, Message, User
from kentongan.registry import actions, proving
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Attestation, Challenge, Consent, Dispute, Person
from named_cast import SYSTEM, Cast
from servers.fixtures import pds
from servers.pds import Pds

__all__ = ["pds"]

Finding = Challenge.Finding


@dataclass
class Platform:
    """A platform whose profiles the test writes."""

    place: str = "the bio"
    texts: dict[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    trouble: ChannelError | None = None
    meanwhile: Callable[[], Any] | None = None

    def look(self, key: str, client: httpx.Client) -> Profile:
        """Return what the test wrote."""
        assert not connection.in_atomic_block or not self.strict, "no network call inside a transaction"
        if self.meanwhile:
            self.meanwhile()
        if self.trouble:
            raise self.trouble
        return Profile((self.texts.get(key, ""),), keys=self.keys)

    strict: bool = False


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Bluesky, as the test writes it."""
    found = Platform()
    monkeypatch.setattr(proving, "prover", lambda kind: found)
    return found


def member(cast: Cast, name: str = "Euis Komala", *, consents: bool = True, unit: Any = None) -> Person:
    """Return a person of Sukamahi, who has agreed to have own accounts listed."""
    given = {Consent.Purpose.ACCOUNTS.value: "Saya setuju."} if consents else {}
    unit = unit or cast.sukamahi
    return actions.add_person(
        SYSTEM, NewPerson(full_name=name, unit_id=unit.pk, title="Kader", basis="SK 1/2026", consents=given)
    )


def own(person: Person, handle: str = "euis.bsky.social", platform: str = "bluesky", **extra: Any) -> Account:
    """Return an account that the person declared."""
    unit = person.memberships.get().unit
    values = {"kind": "organic", "identity": handle, "state": "declared", **extra}
    return Account.objects.create(person=person, unit=unit, platform=platform, handle=handle, **values)


def by_link(person: Person) -> Actor:
    """Return the person, by their link."""
    return Actor.of_link(person.pk, person.full_name)


def rested(account: Account) -> None:
    """Let the pause between two looks go by."""
    Challenge.objects.filter(account=account).update(checked_at=clock.now() - timedelta(minutes=1))


def test_a_code_in_the_bio_proves_the_account(cast: Cast, platform: Platform) -> None:
    person = member(cast)
    account, actor = own(person), by_link(person)
    challenge = actions.issue_code(actor, account.pk)
    assert challenge.code.startswith("KTG-")
    assert proving.check(actor, account.pk) == Finding.NOT_YET
    rested(account)
    platform.texts[account.identity] = f"Kader desa · {challenge.code.lower()}"
    assert proving.check(actor, account.pk) == Finding.FOUND
    account.refresh_from_db()
    assert (account.state, account.proof) == ("proven", "code")
    assert account.proven_at is not None
    entry = AuditEntry.objects.filter(verb="registry.proof.settle").latest("pk")
    assert entry.after["finding"] == "found"
    assert challenge.code not in str(entry.after)


def test_a_link_back_proves_it_too(cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    person = member(cast)
    account, actor = own(person), by_link(person)
    challenge = actions.issue_code(actor, account.pk)
    link = proving.address(challenge.code)
    monkeypatch.setattr(platform, "look", lambda key, client: Profile(("",), (link.rstrip("/").upper(),)))
    assert proving.check(actor, account.pk) == Finding.FOUND
    account.refresh_from_db()
    assert account.proof == "link"


def test_where_the_link_leads_tells_nothing_about_anybody(cast: Cast, client: Client) -> None:
    assert client.get("/saya/bukti/KTG-7F3K9Q/").status_code == 200
    assert client.get("/saya/bukti/apa-saja/").status_code == 404


@pytest.mark.parametrize(
    ("trouble", "finding"),
    [
        (NoSuchAccount("tidak ada"), Finding.ABSENT),
        (RetryLater("sibuk", {"status": 429}), Finding.LIMITED),
        (RetryLater("nanti", {}, timedelta(seconds=9)), Finding.LIMITED),
        (RetryLater("mati"), Finding.UNREACHABLE),
        (Rejected("bukan server"), Finding.UNREACHABLE),
    ],
)
def test_every_outcome_is_told_apart(
    cast: Cast, platform: Platform, trouble: ChannelError, finding: Challenge.Finding
) -> None:
    person = member(cast)
    account = own(person)
    actions.issue_code(by_link(person), account.pk)
    platform.trouble = trouble
    assert proving.check(by_link(person), account.pk) == finding
    challenge = Challenge.objects.get(account=account)
    assert (challenge.finding, challenge.said) == (finding, trouble.message)
    account.refresh_from_db()
    assert (account.state, account.proof) == ("declared", "")


def test_looking_is_limited_and_codes_end(cast: Cast, platform: Platform) -> None:
    person = member(cast)
    account, actor = own(person), by_link(person)
    with pytest.raises(Conflict, match="Belum ada kode"):
        proving.check(actor, account.pk)
    actions.issue_code(actor, account.pk)
    proving.check(actor, account.pk)
    with pytest.raises(TooMany):
        proving.check(actor, account.pk)
    with clock.playing(clock.now() + timedelta(days=8)), pytest.raises(Conflict, match="sudah habis"):
        proving.check(actor, account.pk)


def test_a_code_that_was_replaced_meanwhile_proves_nothing(cast: Cast, platform: Platform) -> None:
    person = member(cast)
    account, actor = own(person), by_link(person)
    platform.texts[account.identity] = actions.issue_code(actor, account.pk).code
    platform.meanwhile = lambda: actions.issue_code(actor, account.pk)
    with pytest.raises(Conflict, match="lebih baru"):
        proving.check(actor, account.pk)
    account.refresh_from_db()
    assert account.state == "declared"


def test_a_consent_withdrawn_meanwhile_ends_the_proof(cast: Cast, platform: Platform) -> None:
    person = member(cast)
    account, actor = own(person), by_link(person)
    platform.texts[account.identity] = actions.issue_code(actor, account.pk).code
    platform.meanwhile = lambda: actions.revoke_consent(actor, person.pk, "accounts")
    with pytest.raises(Conflict, match="setuju"):
        proving.check(actor, account.pk)
    assert not Account.objects.filter(state="proven").exists()


def test_nothing_counts_before_consent_and_a_claim_cannot_be_proven(cast: Cast, platform: Platform) -> None:
    person = member(cast, consents=False)
    with pytest.raises(Conflict) as caught:
        actions.issue_code(by_link(person), own(person).pk)
    assert caught.value.code == "consent_missing"
    claimed = own(member(cast, "Asep"), "asep.bsky.social", state="claimed")
    with pytest.raises(Conflict, match="tidak ada yang perlu"):
        actions.issue_code(Actor.of_link(claimed.person_id or 0, "Asep"), claimed.pk)


def test_a_members_account_is_nobody_elses_to_prove(cast: Cast) -> None:
    account = own(member(cast))
    other = member(cast, "Asep Saepudin")
    for actor in (by_link(other), cast.actor("arif"), cast.actor("wulan"), cast.actor("euis"), Actor.anonymous()):
        with pytest.raises((NotFound, NotAllowed)):
            actions.issue_code(actor, account.pk)


def test_an_official_account_is_proven_by_its_administrator_or_custodian(cast: Cast, platform: Platform) -> None:
    arif, joko = cast.actor("arif"), cast.actor("joko")
    account = actions.declare_account(arif, cast.tambun_selatan.pk, handle="tambun.bsky.social", platform="bluesky")
    with pytest.raises(NotAllowed):
        actions.issue_code(cast.actor("euis"), account.pk)
    account.custodian = Person.objects.get(user=cast.user("euis"))
    account.save()
    for actor in (arif, joko, cast.actor("euis")):
        code = actions.issue_code(actor, account.pk).code
    platform.texts[account.identity] = code
    assert proving.check(cast.actor("euis"), account.pk) == Finding.FOUND


def test_platforms_without_a_public_page_are_attested_by_a_superior(cast: Cast) -> None:
    person = member(cast)
    account = own(person, "euis.komala", "instagram")
    with pytest.raises(Conflict) as caught:
        actions.issue_code(by_link(person), account.pk)
    assert caught.value.code == "no_prover"
    arif = cast.actor("arif")
    for values in ({"note": ""}, {"note": "Profil dibuka bersama"}):
        with pytest.raises(Invalid):
            actions.attest_account(arif, account.pk, **values)
    attestation = actions.attest_account(arif, account.pk, note="Dibuka bersama", link="https://instagram.com/p/1")
    account.refresh_from_db()
    assert (account.state, account.proof, attestation.attested_by_id) == ("proven", "attested", arif.user_id)


def test_nobody_attests_for_themselves_or_beside_their_part_of_the_tree(cast: Cast) -> None:
    joko = cast.actor("joko")
    mine = Person.objects.get(user=cast.user("joko"))
    actions.give_consent(SYSTEM, mine.pk, "accounts", text="Setuju", channel="form")
    evidence = {"note": "Saya sendiri", "link": "https://instagram.com/p/1"}
    with pytest.raises(NotAllowed, match="akunnya sendiri"):
        actions.attest_account(joko, own(mine, "joko", "instagram").pk, **evidence)
    with pytest.raises(NotFound):
        actions.attest_account(joko, own(member(cast), "euis", "instagram").pk, **evidence)
    official = actions.declare_account(SYSTEM, cast.tambun_selatan.pk, handle="kectambun", platform="instagram")
    with pytest.raises(NotAllowed):
        actions.attest_account(joko, official.pk, **evidence)
    actions.attest_account(cast.actor("arif"), official.pk, **evidence)
    assert Attestation.objects.count() == 1


def test_what_can_be_proven_by_code_is_not_attested(cast: Cast) -> None:
    with pytest.raises(Conflict) as caught:
        actions.attest_account(cast.actor("arif"), own(member(cast)).pk, note="x", link="https://a.example")
    assert caught.value.code == "has_prover"


@pytest.fixture
def disputed(cast: Cast, platform: Platform) -> tuple[Account, Account]:
    """Two who proved one account: the first holds it, the second is told."""
    accounts = []
    for name, unit in (("Euis Komala", cast.sukamahi), ("Asep Saepudin", cast.tambun_selatan)):
        person = member(cast, name, unit=unit)
        account = own(person, "kader.bsky.social")
        platform.texts[account.identity] = actions.issue_code(by_link(person), account.pk).code
        finding = proving.check(by_link(person), account.pk)
        accounts.append(account)
    assert finding == Finding.HELD
    return accounts[0], accounts[1]


def test_two_who_prove_one_account_are_a_dispute(disputed: tuple[Account, Account], cast: Cast) -> None:
    first, second = (Account.objects.get(pk=account.pk) for account in disputed)
    assert (first.state, second.state) == ("proven", "declared")
    dispute = Dispute.objects.get()
    with pytest.raises(NotAllowed):
        actions.resolve_dispute(cast.actor("joko"), dispute.pk, outcome="moved", reason="Menurut saya")
    with pytest.raises(NotFound):
        actions.resolve_dispute(cast.actor("maman"), dispute.pk, outcome="moved", reason="Menurut saya")
    for outcome, reason in (("", "x"), ("moved", " ")):
        with pytest.raises(Invalid):
            actions.resolve_dispute(cast.actor("arif"), dispute.pk, outcome=outcome, reason=reason)
    actions.resolve_dispute(cast.actor("arif"), dispute.pk, outcome="moved", reason="Asep pemiliknya")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.proof, second.state, second.proof) == ("declared", "", "proven", "code")
    with pytest.raises(Conflict):
        actions.resolve_dispute(cast.actor("arif"), dispute.pk, outcome="kept", reason="Lagi")


def test_the_first_may_keep_it(disputed: tuple[Account, Account], cast: Cast) -> None:
    actions.resolve_dispute(cast.actor("arif"), Dispute.objects.get().pk, outcome="kept", reason="Sudah ditanyakan")
    assert Account.objects.get(state="proven").pk == disputed[0].pk


def test_another_name_of_a_held_account_is_the_same_account(cast: Cast, platform: Platform) -> None:
    """One was declared by its handle, the other by its permanent number."""
    platform.keys = ("kader.bsky.social", "did:plc:" + "a" * 24)
    for name, key in zip(("Euis", "Asep"), platform.keys, strict=True):
        person = member(cast, name)
        account = own(person, key)
        platform.texts[key] = actions.issue_code(by_link(person), account.pk).code
        finding = proving.check(by_link(person), account.pk)
    assert finding == Finding.HELD


@pytest.mark.django_db(transaction=True)
def test_of_two_who_race_one_holds_the_account_and_the_other_is_told(cast: Cast, platform: Platform) -> None:
    """Both looks end before either writes; the constraint lets one through."""
    platform.strict = True
    people = [member(cast, name) for name in ("Euis", "Asep")]
    accounts = [own(person, "kader.bsky.social") for person in people]
    pairs = list(zip(people, accounts, strict=True))
    codes = [actions.issue_code(by_link(person), account.pk).code for person, account in pairs]
    platform.texts["kader.bsky.social"] = " ".join(codes)
    both_looked = threading.Barrier(2, timeout=30)
    platform.meanwhile = both_looked.wait
    findings: list[Challenge.Finding] = []

    def prove(person: Person, account: Account) -> None:
        try:
            findings.append(proving.check(by_link(person), account.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=prove, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(findings) == [Finding.FOUND, Finding.HELD]
    assert Account.objects.filter(state="proven").count() == 1
    assert Dispute.objects.count() == 1


@pytest.fixture
def bluesky(pds: Pds, settings: Any) -> dict[str, str]:
    """A real account on a real server."""
    settings.KENTONGAN_BLUESKY_URL = pds.url
    return pds.account()


def test_on_a_real_server_the_code_has_to_be_there(cast: Cast, pds: Pds, bluesky: dict[str, str]) -> None:
    person = member(cast)
    account, actor = own(person, bluesky["handle"]), by_link(person)
    challenge = actions.issue_code(actor, account.pk)
    assert proving.check(actor, account.pk) == Finding.NOT_YET
    record = {"$type": "app.bsky.actor.profile", "description": f"Kader Sukamahi {challenge.code}"}
    where = {"repo": bluesky["did"], "collection": "app.bsky.actor.profile", "rkey": "self", "record": record}
    pds.call("com.atproto.repo.putRecord", bluesky["token"], post=where)
    rested(account)
    assert proving.check(actor, account.pk) == Finding.FOUND
    gone = own(member(cast, "Asep"), "tidakada.test")
    actions.issue_code(Actor.of_link(gone.person_id or 0, "Asep"), gone.pk)
    assert proving.check(Actor.of_link(gone.person_id or 0, "Asep"), gone.pk) == Finding.ABSENT


@pytest.fixture
def apart(cast: Cast, platform: Platform) -> tuple[Account, Account, Dispute]:
    """One account that somebody of Tambun Selatan has proven first, and somebody of Sukamahi later."""
    first, later = member(cast, "Titin", unit=cast.tambun_selatan), member(cast)
    accounts = []
    for person in (first, later):
        account = own(person)
        challenge = actions.issue_code(by_link(person), account.pk)
        platform.texts[account.identity] = challenge.code
        proving.check(by_link(person), account.pk)
        accounts.append(account)
    return accounts[0], accounts[1], Dispute.objects.get()


def test_who_decides_is_told_and_asked_above_both_sides(
    cast: Cast, apart: tuple[Account, Account, Dispute], client: Client
) -> None:
    dispute = apart[2]
    told = set(Message.objects.filter(purpose="registry.dispute").values_list("recipient", flat=True))
    assert told == {"Arif"}, "the lowest unit above both is the regency"
    client.force_login(cast.user("joko"))
    page = client.get(f"/daftar/unit/{cast.tambun_selatan.pk}/dua-pihak/").content.decode()
    assert cast.root.name in page
    assert 'name="outcome"' not in page, "one side is not his to decide"
    with pytest.raises(NotAllowed):
        actions.resolve_dispute(cast.actor("joko"), dispute.pk, outcome="kept", reason="Milik kami")
    client.force_login(cast.user("arif"))
    assert 'name="outcome"' in client.get(f"/daftar/unit/{cast.root.pk}/dua-pihak/").content.decode()


def test_both_sides_and_both_people_see_the_decision(
    cast: Cast, apart: tuple[Account, Account, Dispute], client: Client
) -> None:
    held, claimant, dispute = apart
    actions.resolve_dispute(cast.actor("arif"), dispute.pk, outcome="moved", reason="Ponselnya ditunjukkan")
    decided = Message.objects.filter(dedupe_key__startswith="dispute-decided:")
    assert set(decided.values_list("recipient", flat=True)) == {"Joko"}, "Arif decided himself"
    assert "Ponselnya ditunjukkan" in decided.get().body
    for account, yours in ((claimant, True), (held, False)):
        person = Person.objects.get(pk=account.person_id)
        user = User.objects.create_user(f"{person.pk}@example.id", language="en")
        Person.objects.filter(pk=person.pk).update(user=user)
        client.force_login(user)
        page = client.get(f"/saya/akun/{account.pk}/").content.decode()
        assert "Ponselnya ditunjukkan" in page
        assert ("this account is yours" in page) is yours


def test_an_open_dispute_is_shown_to_whoever_holds_it_too(
    cast: Cast, apart: tuple[Account, Account, Dispute], client: Client
) -> None:
    user = User.objects.create_user("titin@example.id", language="en")
    Person.objects.filter(pk=apart[0].person_id).update(user=user)
    client.force_login(user)
    assert "Somebody else has proven this account too" in client.get(f"/saya/akun/{apart[0].pk}/").content.decode()
