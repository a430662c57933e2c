"""Who withdraws is found nowhere any more: every column of every table, and every file, is searched for them."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from kentongan.core import audit, clock, files, imports, jobs, messages, retention
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.imports import ImportRun
from kentongan.core.models import AuditEntry, ImportReject, StoredFile, User
from kentongan.core.permissions import Capability
from kentongan.gatherings import actions as gatherings
from kentongan.gatherings.actions import Plan
from kentongan.missions.actions import instructions
from kentongan.missions.models import Receipt
from kentongan.registry import actions
from kentongan.registry.actions.custody import Correction
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.importing.contacts import ContactImport
from kentongan.registry.importing.people import PeopleImport
from kentongan.registry.models import Account, Consent, Dispute, ImportStep, Membership, Person, Unit
from named_cast import SYSTEM, Cast

SignIn = Callable[[User], Client]

NAME = "Zubaidah Kartanegara"
PHONE = "081299887766"
MAIL = "zubaidah@kartanegara.example"
# How they may stand anywhere: parts of the name and address, the phone's own digits however they are set.
NEEDLES = ("zubaidah", "kartanegara", "81299887766", "812-9988-7766", "812 9988 7766")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
CONSENTS = dict.fromkeys(Consent.Purpose.values, "Saya setuju.")


def traces() -> list[str]:
    """Return where any of the needles stands: each table with its row, each file with its place."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            anything = " OR ".join(["t::text ILIKE %s"] * len(NEEDLES))
            cursor.execute(
                f'SELECT t::text FROM public."{table}" t WHERE {anything}', [f"%{needle}%" for needle in NEEDLES]
            )
            found += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    for place in files.content_path("0" * 64).parents[2].rglob("*"):
        content = place.read_bytes().lower() if place.is_file() else b""
        found += [f"{place}: {needle}" for needle in NEEDLES if needle.encode() in content]
    return found


def told() -> str:
    """Return the traces for whoever reads a failure."""
    return "\n".join(one[:600] for one in traces())


def csv(*lines: str) -> bytes:
    return "\n".join(["Nama;Jabatan;Desa;HP;Email;Instagram", *lines]).encode()


def bring(cast: Cast, content: bytes) -> ImportRun:
    """Bring a list of the regency in."""
    options = {"basis": "Daftar kader 2026"}
    run = imports.upload(
        cast.actor("arif"), PeopleImport.name, cast.root.pk, BytesIO(content), "kader.csv", options=options
    )
    job = jobs.run_now(imports.confirm(cast.actor("arif"), run.pk, inline=True))
    assert job.state == "done", job.error
    return run


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let content that was uploaded a moment ago be removed too, and each test have a store of its own."""
    monkeypatch.setattr(files, "YOUNG_SECONDS", -1)
    monkeypatch.setattr(files, "_root", lambda: tmp_path)


@pytest.fixture
def zubaidah(cast: Cast) -> Person:
    """Somebody who was on two lists, the second one with other values, and with rows that were given back."""
    row = f"{NAME};Kader;Sukamahi;{PHONE};{MAIL};zubaidah.k"
    bring(cast, csv(row, f"{NAME};Kader;Desa Antah;0812-9988-7766;;", "Cecep;Kader;Sukamahi;081300000001;;"))
    person = Person.objects.get(full_name=NAME)
    bring(cast, csv(f"{NAME.upper()};Kader;Sukamahi;{PHONE};z@kartanegara.example;", f"Lain;Kader;Sukamahi;{PHONE};;"))
    Person.objects.filter(full_name="Lain").delete()  # what stays is the remark that they had the same phone
    assert ImportStep.objects.exclude(changes=[]).exists()
    assert ImportRun.objects.filter(rows_rejected__gt=0).exists()
    return person


def live_through_everything(cast: Cast, person: Person) -> None:
    """Let the person come through every mechanism that keeps something about people."""
    arif, me = cast.actor("arif"), Actor.of_link(person.pk, NAME)
    actions.correct_person(arif, person.pk, full_name=f"Hj. {NAME}", phone=PHONE, email=MAIL)
    actions.invite(arif, cast.root.pk, [person.pk])
    actions.correct_self(me, full_name=NAME, phone=PHONE, email=MAIL)
    actions.confirm_self(me)
    for purpose, text in CONSENTS.items():
        actions.give_consent(me, person.pk, purpose, text=text, channel="link")
    actions.confirm_claim(me, Account.objects.get(person=person).pk)
    account = actions.declare_own(me, text="https://www.facebook.com/zubaidah.kartanegara")
    file = actions.keep_evidence(arif, account.pk, BytesIO(PIXEL + NAME.encode()), "zubaidah.png")
    actions.attest_account(arif, account.pk, note=f"Saya lihat di ponsel {NAME}", file=file)
    actions.issue_code(me, actions.declare_own(me, text="zubaidah.bsky.social", platform="bluesky").pk)
    rival = actions.add_person(SYSTEM, NewPerson("Rival", cast.sukamahi.pk, "Kader", "SK", consents={"accounts": "Ya"}))
    theirs = actions.declare_own(Actor.of_link(rival.pk, ""), text="https://www.facebook.com/zubaidah.kartanegara")
    actions.attest_account(arif, theirs.pk, note="Dua pihak", link="https://example.id/bukti")
    dispute = Dispute.objects.get(claimant=theirs)
    actions.resolve_dispute(arif, dispute.pk, outcome="kept", reason="Sudah ditanya")
    actions.remove_own(Actor.of_link(rival.pk, ""), theirs.pk)
    twin = actions.add_person(SYSTEM, NewPerson("Zubaidah K.", cast.sukamahi.pk, "Penasihat", "SK", phone=PHONE))
    third = actions.add_person(SYSTEM, NewPerson("Zubaidah Lain", cast.sukamahi.pk, "Anggota", "SK", phone=PHONE))
    actions.keep_apart(arif, person.pk, third.pk)
    actions.merge_people(arif, person.pk, twin.pk)
    actions.remove_person(arif, third.pk)
    official = actions.declare_account(arif, cast.sukamahi.pk, platform="x", handle="desasukamahi")
    actions.correct_account(arif, official.pk, Correction(custodian_id=person.pk))
    deputy = actions.add_person(SYSTEM, NewPerson("Wakil", cast.sukamahi.pk, "Staf", "SK"))
    actions.begin_handover(arif, official.pk, person.pk, deputy.pk, due_on=clock.now().date() + timedelta(days=9))
    post = Membership.objects.filter(person=person).order_by("pk").first()
    assert post is not None
    actions.deny_position(me, post.pk)
    actions.deny_position(me, post.pk, denied=False)
    messages.queue(
        arif, channel="link", purpose="x", subject=f"Kepada {NAME}", body=f"Halo {NAME}", dedupe_key="z",
        person_id=person.pk, unit_id=cast.root.pk,
    )  # fmt: skip


@pytest.fixture
def order() -> Callable[..., instructions.Order]:
    """Return a function that writes an order to all below a unit."""

    def write(unit: Unit, **changes: Any) -> instructions.Order:
        values = {"unit_id": unit.pk, "scope_id": unit.pk, "title": "Pasang jadwal", "text": "Cetak, pasang, kirim."}
        return instructions.Order(**values, due_at=clock.now() + timedelta(days=3), form_key=uuid.uuid4(), **changes)

    return write


def meet_and_answer(cast: Cast, person: Person, order: Callable[..., Any]) -> None:
    """Let the person come to a meeting and answer an instruction in their own words."""
    start = clock.now() + timedelta(days=2)
    meeting = gatherings.plan_gathering(
        cast.actor("dewi"), cast.root.pk, Plan("Temu", "Aula", start, start + timedelta(hours=2))
    )
    gatherings.add_person(cast.actor("dewi"), meeting.pk, person.pk)
    drafted = instructions.draft(cast.actor("wulan"), order(cast.root, audience="people", evidence="note"))
    sent = instructions.send(cast.actor("wulan"), drafted.pk)
    receipt = Receipt.objects.filter(instruction=sent, person=person).first()
    assert receipt is not None
    photo = files.store(SYSTEM, BytesIO(PIXEL + b"zubaidah"), "zubaidah.png", capability=Capability.VIEW)
    given = instructions.Answer(done=True, note=f"Sudah, {NAME}", proof=photo)
    instructions.answer(Actor.of_link(person.pk, NAME), receipt.pk, given)


def test_nothing_is_left_of_who_withdraws(
    cast: Cast, zubaidah: Person, order: Callable[..., Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        live_through_everything(cast, zubaidah)
        meet_and_answer(cast, zubaidah, order)
    assert len(traces()) > 10, "the search finds what is there"
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw(Actor.of_link(zubaidah.pk, NAME))
    assert not traces(), told()


def test_nothing_is_left_of_a_colleague_who_gave_their_role_back_and_withdraws(
    cast: Cast, sign_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    arif = cast.actor("arif")
    user = actions.add_user(arif, cast.sukamahi.pk, email=MAIL, name=NAME)
    grant = actions.grant_role(arif, user.pk, cast.sukamahi.pk, "administrator")
    assert sign_in(user).get(reverse("registry:index")).status_code == 200
    actions.add_person(Actor.of_user(user), NewPerson("Warga", cast.sukamahi.pk, "Kader", "SK"))
    actions.revoke_role(arif, grant.pk)
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw(Actor.of_user(User.objects.get(pk=user.pk)))
    assert not traces(), told()


def test_nothing_is_left_of_who_is_removed(
    cast: Cast, zubaidah: Person, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        actions.remove_person(cast.actor("arif"), zubaidah.pk)
    assert not traces(), told()


def test_the_log_tells_that_something_changed_and_not_what_it_was(cast: Cast, sign_in: SignIn) -> None:
    person = actions.add_person(SYSTEM, NewPerson(NAME, cast.sukamahi.pk, "Kader", "SK", phone=PHONE))
    actions.correct_person(cast.actor("arif"), person.pk, full_name=NAME, phone="081200000002", email=MAIL)
    entry = AuditEntry.objects.get(verb="registry.person.correct")
    changed = {name for name, _before, _after in entry.changes}
    assert changed == {"phone", "email"}
    assert entry.before["full_name"] == entry.after["full_name"] != NAME
    assert entry.object_label == f"#{person.pk}"
    client = sign_in(cast.user("arif"))
    page = client.get(reverse("web:audit_log")).content.decode()
    assert NAME in page, "whoever reads the log is told the present name"
    assert NAME in client.get(reverse("web:audit_log"), {"q": "zubaidah"}).content.decode()
    actions.remove_person(cast.actor("arif"), person.pk)
    assert NAME not in client.get(reverse("web:audit_log")).content.decode()


def test_lists_are_erased_when_the_time_to_confirm_is_over(
    cast: Cast, zubaidah: Person, django_capture_on_commit_callbacks: Any
) -> None:
    assert retention.purge_lists() == 0
    ImportRun.objects.update(finished_at=clock.now() - timedelta(days=31))
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.purge_lists() > 0
    assert retention.purge_lists() == 0
    with pytest.raises(NotFound):
        files.path(StoredFile.objects.filter(erased_at__isnull=False)[0])
    assert not any(one.startswith(("/", "core_importreject")) for one in traces())


def test_a_list_that_nobody_confirmed_is_discarded_in_time_and_the_page_still_opens(
    cast: Cast, sign_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    content = csv(f"{NAME};Kader;Sukamahi;{PHONE};;")
    given = {"basis": "Daftar kader 2026"}
    arif = cast.actor("arif")
    run = imports.upload(arif, PeopleImport.name, cast.root.pk, BytesIO(content), "kader.csv", options=given)
    ImportRun.objects.update(created_at=clock.now() - timedelta(days=31))
    with django_capture_on_commit_callbacks(execute=True):
        retention.purge_lists()
    run.refresh_from_db()
    assert run.state == "discarded"
    assert not traces(), told()
    assert sign_in(cast.user("arif")).get(run.get_absolute_url()).status_code == 200
    again = imports.upload(arif, PeopleImport.name, cast.root.pk, BytesIO(content), "kader.csv", options=given)
    assert files.path(again.file).exists(), "the same list may come again"


def test_rows_of_others_stay_to_be_mended(cast: Cast, zubaidah: Person) -> None:
    bring(cast, csv("Cecep;Kader;Desa Antah;081300000001;;"))
    actions.withdraw(Actor.of_link(zubaidah.pk, NAME))
    assert ImportRun.objects.filter(told__original__icontains="Cecep").exists()


def test_who_acts_by_a_link_is_named_to_readers_as_long_as_there_is_a_name(cast: Cast) -> None:
    person = actions.add_person(SYSTEM, NewPerson(NAME, cast.sukamahi.pk, "Kader", "SK"))
    actions.confirm_self(Actor.of_link(person.pk, NAME))
    entry = AuditEntry.objects.get(verb="registry.own.confirm")
    assert (entry.actor_label, entry.who) == ("", "")
    assert audit.named([entry])[0].who == NAME
    user = AuditEntry.objects.filter(user=cast.user("arif")).first()
    assert user is None or audit.named([user])[0].who == "Arif"


def test_nothing_is_left_of_a_contact_who_withdraws(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    given = {
        "full_name": NAME,
        "kind": "influencer",
        "organisation": f"Kanal {NAME}",
        "phone": PHONE,
        "email": MAIL,
        "notes": f"Teman {NAME}",
        "source": "published",
        "basis": "https://zubaidah.example/kontak",
        "accounts": ["https://www.instagram.com/zubaidah.k"],
    }
    contact = actions.add_contact(cast.actor("arif"), cast.root.pk, given)
    actions.correct_contact(cast.actor("arif"), contact.pk, {**given, "notes": f"Kenal {NAME}"})
    assert traces()
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw(Actor.of_link(contact.person_id, NAME))
    assert not traces(), told()


def test_the_log_does_not_keep_the_page_on_which_a_merged_contact_publishes_themselves(cast: Cast) -> None:
    page = {"source": "published", "basis": "https://zubaidah.example/kontak", "kind": "journalist"}
    keep = actions.add_contact(SYSTEM, cast.root.pk, {**page, "full_name": "Ratna", "basis": "https://radar.example"})
    gone = actions.add_contact(SYSTEM, cast.root.pk, {**page, "full_name": "Ratna K."})
    actions.merge_contacts(cast.actor("arif"), keep.pk, gone.pk)
    assert not traces(), told()


@pytest.mark.parametrize("state", ["stopped", "failed", "undoing"])
def test_a_list_that_never_came_to_its_end_is_erased_in_time_and_can_only_be_undone(
    cast: Cast, zubaidah: Person, state: str, django_capture_on_commit_callbacks: Any
) -> None:
    ImportRun.objects.update(state=state, finished_at=None if state == "undoing" else clock.now())
    assert retention.purge_lists() == 0
    month = clock.now() - timedelta(days=31)
    ImportRun.objects.update(created_at=month, finished_at=None if state == "undoing" else month)
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.purge_lists() > 0
    assert not any(one.startswith(("/", "core_importreject")) for one in traces())
    run = ImportRun.objects.latest("pk")
    assert (run.state, run.can_continue) == (state, False)
    jobs.run_now(imports.undo(cast.actor("arif"), run.pk, inline=True))
    assert ImportRun.objects.get(pk=run.pk).state == "undone"


def test_a_list_that_stopped_does_not_go_on_after_somebody_in_it_left(
    cast: Cast, zubaidah: Person, django_capture_on_commit_callbacks: Any
) -> None:
    ImportRun.objects.update(state="stopped")
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw(Actor.of_link(zubaidah.pk, NAME))
    assert not traces(), told()
    run = ImportRun.objects.latest("pk")
    with pytest.raises(NotFound, match=r"erased|dihapus"):
        imports.resume(cast.actor("arif"), run.pk, inline=True)
    run.refresh_from_db()
    assert run.state == "stopped"


@pytest.mark.parametrize(
    ("name", "written"),
    [("Ma'ruf", "Ma'ruf"), ("Ma'ruf", "MA’RUF"), ("Maruf", "Ma'ruf"), ("Adi Eko", "ADI  EKO"), ("Éka", "Éka")],
)
def test_rejected_rows_are_blanked_whatever_the_name_is_like(cast: Cast, name: str, written: str) -> None:
    bring(cast, csv(f"{written};Kader;Desa Antah;;;", "Hadi Ekoputra;Kader;Desa Antah;;;"))
    person = actions.add_person(SYSTEM, NewPerson(name, cast.sukamahi.pk, "Kader", "SK"))
    actions.withdraw(Actor.of_link(person.pk, name))
    assert [row[0] for row in ImportReject.objects.values_list("original", flat=True) if row] == ["Hadi Ekoputra"]


def test_the_list_of_a_unit_that_somebody_has_left_since_is_erased_too(cast: Cast) -> None:
    options = {"basis": "Daftar kader 2026"}
    content = BytesIO(csv(f"{NAME};Kader;Sukamahi;{PHONE};;"))
    run = imports.upload(SYSTEM, PeopleImport.name, cast.sukamahi.pk, content, "kader.csv", options=options)
    jobs.run_now(imports.confirm(SYSTEM, run.pk, inline=True))
    person = Person.objects.get(full_name=NAME)
    Membership.objects.filter(person=person).update(unit=cast.tambun_selatan)
    actions.withdraw(Actor.of_link(person.pk, NAME))
    run.file.refresh_from_db()
    assert run.file.erased_at is not None


def test_the_list_of_a_unit_at_which_somebody_was_met_only_is_erased_too(cast: Cast) -> None:
    options = {"basis": "Daftar kader 2026"}
    runs = []
    for _time in range(2):
        content = BytesIO(csv(f"{NAME};Kader;Sukamahi;{PHONE};;", *(["Lain;Kader;Sukamahi;;;"] * len(runs))))
        runs.append(imports.upload(SYSTEM, PeopleImport.name, cast.sukamahi.pk, content, "k.csv", options=options))
        jobs.run_now(imports.confirm(SYSTEM, runs[-1].pk, inline=True))
    person = Person.objects.get(full_name=NAME)
    ImportStep.objects.filter(run=runs[0]).delete()
    Membership.objects.filter(person=person).update(unit=cast.tambun_selatan)
    actions.withdraw(Actor.of_link(person.pk, NAME))
    runs[1].file.refresh_from_db()
    assert runs[1].file.erased_at is not None


@pytest.mark.parametrize("kind", [PeopleImport.name, ContactImport.name])
def test_nothing_stays_in_a_list_of_the_whole_organisation(
    cast: Cast, kind: str, django_capture_on_commit_callbacks: Any
) -> None:
    head = "Nama;Jabatan;Desa;HP" if kind == PeopleImport.name else "Nama;Jenis;Media;HP"
    rows = (
        (f"{NAME};Kader;Sukamahi;{PHONE}", f"{NAME};Kader;Desa Antah;{PHONE}")
        if kind == PeopleImport.name
        else (f"{NAME};Wartawan;Radar;{PHONE}", f"{NAME};Entah;Radar;{PHONE}")
    )
    content = BytesIO("\n".join([head, *rows]).encode())
    run = imports.upload(cast.actor("arif"), kind, None, content, "semua.csv", options={"basis": "Daftar 2026"})
    job = jobs.run_now(imports.confirm(cast.actor("arif"), run.pk, inline=True))
    assert job.state == "done", job.error
    run.refresh_from_db()
    assert (run.unit_id, run.rows_new, run.rows_rejected) == (None, 1, 1)
    person = Person.objects.get(full_name=NAME)
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw(Actor.of_link(person.pk, NAME))
    assert not traces(), told()
    assert jobs.run_now(imports.undo(cast.actor("arif"), run.pk, inline=True)).state == "done"


def test_a_list_states_no_account_of_who_ended_the_consent_to_list_them(cast: Cast) -> None:
    bring(cast, csv("Asep Saepudin;Kader;Sukamahi;081200000001;;asep.lama"))
    person = Person.objects.get(full_name="Asep Saepudin")
    actions.give_consent(SYSTEM, person.pk, "accounts", text="Saya setuju.", channel="form")
    actions.end_consent(Actor.of_link(person.pk, ""), "accounts")
    bring(cast, csv("Asep Saepudin;Kader;Sukamahi;081200000001;;asep.baru"))
    assert not person.accounts.exists()
