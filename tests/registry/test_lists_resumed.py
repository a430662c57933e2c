"""A list that broke off and goes on ends as one that came in without a break."""

from io import BytesIO
from typing import Any

import pytest

from kentongan.core import imports, jobs
from kentongan.core.imports import ImportRun
from kentongan.core.models import Job
from kentongan.registry import actions
from kentongan.registry.importing.contacts import ContactImport
from kentongan.registry.importing.people import PeopleImport
from kentongan.registry.models import Account, Contact, Membership, Person
from named_cast import SYSTEM, Cast

PEOPLE = "nama,hp,email,desa,jabatan,periode,ig"
# What the first row on each of them does: nothing, a position only, an account only, a value; the second row differs.
KNOWN = (
    "Asep,08120000111,asep@example.id,Sukamahi,Ketua,2024-2029,",
    "Bunga,08120000222,bunga@example.id,Sukamahi,Sekretaris,2024-2029,",
    "Cahya,08120000333,cahya@example.id,Sukamahi,Bendahara,2024-2029,",
    "Dadan,08120000444,dadan@example.id,Sukamahi,Anggota,2024-2029,",
)
LIST = (
    KNOWN[0],
    "Bunga,08120000222,bunga@example.id,Sukamahi,Pembina,2024-2029,",
    "Cahya,08120000333,cahya@example.id,Sukamahi,Bendahara,2024-2029,@cahya.s",
    "Dadan,08120000444,dadan.baru@example.id,Sukamahi,Anggota,2024-2029,",
    "Asep,08120000111,asep.lain@example.id,Sukamahi,Ketua,2025-2030,",
    "Bunga,08120000222,bunga.lain@example.id,Sukamahi,Sekretaris,2025-2030,",
    "Cahya,08120000333,cahya.lain@example.id,Sukamahi,Bendahara,2025-2030,",
    "Dadan,08120000444,dadan.lain@example.id,Sukamahi,Anggota,2025-2030,",
)


def broken_off(kind: str, lines: tuple[str, ...], cast: Cast, monkeypatch: pytest.MonkeyPatch, at: int) -> ImportRun:
    """Bring a list in by batches of two rows; the worker dies before batch number `at`, and the import goes on."""
    module, taking = {
        PeopleImport.name: ("kentongan.registry.importing.people", "take_people"),
        ContactImport.name: ("kentongan.registry.importing.contacts", "take_contacts"),
    }[kind]
    monkeypatch.setattr(f"{module}.BATCH", 2)
    real, batches = getattr(actions, taking), list[int]()

    def dies(*given: Any) -> None:
        batches.append(1)
        if len(batches) == at:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(actions, taking, dies)
    content = BytesIO("\n".join(lines).encode())
    run = imports.upload(SYSTEM, kind, cast.root.pk, content, "a.csv", options={"basis": "Daftar 2026"})
    job = imports.confirm(SYSTEM, run.pk, inline=True)
    if at:
        with pytest.raises(KeyboardInterrupt):
            jobs.run_now(job)
        job = imports.resume(SYSTEM, run.pk, inline=True)
    assert jobs.run_now(job).state == Job.State.DONE, job.error
    monkeypatch.setattr(actions, taking, real)
    run.refresh_from_db()
    return run


def figures(run: ImportRun) -> tuple[int, int, int, int]:
    return run.rows_new, run.rows_changed, run.rows_same, run.rows_rejected


@pytest.mark.parametrize("at", [0, 2, 3, 4])
def test_people_of_whom_the_first_part_spoke_are_known_to_the_second(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    broken_off(PeopleImport.name, (PEOPLE, *KNOWN), cast, monkeypatch, 0)
    run = broken_off(PeopleImport.name, (PEOPLE, *LIST), cast, monkeypatch, at)
    assert figures(run) == (0, 3, 5, 0)
    listed = Person.objects.filter(user=None)
    assert dict(listed.values_list("full_name", "email")) == {
        "Asep": "asep@example.id",
        "Bunga": "bunga@example.id",
        "Cahya": "cahya@example.id",
        "Dadan": "dadan.baru@example.id",
    }
    assert set(Membership.objects.filter(person__in=listed).values_list("starts_on__year", flat=True)) == {2024}
    assert Account.objects.filter(kind="organic").count() == 1
    jobs.run_now(imports.undo(SYSTEM, run.pk, inline=True))
    assert Person.objects.get(full_name="Dadan").email == "dadan@example.id"
    assert set(Membership.objects.filter(person__in=listed).values_list("title", flat=True)) == {
        "Ketua", "Sekretaris", "Bendahara", "Anggota",
    }  # fmt: skip
    assert not Account.objects.filter(kind="organic").exists()


@pytest.mark.parametrize("at", [0, 2])
def test_contacts_of_whom_the_first_part_spoke_are_known_to_the_second(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    head = "Nama,Jenis,Media,No HP,Email,IG"
    known = ("Ratna,Wartawan,Radar,081230000001,ratna@example.id,", "Yuni,Wartawan,Radar,081230000002,y@example.id,")
    broken_off(ContactImport.name, (head, *known), cast, monkeypatch, 0)
    again = (
        known[0],
        "Yuni,Wartawan,Radar,081230000002,y@example.id,@yuni.k",
        "Ratna,Komunitas,Radar,081230000001,lain@example.id,",
        "Yuni,Komunitas,Radar,081230000002,lain@example.id,",
    )
    run = broken_off(ContactImport.name, (head, *again), cast, monkeypatch, at)
    assert figures(run) == (0, 1, 3, 0)
    assert set(Contact.objects.values_list("person__email", "kind")) == {
        ("ratna@example.id", "journalist"),
        ("y@example.id", "journalist"),
    }
