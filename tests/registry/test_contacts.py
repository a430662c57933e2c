"""Contacts outside the tree: noted, found, corrected, invited, merged, removed; who sees and changes which."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kentongan.core import clock, messages
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry, User
from kentongan.core.models.messages import Message
from kentongan.registry import actions, coverage, leaving, queries, tasks
from kentongan.registry.directory import PeopleDirectory
from kentongan.registry.models import Account, Consent, Contact, KeptApart, Person, PersonInvitation, Unit
from kentongan.registry.queries.contacts import ContactFilters
from named_cast import SYSTEM, Cast

SignIn = Callable[[User], Client]
GIVEN = {
    "full_name": "Ratna Kusuma",
    "kind": "journalist",
    "organisation": "Radar Bekasi",
    "source": "given",
    "basis": "Kartu nama, temu media 12 Mei 2026",
    "phone": "0812 3000 0001",
    "email": "Ratna@radar.example.id",
    "topics": ["Kesehatan", "  lalu   lintas "],
    "areas": ["Kab. Bekasi"],
    "accounts": ["https://www.instagram.com/ratna.radar/"],
    "notes": "Menulis tentang puskesmas.",
}
OUTSIDERS = ("wulan", "dewi", "hendra", "sari", "maman", "tono", "euis")
TOKEN = re.compile(r"/saya/t/([^/]+)/")


def note(unit: Unit, name: str = "Ratna Kusuma", **more: Any) -> Contact:
    """Note a contact at a unit, as the system; `more` goes before what Ratna has."""
    return actions.add_contact(SYSTEM, unit.pk, {**GIVEN, "full_name": name, **more})


def named(found: Any) -> list[str]:
    return [one.person.full_name for one in found]


def link_of(contact: Contact) -> Actor:
    return Actor.of_link(contact.person_id, str(contact))


def test_a_contact_is_noted_as_a_minimal_record_with_its_source(cast: Cast) -> None:
    contact = actions.add_contact(cast.actor("joko"), cast.tambun_selatan.pk, GIVEN)
    contact.refresh_from_db()
    person = contact.person
    assert (person.state, person.phone, person.email) == ("invited", "+6281230000001", "ratna@radar.example.id")
    assert person.basis == "Kartu nama, temu media 12 Mei 2026"
    assert (contact.topics, contact.areas, contact.areas_around) == (
        ["kesehatan", "lalu lintas"],
        ["32.16"],
        ["32", "32.16"],
    )
    account = Account.objects.get(person=person)
    assert (account.kind, account.state, account.unit) == ("organic", "claimed", cast.tambun_selatan)
    entry = AuditEntry.objects.get(verb="registry.contact.add")
    assert entry.after["organisation"].startswith("#"), "the log names nobody"
    assert not {"phone", "email", "notes"} & set(entry.after), "the log outlives what is kept about them"
    assert not queries.people(cast.actor("arif"), text="Ratna").exists(), "a contact is on no list of members"
    assert not queries.members_accounts(cast.actor("arif"), cast.root).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"full_name": " "}, "full_name"),
        ({"full_name": "x" * 201}, "full_name"),
        ({"kind": "buzzer"}, "kind"),
        ({"source": ""}, "source"),
        ({"basis": ""}, "basis"),
        ({"source": "published", "basis": "Laman redaksi"}, "basis"),
        ({"phone": "bukan"}, "phone"),
        ({"email": "bukan"}, "email"),
        ({"areas": ["Negeri Antah"]}, "areas"),
        ({"areas": ["Sukamaju"]}, "areas"),
        ({"topics": ["x" * 41]}, "topics"),
        ({"topics": [f"t{n}" for n in range(13)]}, "topics"),
        ({"accounts": ["ratna radar cantik"]}, "accounts"),
        ({"notes": "x" * 2001}, "notes"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(cast: Cast, change: dict[str, Any], field: str) -> None:
    Unit.objects.filter(pk=cast.root.pk).update(area_code="")
    with pytest.raises(Invalid) as refused:
        note(cast.root, **change)
    assert set(refused.value.fields) == {field}
    assert not Person.objects.filter(full_name="Ratna Kusuma").exists()


def test_every_fault_is_told_at_once_and_nothing_is_written(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("joko"))
    address = reverse("registry:contact_add", args=[cast.tambun_selatan.pk])
    sent = {"full_name": "Ratna", "kind": "journalist", "source": "given", "basis": "Kartu", "phone": "bukan"}
    page = client.post(address, {**sent, "areas": "Antah"})
    assert page.status_code == 422
    assert page.content.decode().count("is-invalid") >= 2
    assert not Contact.objects.exists()
    made = client.post(address, {**sent, "phone": "", "areas": "Kab. Bekasi; 32.16.06", "topics": "Banjir, Jalan"})
    assert made.status_code == 302
    contact = Contact.objects.get()
    assert (contact.areas, contact.topics) == (["32.16", "32.16.06"], ["banjir", "jalan"])


@pytest.mark.parametrize("who", OUTSIDERS)
def test_only_administrators_of_the_unit_see_or_change_a_contact(cast: Cast, sign_in: SignIn, who: str) -> None:
    contact, client = note(cast.root), sign_in(cast.user(who))
    assert client.get(contact.get_absolute_url()).status_code == 404
    assert "Ratna" not in client.get("/daftar/kontak/").content.decode()
    assert client.get("/daftar/kontak/?format=csv").status_code in {403, 404}
    for name in ("contact_correct", "contact_hand_on"):
        assert client.get(reverse(f"registry:{name}", args=[contact.pk])).status_code == 404, name
    for name in ("contact_invite", "contact_remove"):
        assert client.post(reverse(f"registry:{name}", args=[contact.pk])).status_code == 404, name
    for name in ("unit_contacts", "contact_add", "contact_duplicates"):
        assert client.get(reverse(f"registry:{name}", args=[cast.root.pk])).status_code in {403, 404}, name
    actor = cast.actor(who)
    with pytest.raises((NotFound, NotAllowed)):
        actions.add_contact(actor, cast.root.pk, GIVEN)
    for refused in (
        lambda: actions.correct_contact(actor, contact.pk, GIVEN),
        lambda: actions.merge_contacts(actor, contact.pk, contact.pk + 1),
        lambda: actions.drop_contact_account(actor, contact.pk, contact.person.accounts.get().pk),
    ):
        with pytest.raises(NotFound):
            refused()
    assert Contact.objects.filter(pk=contact.pk).exists()


def test_a_neighbour_administers_only_what_his_unit_keeps(cast: Cast, sign_in: SignIn) -> None:
    theirs, mine = note(cast.sukamahi), note(cast.tambun_selatan, "Budi", phone="0812 3000 0002", accounts=[])
    joko, client = cast.actor("joko"), sign_in(cast.user("joko"))
    assert named(queries.contacts(joko)) == ["Budi"]
    assert client.get(theirs.get_absolute_url()).status_code == 404
    assert client.get(mine.get_absolute_url()).status_code == 200
    for refused in (
        lambda: actions.merge_contacts(joko, mine.pk, theirs.pk),
        lambda: actions.hand_contact_on(joko, mine.pk, cast.sukamahi.pk),
        lambda: actions.hand_contact_on(joko, theirs.pk, cast.tambun_selatan.pk),
        lambda: actions.keep_contacts_apart(joko, mine.pk, theirs.pk),
        lambda: actions.remove_contact(joko, theirs.pk),
    ):
        with pytest.raises(NotFound):
            refused()
    with pytest.raises(Conflict):
        actions.invite_contacts(joko, cast.tambun_selatan.pk, [theirs.pk])
    assert not PersonInvitation.objects.exists()
    assert queries.members_accounts(joko, cast.tambun_selatan).count() == 0


@pytest.fixture
def register(cast: Cast) -> dict[str, Contact]:
    """Four contacts of three units."""
    rows: list[tuple[Unit, str, dict[str, Any]]] = [
        (cast.root, "Ratna Kusuma", {}),
        (cast.root, "Komunitas Bekasi Bersepeda", {"kind": "community", "organisation": "", "areas": ["32.16.06"],
         "topics": ["transportasi"], "phone": "0812 3000 0002", "email": "",
         "accounts": ["https://www.tiktok.com/@gowesbekasi"]}),
        (cast.sukamahi, "Yuni Kreatif", {"kind": "influencer", "areas": [], "topics": [], "phone": "", "email": "",
         "accounts": ["https://www.youtube.com/@yunikreatif"], "organisation": ""}),
        (cast.tambun_selatan, "RSUD Cibitung", {"kind": "agency", "areas": ["32"], "topics": ["kesehatan"],
         "phone": "021 8837 4444", "email": "humas@rsud.example.id", "accounts": [], "organisation": "Pemkab"}),
    ]  # fmt: skip
    return {name: note(unit, name, **more) for unit, name, more in rows}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["RSUD", "Yuni", "Komunitas", "Ratna"]),
        ({"kind": "community"}, ["Komunitas"]),
        ({"kind": "unheard"}, ["RSUD", "Yuni", "Komunitas", "Ratna"]),
        ({"area": "32.16"}, ["RSUD", "Komunitas", "Ratna"]),
        ({"area": "Kec. Tambun Selatan"}, ["RSUD", "Komunitas", "Ratna"]),
        ({"area": "31"}, []),
        ({"topic": "Kesehatan"}, ["RSUD", "Ratna"]),
        ({"consent": "gatherings"}, ["Ratna"]),
        ({"consent": "none"}, ["RSUD", "Yuni", "Komunitas"]),
        ({"state": "confirmed"}, ["Ratna"]),
        ({"text": "radar"}, ["Ratna"]),
        ({"text": "BERSEPEDA"}, ["Komunitas"]),
        ({"text": "0812-3000"}, ["Komunitas", "Ratna"]),
        ({"text": "humas@"}, ["RSUD"]),
        ({"text": "@yuni"}, ["Yuni"]),
        ({"text": "@"}, []),
        ({"text": "%"}, []),
    ],
)
def test_contacts_are_found_by_kind_area_topic_consent_and_any_part(
    cast: Cast, register: dict[str, Contact], filters: dict[str, str], found: list[str]
) -> None:
    actions.give_consent(SYSTEM, register["Ratna Kusuma"].person_id, "gatherings", text="Saya setuju.", channel="form")
    names = named(queries.contacts(cast.actor("arif"), cast.root, ContactFilters(**filters)))
    assert [name.split()[0] for name in names] == found


def test_an_area_that_nobody_knows_is_told_and_the_page_stays(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.user("arif")).get("/daftar/kontak/", {"area": "Antah Berantah"})
    assert page.status_code == 200
    assert "Antah Berantah" in page.content.decode()
    empty = sign_in(cast.user("arif")).get("/daftar/kontak/").content.decode()
    assert reverse("registry:contact_add", args=[cast.root.pk]) in empty


@pytest.mark.parametrize(
    "query", ["", "?q=ratna", "?area=32.16", "?consent=contact", "?topic=kesehatan&kind=journalist"]
)
def test_a_list_of_many_takes_as_many_queries_as_one_of_few(cast: Cast, sign_in: SignIn, query: str) -> None:
    client, counts = sign_in(cast.user("arif")), []
    for number in range(12):
        more = {"phone": f"08123000{number:04}", "accounts": [f"https://x.com/ratna{number}"]}
        contact = note(cast.root if number % 2 else cast.sukamahi, f"Ratna {number}", **more)
        actions.give_consent(SYSTEM, contact.person_id, "contact", text="Saya setuju.", channel="form")
        if number in {1, 11}:
            client.get(f"/daftar/kontak/{query}")
            with CaptureQueriesContext(connection) as asked:
                assert client.get(f"/daftar/kontak/{query}").status_code == 200
            counts.append(len(asked))
    assert counts[0] == counts[1]


def test_correcting_keeps_what_was_in_the_audit_log(cast: Cast, sign_in: SignIn) -> None:
    contact = note(cast.tambun_selatan)
    client, address = sign_in(cast.user("joko")), reverse("registry:contact_correct", args=[contact.pk])
    assert "Radar Bekasi" in client.get(address).content.decode()
    sent = {
        "full_name": "Ratna K.",
        "kind": "influencer",
        "source": "published",
        "basis": "https://ratna.example.id/kontak",
        "areas": "32.16.06",
        "accounts": "https://www.instagram.com/ratna.radar\nhttps://x.com/ratna_k",
    }
    assert client.post(address, sent).status_code == 302
    contact.refresh_from_db()
    assert (contact.kind, contact.areas_around, contact.person.phone) == ("influencer", ["32", "32.16", "32.16.06"], "")
    assert set(contact.person.accounts.values_list("platform", "handle")) == {
        ("instagram", "ratna.radar"),
        ("x", "ratna_k"),
    }
    entry = AuditEntry.objects.get(verb="registry.contact.correct")
    assert (entry.before["kind"], entry.after["kind"], entry.after["accounts_added"]) == ("journalist", "influencer", 1)
    dropped = contact.person.accounts.get(platform="x")
    assert client.post(reverse("registry:contact_drop_account", args=[contact.pk, dropped.pk])).status_code == 302
    assert client.post(reverse("registry:contact_drop_account", args=[contact.pk, dropped.pk])).status_code == 404
    Account.objects.filter(person=contact.person).update(state="declared")
    with pytest.raises(Conflict):
        actions.drop_contact_account(cast.actor("joko"), contact.pk, contact.person.accounts.get().pk)


def test_an_official_account_is_no_contact_s(cast: Cast) -> None:
    actions.declare_account(SYSTEM, cast.root.pk, platform="instagram", handle="ratna.radar")
    with pytest.raises(Invalid) as refused:
        note(cast.root)
    assert "accounts" in refused.value.fields
    assert not Contact.objects.exists()


def test_accounts_are_stated_no_more_after_the_consent_to_list_them_ended(cast: Cast) -> None:
    contact = note(cast.root)
    actions.give_consent(SYSTEM, contact.person_id, "accounts", text="Saya setuju.", channel="form")
    actions.end_consent(link_of(contact), "accounts")
    assert not contact.person.accounts.exists()
    with pytest.raises(Invalid) as refused:
        actions.correct_contact(cast.actor("arif"), contact.pk, GIVEN)
    assert "accounts" in refused.value.fields
    actions.correct_contact(cast.actor("arif"), contact.pk, {**GIVEN, "accounts": []})


def test_without_their_consent_only_the_invitation_reaches_a_contact(cast: Cast) -> None:
    contact = note(cast.root)
    book, who = PeopleDirectory(), {contact.person_id}
    assert book.contacts(who, "registry.mandate")[contact.person_id].refusal
    assert book.contacts(who, "gatherings.invitation")[contact.person_id].refusal
    assert not book.contacts(who, "registry.invitation")[contact.person_id].refusal
    actions.give_consent(SYSTEM, contact.person_id, "contact", text="Saya setuju.", channel="form")
    assert not book.contacts(who, "registry.mandate")[contact.person_id].refusal
    assert book.contacts(who, "gatherings.invitation")[contact.person_id].refusal
    actions.give_consent(SYSTEM, contact.person_id, "gatherings", text="Saya setuju.", channel="form")
    assert not book.contacts(who, "gatherings.invitation")[contact.person_id].refusal


@pytest.fixture
def ratna(cast: Cast) -> Contact:
    """Ratna, kept by Tambun Selatan and invited by Joko."""
    contact = note(cast.tambun_selatan)
    actions.invite_contacts(cast.actor("joko"), cast.tambun_selatan.pk, [contact.pk])
    return contact


@pytest.fixture
def phone(ratna: Contact) -> Client:
    """Ratna's phone, which has opened the link."""
    client = Client()
    assert client.post(door(ratna), {"intent": "open"}).status_code == 302
    return client


def door(contact: Contact) -> str:
    found = TOKEN.search(Message.objects.filter(person_id=contact.person_id).latest("pk").link)
    assert found
    return reverse("phone:door", args=(found[1],))


def agreement(page: str, purpose: str) -> dict[str, str]:
    """Return what the button of a consent sends, as the page shows it."""
    found = re.search(rf'value="{purpose}">\s*<input type="hidden" name="digest" value="([0-9a-f]+)"', page)
    assert found
    return {"intent": "agree", "purpose": purpose, "digest": found[1]}


def test_on_their_own_page_contacts_see_all_that_is_noted_and_confirm_it(ratna: Contact, phone: Client) -> None:
    page = phone.get(door(ratna)).content.decode()
    for shown in ("Radar Bekasi", "Menulis tentang puskesmas.", "kesehatan", "Kabupaten Bekasi", "ratna.radar",
                  "Kecamatan Tambun Selatan", "Kartu nama"):  # fmt: skip
        assert shown in page
    assert phone.post(door(ratna), {"intent": "confirm"}).status_code == 302
    assert Person.objects.get(pk=ratna.person_id).state == "confirmed"
    assert phone.post(door(ratna), agreement(page, "gatherings")).status_code == 302
    assert Consent.objects.get(person=ratna.person_id).purpose == "gatherings"
    taken = phone.get(f"{door(ratna)}unduh/").json()
    assert any(one.get("notes") == "Menulis tentang puskesmas." for one in taken["registry"])


def test_contacts_consent_declare_and_prove_like_members(cast: Cast, ratna: Contact, phone: Client) -> None:
    phone.post(door(ratna), agreement(phone.get(door(ratna)).content.decode(), "accounts"))
    claim = Account.objects.get(person=ratna.person_id)
    phone.post(door(ratna), {"intent": "claim", "account_id": claim.pk})
    declared = phone.post(door(ratna), {"intent": "declare", "account": "https://bsky.app/profile/ratna.bsky.social"})
    assert declared.status_code == 302
    accounts = Account.objects.filter(person=ratna.person_id)
    assert {(one.state, one.unit) for one in accounts} == {("declared", cast.tambun_selatan)}
    assert not queries.members_accounts(cast.actor("joko"), cast.tambun_selatan).exists()
    assert Consent.objects.get(person=ratna.person_id).text


def test_contacts_correct_what_is_noted_notes_included(ratna: Contact, phone: Client) -> None:
    address = f"{door(ratna)}data/"
    form = phone.get(address).content.decode()
    assert "Menulis tentang puskesmas." in form
    assert "Kabupaten Bekasi" in form
    wrong = phone.post(address, {"full_name": "Ratna", "areas": "Antah", "phone": "bukan"})
    assert wrong.status_code == 422
    right = {"full_name": "Ratna K.", "organisation": "Lepas", "areas": "Kota Bekasi", "topics": "Pendidikan"}
    assert phone.post(address, right).status_code == 302
    ratna.refresh_from_db()
    person = ratna.person
    assert (person.full_name, person.phone, person.state) == ("Ratna K.", "", "confirmed")
    assert (ratna.organisation, ratna.areas, ratna.topics, ratna.notes) == ("Lepas", ["32.75"], ["pendidikan"], "")
    assert ratna.areas_around == ["32", "32.75"]
    assert ratna.kind == "journalist"
    assert set(AuditEntry.objects.get(verb="registry.own.correct_contact").after["corrected"]) == {
        "organisation",
        "areas",
        "topics",
        "notes",
    }


def test_a_link_opens_its_own_record_only(cast: Cast, ratna: Contact, phone: Client) -> None:
    other = note(cast.tambun_selatan, "Budi", phone="0812 3000 0009", accounts=[])
    with pytest.raises(NotFound):
        actions.correct_own_contact(Actor.of_user(cast.user("arif")), GIVEN)
    assert Client().post(f"{door(ratna)}data/", {"full_name": "Penyusup"}).status_code == 403
    phone.post(f"{door(ratna)}data/", {"full_name": "Ratna"})
    other.refresh_from_db()
    assert other.person.full_name == "Budi"


def test_who_withdrew_stays_gone_unless_they_ask(cast: Cast, ratna: Contact, phone: Client, sign_in: SignIn) -> None:
    assert phone.post(f"{door(ratna)}keluar/", {"sure": "yes"}).status_code == 200
    assert not Contact.objects.exists()
    assert not Account.objects.filter(person=ratna.person_id).exists()
    assert Person.objects.get(pk=ratna.person_id).state == "withdrawn"
    assert not queries.contacts(cast.actor("arif")).exists()
    for known in ({"phone": "0812 3000 0001"}, {"email": "ratna@radar.example.id"}, {"accounts": GIVEN["accounts"]}):
        bare = {**GIVEN, "full_name": "Orang Lain", "phone": "", "email": "", "accounts": []}
        with pytest.raises(Invalid) as refused:
            actions.add_contact(cast.actor("arif"), cast.root.pk, {**bare, **known})
        assert refused.value.code == "left"
    client = sign_in(cast.user("joko"))
    address = reverse("registry:contact_add", args=[cast.tambun_selatan.pk])
    sent = {"full_name": "Ratna Kusuma", "kind": "journalist", "source": "given", "basis": "Ia menelepon 27/11/2026"}
    assert client.post(address, sent).status_code == 422
    assert client.post(address, {**sent, "asked_back": "on"}).status_code == 302
    assert not leaving.known(leaving.digests(key="ratna kusuma", units=[cast.tambun_selatan.pk]))


@pytest.mark.parametrize(
    "change",
    [{"phone": "0812 3000 0001"}, {"email": "ratna@radar.example.id"}, {"accounts": ["https://instagram.com/ratna.radar"]},
     {"full_name": "Hj. Ratna Kusuma"}],
)  # fmt: skip
def test_nobody_is_corrected_into_somebody_who_withdrew(cast: Cast, change: dict[str, Any]) -> None:
    actions.withdraw(link_of(note(cast.root)))
    budi = {"phone": "0812 3000 0002", "email": "", "accounts": ["https://x.com/budi"]}
    contact = note(cast.root, "Budi", **budi)
    with pytest.raises(Invalid) as refused:
        actions.correct_contact(cast.actor("arif"), contact.pk, {**GIVEN, "full_name": "Budi", **budi, **change})
    assert refused.value.code == "left"
    actions.correct_contact(cast.actor("arif"), contact.pk, {**GIVEN, "full_name": "Budi S.", **budi})


def test_who_asked_back_is_reached_again(cast: Cast, ratna: Contact, phone: Client) -> None:
    phone.post(f"{door(ratna)}keluar/", {"sure": "yes"})
    back = actions.add_contact(cast.actor("joko"), cast.tambun_selatan.pk, GIVEN, asked_back=True)
    for channel in ("link", "email"):
        made = actions.invite_contacts(cast.actor("joko"), cast.tambun_selatan.pk, [back.pk], channel=channel)
        assert (made.invited, Message.objects.latest("pk").state) == (1, "queued")


def test_who_wants_no_invitation_counts_as_unreachable_and_keeps_the_link(cast: Cast, ratna: Contact) -> None:
    budi = note(cast.tambun_selatan, "Budi", phone="0812 3000 0009", email="", accounts=[])
    messages.opt_out(SYSTEM, Message.objects.get(person_id=ratna.person_id), everything=False)
    made = actions.invite_contacts(cast.actor("joko"), cast.tambun_selatan.pk, [ratna.pk, budi.pk])
    assert (made.invited, made.unreachable) == (1, 1)
    assert PersonInvitation.objects.get(person=ratna.person_id).revoked_at is None
    with pytest.raises(Conflict):
        actions.invite_contacts(cast.actor("joko"), cast.tambun_selatan.pk, [ratna.pk])


def test_a_leader_sees_no_link_of_a_contact(cast: Cast, ratna: Contact, sign_in: SignIn) -> None:
    message = Message.objects.get(person_id=ratna.person_id)
    for address in ("/pesan/", "/pesan/serah/"):
        assert "Ratna" not in sign_in(cast.user("wulan")).get(address).content.decode()
        assert "Ratna" in sign_in(cast.user("joko")).get(address).content.decode()
    with pytest.raises(NotFound):
        messages.hand_over(cast.actor("wulan"), message.pk)


@pytest.mark.parametrize("by", ["hand_on", "merge"])
def test_links_and_their_messages_go_to_the_other_unit(cast: Cast, ratna: Contact, by: str) -> None:
    if by == "hand_on":
        actions.hand_contact_on(cast.actor("arif"), ratna.pk, cast.sukamahi.pk)
    else:
        other = note(cast.sukamahi, "Ratna K.", phone="", email="", accounts=[])
        actions.merge_contacts(cast.actor("arif"), other.pk, ratna.pk)
    assert PersonInvitation.objects.get().unit == cast.sukamahi
    assert not messages.to_hand_over(cast.actor("joko")).exists()
    assert messages.to_hand_over(cast.actor("arif")).get().unit_id == cast.sukamahi.pk


def test_who_does_not_confirm_is_removed_with_all_that_was_noted(cast: Cast, ratna: Contact) -> None:
    kept = note(cast.root, "Budi", phone="0812 3000 0009", accounts=[])
    Person.objects.filter(pk=kept.person_id).update(state="confirmed")
    long_ago = clock.now() - timedelta(days=31)
    Person.objects.filter(contact__isnull=False).update(created_at=long_ago)
    assert tasks.purge_unconfirmed() == 1
    assert list(Contact.objects.all()) == [kept]
    assert not Account.objects.filter(person=ratna.person_id).exists()
    message = Message.objects.get(person_id=ratna.person_id)
    assert (message.body, message.state) == ("", "suppressed")


def test_all_who_have_not_answered_are_invited_once(cast: Cast, register: dict[str, Contact], sign_in: SignIn) -> None:
    client, address = sign_in(cast.user("arif")), reverse("registry:contacts_invite", args=[cast.root.pk])
    assert client.post(address).status_code == 302
    channels = dict(PersonInvitation.objects.values_list("person__full_name", "channel"))
    assert channels == {"Ratna Kusuma": "link", "Komunitas Bekasi Bersepeda": "link", "RSUD Cibitung": "link"}
    assert {one.unit_id for one in PersonInvitation.objects.all()} == {cast.root.pk, cast.tambun_selatan.pk}
    assert client.post(address).status_code == 409
    assert messages.Message.objects.count() == 3
    with pytest.raises(Invalid):
        actions.invite_contacts(cast.actor("arif"), cast.root.pk, channel="pos")
    one = register["Ratna Kusuma"]
    assert client.post(reverse("registry:contact_invite", args=[one.pk])).status_code == 302
    assert PersonInvitation.objects.filter(person=one.person_id, revoked_at=None).count() == 1
    none = register["Yuni Kreatif"]
    assert client.post(reverse("registry:contact_invite", args=[none.pk])).status_code == 409
    assert client.get(one.get_absolute_url()).status_code == 200


def test_an_ended_link_or_another_channel_does_not_hold_up_the_rest(
    cast: Cast, register: dict[str, Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kentongan.registry.actions.contacts.INVITED_AT_ONCE", 1)
    Person.objects.filter(pk=register["Ratna Kusuma"].person_id).update(email="")
    arif = cast.actor("arif")
    assert actions.invite_contacts(arif, cast.root.pk, channel="email").invited == 1
    asked = PersonInvitation.objects.get()
    assert asked.person_id == register["RSUD Cibitung"].person_id
    with pytest.raises(Conflict):
        actions.invite_contacts(arif, cast.root.pk, channel="email")
    PersonInvitation.objects.update(expires_at=clock.now())
    assert actions.invite_contacts(arif, cast.root.pk, channel="email").invited == 1


def test_a_contact_s_link_is_listed_renewed_and_ended(cast: Cast, ratna: Contact, sign_in: SignIn) -> None:
    PersonInvitation.objects.update(asked_again_at=clock.now())
    again = reverse("registry:invite_one", args=[ratna.person_id])
    assert sign_in(cast.user("euis")).post(again).status_code == 404
    client, listed = sign_in(cast.user("joko")), reverse("registry:invitations", args=[cast.tambun_selatan.pk])
    page = client.get(listed).content.decode()
    assert "Ratna Kusuma" in page
    assert "hand-stop" in page
    assert client.post(again).status_code == 302
    end = reverse("registry:invitation_revoke", args=[PersonInvitation.objects.get(revoked_at=None).pk])
    assert end in client.get(ratna.get_absolute_url()).content.decode()
    assert client.post(end).status_code == 302
    assert not PersonInvitation.objects.filter(revoked_at=None).exists()
    assert not queries.invitations(cast.actor("euis")).exists()


def test_those_who_share_phone_account_or_name_are_offered_and_decided(cast: Cast, sign_in: SignIn) -> None:
    one = note(cast.root, topics=["a"], areas=["32.16"], notes="Satu.")
    by_phone = note(
        cast.sukamahi, "Ratna dari Radar", accounts=[], email="", topics=["b"], areas=["32.75"], notes="Dua."
    )
    by_account = note(cast.sukamahi, "Admin Radar", phone="", email="")
    by_name = note(cast.root, "RATNA KUSUMA, S.Sos.", phone="0812 3000 0009", email="", accounts=[])
    note(cast.tambun_selatan, "Ratna Kusuma", phone="", email="", accounts=[])
    pairs = [(pair.one.pk, pair.other.pk, pair.why) for pair in queries.alike_contacts(cast.actor("arif"), cast.root)]
    assert pairs == [
        (one.pk, by_phone.pk, "1phone"),
        (one.pk, by_account.pk, "2account"),
        (one.pk, by_name.pk, "3name"),
    ]
    assert queries.alike_contacts(cast.actor("joko"), cast.tambun_selatan) == []
    client, acts = sign_in(cast.user("arif")), {"unit": cast.root.pk}
    page = client.get(reverse("registry:contact_duplicates", args=[cast.root.pk])).content.decode()
    assert page.count(reverse("registry:contact_merge", args=[one.pk, by_phone.pk])) == 1
    assert client.post(reverse("registry:contact_apart", args=[one.pk, by_name.pk]), acts).status_code == 302
    actions.give_consent(SYSTEM, by_phone.person_id, "gatherings", text="Saya setuju.", channel="form")
    assert client.post(reverse("registry:contact_merge", args=[one.pk, by_phone.pk]), acts).status_code == 302
    one.refresh_from_db()
    assert (one.topics, one.areas, one.notes) == (["a", "b"], ["32.16", "32.75"], "Satu.\nDua.")
    assert one.areas_around == ["32", "32.16", "32.75"]
    assert one.person.state == "confirmed"
    assert Consent.objects.get(person=one.person).purpose == "gatherings"
    assert not Person.objects.filter(pk=by_phone.person_id).exists()
    entry = AuditEntry.objects.filter(verb="registry.contact.merge").latest("pk")
    assert entry.before["notes"].startswith("#"), "the log names nobody"
    assert KeptApart.objects.count() == 1
    with pytest.raises(Invalid):
        actions.merge_contacts(cast.actor("arif"), one.pk, one.pk)
    left = queries.alike_contacts(cast.actor("arif"), cast.root)
    assert [(pair.one.pk, pair.other.pk) for pair in left] == [(one.pk, by_account.pk)]
    actions.merge_contacts(cast.actor("arif"), one.pk, by_account.pk)
    assert Account.objects.get(person=one.person).unit == cast.root


def test_a_contact_goes_to_another_unit_with_its_accounts(cast: Cast, sign_in: SignIn) -> None:
    contact, client = note(cast.sukamahi), sign_in(cast.user("arif"))
    address = reverse("registry:contact_hand_on", args=[contact.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"unit": "32.16.06"}).status_code == 302
    contact.refresh_from_db()
    assert (contact.unit, contact.person.accounts.get().unit) == (cast.tambun_selatan, cast.tambun_selatan)
    assert named(queries.contacts(cast.actor("joko"))) == ["Ratna Kusuma"]
    assert client.post(address, {"unit": "32.16.06"}).status_code == 422
    actions.close_unit(SYSTEM, cast.sukamahi.pk)
    with pytest.raises(Conflict):
        actions.hand_contact_on(cast.actor("arif"), contact.pk, cast.sukamahi.pk)
    with pytest.raises(Conflict):
        note(cast.sukamahi, "Budi", phone="", email="", accounts=[])


def test_contacts_follow_a_unit_that_is_merged_and_come_back(cast: Cast) -> None:
    contact = note(cast.sukamahi)
    change = actions.merge_unit(cast.actor("arif"), cast.sukamahi.pk, cast.tambun_selatan.pk, basis="Perda 1/2027")
    contact.refresh_from_db()
    assert (contact.unit, contact.person.accounts.get().unit) == (cast.tambun_selatan, cast.tambun_selatan)
    actions.undo_change(cast.actor("arif"), change.pk)
    contact.refresh_from_db()
    assert contact.unit == cast.sukamahi


def test_an_export_escapes_formulas_and_is_written_down(cast: Cast, sign_in: SignIn) -> None:
    note(cast.root, "=HYPERLINK(1)", organisation="+Radar")
    note(cast.root, "Budi", kind="community", phone="0812 3000 0002", accounts=[])
    client = sign_in(cast.user("arif"))
    taken = client.get("/daftar/kontak/?format=csv&kind=journalist")
    text = b"".join(taken.streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=HYPERLINK(1)" in text
    assert "'+Radar" in text
    assert "'+6281230000001" in text
    assert "Budi" not in text
    entry = AuditEntry.objects.get(verb="registry.contact.export")
    assert (entry.after, entry.user_id) == ({"contacts": 1}, cast.user("arif").pk)
    book = client.get("/daftar/kontak/?format=xlsx")
    assert b"".join(book.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]
    assert client.get("/daftar/kontak/?format=pdf").status_code == 422


def test_removing_leaves_nothing_but_the_trace(cast: Cast, ratna: Contact, sign_in: SignIn) -> None:
    client = sign_in(cast.user("joko"))
    assert client.post(reverse("registry:contact_remove", args=[ratna.pk])).status_code == 302
    assert not Person.objects.filter(pk=ratna.person_id).exists()
    assert client.post(reverse("registry:contact_remove", args=[ratna.pk])).status_code == 404
    assert AuditEntry.objects.get(verb="registry.contact.remove").before == {"kind": "journalist", "state": "invited"}


@pytest.mark.parametrize(
    ("text", "near", "code"),
    [
        ("Kab. Bekasi", "", "32.16"),
        ("Kota Bekasi", "32.16", "32.75"),
        ("bekasi", "32.16", "32.16"),
        ("bekasi", "32.16.06", "32.16"),
        ("JAWA BARAT", "", "32"),
        ("3216", "", "32.16"),
        ("32.16.09", "", "32.16.09"),
        ("Kec. Cikarang  Utara", "", "32.16.09"),
        ("Desa Sukamahi", "32.16", "32.16.20.2002"),
    ],
)
def test_areas_are_read_as_people_write_them(text: str, near: str, code: str) -> None:
    assert coverage.read(text, near) == code


def test_areas_are_shown_so_that_they_are_read_back(cast: Cast) -> None:
    codes = ["32.16", "32.75", "32.16.09", "32.16.20.2002", "73.22.06", "99.99"]
    shown = coverage.spoken(codes, "32.16")
    assert shown == "Kabupaten Bekasi; Kota Bekasi; Kec. Cikarang Utara; Desa Sukamahi; Kec. Sukamaju; 99.99"
    assert [coverage.read(text, "32.16") for text in coverage.split(shown)[:-1]] == codes[:-1]
    assert coverage.spoken(["32.01.26.2010"], "32.16") == "32.01.26.2010", "another village of that name is nearer"


@pytest.mark.parametrize("text", ["bekasi", "Sukamaju", "99.99", "Negeri Antah", "kec."])
def test_an_area_that_nobody_can_be_sure_of_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        coverage.read(text)


def test_the_search_on_top_finds_contacts_for_those_who_administer_their_unit(cast: Cast, sign_in: SignIn) -> None:
    for name, unit in (("Ratna Kusuma", cast.tambun_selatan), ("Ratna Dewi", cast.cikarang_pusat)):
        note(unit, name, phone="", email="", accounts=[])
    found = {}
    for who in ("arif", "joko", "wulan", "dewi"):
        page = sign_in(cast.user(who)).get("/cari/", {"q": "ratna"}).content.decode()
        found[who] = [name for name in ("Ratna Kusuma", "Ratna Dewi") if name in page]
    assert found == {"arif": ["Ratna Kusuma", "Ratna Dewi"], "joko": ["Ratna Kusuma"], "wulan": [], "dewi": []}
    kusuma = Contact.objects.get(person__full_name="Ratna Kusuma")
    page = sign_in(cast.user("joko")).get("/cari/", {"q": "radar"}).content.decode()
    assert reverse("registry:contact", args=(kusuma.pk,)) in page
    assert "Kecamatan Tambun Selatan" in page
    actions.withdraw(Actor.of_link(kusuma.person_id, ""))
    assert "Ratna" not in sign_in(cast.user("joko")).get("/cari/", {"q": "radar"}).content.decode()
