"""Lists whose people were merged, or are needed by other rooms, are taken back so far as that is right, and say so."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import translation

from kentongan.core import clock, imports, jobs
from kentongan.core.actor import Actor
from kentongan.core.imports import ImportRun
from kentongan.core.models import Job, User
from kentongan.gatherings import actions as gatherings
from kentongan.gatherings.actions import Plan
from kentongan.gatherings.models import Participant
from kentongan.missions.actions import instructions
from kentongan.missions.models import MemberLink, Mission, MissionInvitation, Receipt
from kentongan.publishing.models import RecallLink
from kentongan.registry import actions, standing
from kentongan.registry.importing.contacts import ContactImport
from kentongan.registry.importing.people import PeopleImport
from kentongan.registry.models import (
    Account,
    Consent,
    Contact,
    Handover,
    ImportStep,
    KeptApart,
    Membership,
    Person,
    PersonInvitation,
    RefusedAccount,
    Unit,
)
from named_cast import SYSTEM, Cast
from registry.recalls import recall

HEADS = {PeopleImport.name: "nama,hp,email,desa,jabatan", ContactImport.name: "Nama,Jenis,Media,No HP,Email"}


def bring(kind: str, unit: Unit, *lines: str) -> ImportRun:
    content = BytesIO("\n".join([HEADS[kind], *lines]).encode())
    run = imports.upload(SYSTEM, kind, unit.pk, content, "a.csv", options={"basis": "Daftar 2026"})
    job = jobs.run_now(imports.confirm(SYSTEM, run.pk, inline=True))
    assert job.state == Job.State.DONE, job.error
    return run


def undo(run: ImportRun) -> dict[str, Any]:
    job = jobs.run_now(imports.undo(SYSTEM, run.pk, inline=True))
    assert job.state == Job.State.DONE, job.error
    return job.result


def named(name: str) -> Person:
    return Person.objects.get(full_name=name)


def test_undo_leaves_whom_a_hand_has_merged_and_says_so(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    bring(PeopleImport.name, cast.root, "Nani Suryani,081200000001,,Sukamahi,Ketua")
    second = bring(
        PeopleImport.name, cast.root, "Nani S.,081200000002,nani@example.id,Sukamahi,Bendahara", "Budi,,,Sukamahi,Ketua"
    )
    keep, gone = named("Nani Suryani"), named("Nani S.")
    actions.merge_people(cast.actor("arif"), keep.pk, gone.pk)
    step = ImportStep.objects.get(run=second)
    assert (gone.pk in step.people, step.joined) == (False, [keep.pk])
    told = undo(second)
    assert (told["undone"], told["left"], told["left_for"]) == (1, 1, {"merged": 1})
    keep.refresh_from_db()
    assert keep.email == "nani@example.id"
    assert set(keep.memberships.values_list("title", flat=True)) == {"Ketua", "Bendahara"}
    assert not Person.objects.filter(full_name="Budi").exists()
    with translation.override("id"):
        page = sign_in(cast.user("arif")).get(second.get_absolute_url()).content.decode()
        assert "digabung dengan catatan lain <strong>1</strong>" in page


def test_values_that_a_list_changed_before_the_merge_are_told_as_left(cast: Cast) -> None:
    bring(
        PeopleImport.name,
        cast.root,
        "Nani S.,081200000002,,Sukamahi,Ketua",
        "Nani Suryani,081200000001,,Sukamahi,Ketua",
    )
    second = bring(PeopleImport.name, cast.root, "Nani S.,081200000002,nani@example.id,Sukamahi,Ketua")
    assert ImportStep.objects.get(run=second).changes
    keep, gone = named("Nani Suryani"), named("Nani S.")
    actions.merge_people(cast.actor("arif"), keep.pk, gone.pk)
    assert ImportStep.objects.get(run=second).changes == []
    told = undo(second)
    assert (told["undone"], told["left"], told["left_for"]) == (0, 1, {"merged": 1})


def test_the_list_that_brought_a_merged_record_is_erased_when_the_person_withdraws(cast: Cast) -> None:
    first = bring(PeopleImport.name, cast.tambun_selatan, "Nani S.,081200000002,,,Ketua")
    bring(PeopleImport.name, cast.root, "Nani Suryani,081200000001,,Sukamahi,Ketua")
    keep, gone = named("Nani Suryani"), named("Nani S.")
    Membership.objects.filter(person=gone).update(unit=cast.sukamahi)  # the same position: it goes with the record
    actions.merge_people(cast.actor("arif"), keep.pk, gone.pk)
    assert keep.memberships.count() == 1
    actions.withdraw(Actor.of_link(keep.pk, ""))
    first.file.refresh_from_db()
    assert first.file.erased_at is not None


def test_undo_leaves_a_contact_whom_a_hand_has_merged(cast: Cast) -> None:
    bring(ContactImport.name, cast.root, "Ratna,Wartawan,Radar,081230000001,")
    second = bring(ContactImport.name, cast.root, "Ratna K.,Wartawan,Radar,081230000002,r@example.id")
    keep, gone = (Contact.objects.get(person__full_name=name) for name in ("Ratna", "Ratna K."))
    actions.merge_contacts(cast.actor("arif"), keep.pk, gone.pk)
    told = undo(second)
    assert (told["undone"], told["left"], told["left_for"]) == (0, 1, {"merged": 1})
    assert Contact.objects.get().person.email == "r@example.id"


def official(cast: Cast, **more: Any) -> Account:
    return Account.objects.create(unit=cast.root, kind="official", platform="x", handle="dpc", identity="dpc", **more)


def receipt(cast: Cast, person: Person) -> Receipt:
    soon = clock.now() + timedelta(days=3)
    values = {"title": "Pasang jadwal", "text": "Cetak, pasang.", "due_at": soon, "form_key": uuid4()}
    order = instructions.Order(unit_id=cast.root.pk, scope_id=cast.root.pk, audience="people", **values)
    sent = instructions.send(cast.actor("wulan"), instructions.draft(cast.actor("wulan"), order).pk)
    return Receipt.objects.get(instruction=sent, person=person)


def participant(cast: Cast, person: Person) -> Participant:
    start = clock.now() + timedelta(days=2)
    plan = Plan("Temu", "Aula", start, start + timedelta(hours=2))
    meeting = gatherings.plan_gathering(cast.actor("dewi"), cast.root.pk, plan)
    return Participant.objects.create(gathering=meeting, person=person, unit=cast.sukamahi, state="invited")


def asked_to_share(cast: Cast, person: Person) -> MissionInvitation:
    mission = Mission.objects.create(
        unit=cast.root, scope=cast.root, title="Bagikan", text="Jadwal imunisasi", form_key=uuid4(),
        closes_at=clock.now() + timedelta(days=3),
    )  # fmt: skip
    return MissionInvitation.objects.create(mission=mission, person=person, unit=cast.sukamahi)


def link_to_receipt(cast: Cast, person: Person) -> MemberLink:
    later = clock.now() + timedelta(days=3)
    guest = Person.objects.create(full_name="Lain", basis="SK")
    Membership.objects.create(person=guest, unit=cast.sukamahi, title="Ketua")
    return MemberLink.objects.create(person=person, receipt=receipt(cast, guest), digest="d", expires_at=later)


def handover(cast: Cast, **side: Person) -> Handover:
    return Handover.objects.create(account=official(cast), reason="term", due_on=clock.now().date(), **side)


# What becomes of each relation when the list that brought a person is taken back. A new one is decided here.
GOES = {
    "registry.account.person": "what the list stated goes; another account keeps them",
    "registry.keptapart.one": "one of the pair is gone",
    "registry.keptapart.other": "one of the pair is gone",
    "registry.membership.person": "the list's own go; another position keeps them",
    "registry.personinvitation.person": "a link to one's own page leads nowhere then",
}
KEEPS: dict[str, Callable[[Cast, Person], Any]] = {
    "gatherings.participant.person": participant,
    "missions.memberlink.person": link_to_receipt,
    "missions.missioninvitation.person": asked_to_share,
    "missions.receipt.person": receipt,
    "publishing.recalllink.person": lambda cast, person: RecallLink.objects.create(
        task=recall(cast), person=person, digest="d", expires_at=clock.now() + timedelta(days=3)
    ),
    "publishing.recalltask.answered_person": lambda cast, person: recall(
        cast, answered_person=person, answered_at=clock.now(), state="done", note="Sudah dihapus."
    ),
    "registry.account.custodian": lambda cast, person: official(cast, custodian=person),
    "registry.account.deputy_custodian": lambda cast, person: official(cast, deputy_custodian=person),
    "registry.consent.person": lambda cast, person: Consent.objects.create(
        person=person, purpose="contact", text="Ya", channel="form", given_at=clock.now(), revoked_at=clock.now()
    ),
    "registry.contact.person": lambda cast, person: Contact.objects.create(
        person=person, unit=cast.root, kind="journalist", source="list"
    ),
    "registry.handover.giver": lambda cast, person: handover(cast, giver=person),
    "registry.handover.receiver": lambda cast, person: handover(cast, receiver=person),
    "registry.refusedaccount.person": lambda cast, person: RefusedAccount.objects.create(person=person, digest="d"),
}


def test_every_relation_is_decided() -> None:
    assert {name for name, _field in standing.relations()} == {*GOES, *KEEPS}
    assert {*GOES} == {*standing.GOES, standing.POSITIONS}


@pytest.mark.parametrize("relation", sorted(KEEPS))
def test_undo_leaves_whom_another_row_needs_and_says_which_room(cast: Cast, relation: str) -> None:
    run = bring(PeopleImport.name, cast.root, "Asep,081200000001,,Sukamahi,Ketua", "Budi,,,Sukamahi,Ketua")
    asep = named("Asep")
    row = KEEPS[relation](cast, asep)
    Receipt.objects.filter(person__full_name="Budi").delete()
    room, _model, field = relation.split(".")
    told = undo(run)
    assert (told["undone"], told["left"], told["left_for"]) == (1, 1, {room: 1})
    assert not Person.objects.filter(full_name="Budi").exists()
    row.refresh_from_db()
    assert getattr(row, field) == asep
    assert asep.memberships.count() == 1


@pytest.mark.parametrize("relation", sorted({*KEEPS} - {"registry.contact.person", "missions.receipt.person"}))
def test_undo_leaves_a_contact_whom_another_row_needs(cast: Cast, relation: str) -> None:
    head = ("Ratna,Wartawan,Radar,081230000001,", "Yuni,Wartawan,Radar,081230000002,")
    run = bring(ContactImport.name, cast.root, *head)
    ratna = named("Ratna")
    row = KEEPS[relation](cast, ratna)
    told = undo(run)
    assert (told["undone"], told["left"], told["left_for"]) == (1, 1, {relation.split(".")[0]: 1})
    row.refresh_from_db()
    assert list(Contact.objects.values_list("person", flat=True)) == [ratna.pk]


def test_undo_leaves_a_contact_to_whom_a_later_list_gave_an_account(cast: Cast) -> None:
    first = bring(ContactImport.name, cast.root, "Ratna,Wartawan,Radar,081230000001,", "Yuni,Wartawan,Radar,,")
    content = BytesIO(b"Nama,Jenis,Media,No HP,IG\nRatna,Wartawan,Radar,081230000001,@ratna.radar")
    later = imports.upload(SYSTEM, ContactImport.name, cast.root.pk, content, "b.csv", options={"basis": "Daftar 2027"})
    jobs.run_now(imports.confirm(SYSTEM, later.pk, inline=True))
    told = undo(first)
    assert (told["undone"], told["left"]) == (1, 1)
    assert Account.objects.get(kind="organic").person == Contact.objects.get().person


def test_what_goes_with_a_person_keeps_nobody(cast: Cast) -> None:
    run = bring(PeopleImport.name, cast.root, "Asep,081200000001,,Sukamahi,Ketua", "Budi,,,Sukamahi,Ketua")
    asep, budi = named("Asep"), named("Budi")
    KeptApart.objects.create(one=asep, other=budi)
    PersonInvitation.objects.create(
        person=asep, unit=cast.sukamahi, channel="print", digest="d", expires_at=clock.now() + timedelta(days=3)
    )
    told = undo(run)
    assert (told["undone"], told["left"], told["left_for"]) == (2, 0, {})
