"""What a list brought is taken back; what somebody touched since stays, and is told."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kentongan.core import imports, jobs
from kentongan.core.imports import ImportRun
from kentongan.core.models import AuditEntry, Job, User
from kentongan.registry import actions
from kentongan.registry.importing.people import PeopleImport
from kentongan.registry.models import Account, ImportStep, Membership, Person, PersonInvitation
from named_cast import Cast

HEAD = "nama,hp,kecamatan,jabatan,periode,ig"


def bring(cast: Cast, *lines: str) -> ImportRun:
    content = BytesIO("\n".join((HEAD, *lines)).encode())
    options = {"basis": "Daftar kader 2026"}
    run = imports.upload(cast.actor("arif"), PeopleImport.name, cast.root.pk, content, "a.csv", options=options)
    assert jobs.run_now(imports.confirm(cast.actor("arif"), run.pk, inline=True)).state == Job.State.DONE
    return run


def undo(cast: Cast, run: ImportRun) -> tuple[int, int]:
    job = jobs.run_now(imports.undo(cast.actor("arif"), run.pk, inline=True))
    assert job.state == Job.State.DONE, job.error
    run.refresh_from_db()
    assert (run.state, run.rows_undone) == (ImportRun.State.UNDONE, job.result["undone"])
    return job.result["undone"], job.result["left"]


def names() -> set[str]:
    return set(Person.objects.filter(user=None).values_list("full_name", flat=True))


THREE = (
    "Asep,08120000111,Tambun Selatan,Ketua,2024-2029,@asep.tambun",
    "Bunga,08120000222,Tambun Selatan,Sekretaris,2024-2029,@bunga.tambun",
    "Cahya,08120000333,Tambun Selatan,Bendahara,2024-2029,",
)


def test_who_was_corrected_by_hand_stays_with_position_and_account(
    cast: Cast, sign_in: Callable[[User], Client]
) -> None:
    run = bring(cast, *THREE)
    bunga = Person.objects.get(full_name="Bunga")
    actions.correct_person(cast.actor("arif"), bunga.pk, full_name="Bunga", phone="08129999999")
    assert undo(cast, run) == (2, 1)
    assert names() == {"Bunga"}
    assert Membership.objects.filter(person=bunga).count() == 1
    assert [one.handle for one in Account.objects.filter(kind="organic")] == ["bunga.tambun"]
    entry = AuditEntry.objects.filter(verb="registry.person.take_back").latest("pk")
    assert (entry.after["removed"], entry.after["left"]) == (2, 1)
    page = sign_in(cast.user("arif")).get(run.get_absolute_url()).content.decode()
    assert "Dibiarkan" in page


def test_who_keeps_an_account_of_a_unit_stays(cast: Cast) -> None:
    run = bring(cast, *THREE)
    keeper = Person.objects.get(full_name="Cahya")
    Account.objects.create(
        unit=cast.root, kind="official", platform="instagram", handle="dpc", identity="dpc", custodian=keeper
    )
    assert undo(cast, run) == (2, 1)
    assert Account.objects.get(handle="dpc").custodian == keeper


def test_who_was_removed_by_hand_is_not_told_as_left(cast: Cast) -> None:
    run = bring(cast, *THREE)
    actions.remove_person(cast.actor("arif"), Person.objects.get(full_name="Cahya").pk)
    assert undo(cast, run) == (2, 0)


def test_invitations_go_with_the_people(cast: Cast) -> None:
    run = bring(cast, *THREE)
    asep = Person.objects.get(full_name="Asep")
    PersonInvitation.objects.create(
        person=asep, unit=cast.tambun_selatan, channel="print", digest="d", expires_at="2027-01-01T00:00Z"
    )
    assert undo(cast, run) == (3, 0)
    assert not names()
    assert not PersonInvitation.objects.exists()


def test_what_a_later_list_changed_is_left_to_it(cast: Cast) -> None:
    first = bring(cast, *THREE)
    second = bring(
        cast,
        "Asep,08120000999,Tambun Selatan,Ketua,2024-2029,",
        "Bunga,08120000222,Cikarang Pusat,Anggota,,",
        "Cahya,08120000333,Tambun Selatan,Bendahara,2025-2030,",
    )
    assert undo(cast, first) == (0, 3)
    assert names() == {"Asep", "Bunga", "Cahya"}
    assert Person.objects.get(full_name="Asep").phone == "+628120000999"
    held = Membership.objects.filter(person__full_name="Bunga").values_list("unit", flat=True)
    assert [*held] == [cast.cikarang_pusat.pk]
    assert Membership.objects.get(person__full_name="Cahya").ends_on == date(2030, 12, 31)
    assert undo(cast, second) == (3, 0)


def test_values_are_set_back_together_or_not_at_all(cast: Cast) -> None:
    bring(cast, "Asep,08120000111,Tambun Selatan,Ketua,2030-2035,", "Bunga,,Tambun Selatan,Ketua,2030-2035,")
    run = bring(cast, "Asep,08120000111,Tambun Selatan,Ketua,2024-2029,", "Bunga,,Tambun Selatan,Ketua,2024-2029,")
    bunga = Membership.objects.get(person__full_name="Bunga")
    actions.correct_post(cast.actor("arif"), bunga.pk, title="Ketua", starts_on=date(2024, 1, 1))
    undo(cast, run)
    terms = dict(Membership.objects.filter(person__user=None).values_list("person__full_name", "starts_on"))
    assert terms == {"Asep": date(2030, 1, 1), "Bunga": date(2024, 1, 1)}


def test_an_interrupted_undo_counts_what_it_took_back_before(cast: Cast) -> None:
    run = bring(cast, *THREE)
    step = ImportStep.objects.get(run=run)
    half = ImportStep.objects.create(run=run, start=9000, people=step.people[2:], memberships=step.memberships[2:])
    ImportStep.objects.filter(pk=step.pk).update(people=step.people[:2], memberships=step.memberships[:2])
    actions.take_back(cast.actor("arif"), run, half.pk, actions.Later(run))
    assert names() == {"Asep", "Bunga"}
    assert undo(cast, run) == (3, 0)


def test_taking_back_many_costs_as_many_queries_as_a_few(cast: Cast) -> None:
    def cost(size: int) -> int:
        lines = [
            f"Orang {'abcdefgh'[n % 8]} {'klmnopqr'[n // 8]},,Tambun Selatan,Anggota,,@o{size}{n}" for n in range(size)
        ]
        run = bring(cast, *lines)
        with CaptureQueriesContext(connection) as caught:
            assert undo(cast, run) == (size, 0)
        return len(caught)

    assert cost(3) == cost(60)
