"""Lists of people on their way in: read, matched, brought in, given back, taken back."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from python_calamine import CalamineWorkbook

from core.databases import environment
from kentongan.core import clock, imports, jobs
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, NotAllowed
from kentongan.core.imports import ImportRun
from kentongan.core.imports.preview import Preview, preview
from kentongan.core.models import AuditEntry, Job, User
from kentongan.registry import actions
from kentongan.registry.importing.fields import FIELDS
from kentongan.registry.importing.people import PeopleImport
from kentongan.registry.models import Account, ImportStep, Letter, Membership, Person, Unit, UnitAlias
from kentongan.registry.trees import NewUnit
from named_cast import SYSTEM, Cast
from registry import office_lists

BASIS = {"basis": "Daftar kader 2026"}
State = ImportRun.State


def upload(content: bytes, actor: Actor, unit: Unit, name: str = "kader.xlsx", **options: str) -> ImportRun:
    return imports.upload(actor, PeopleImport.name, unit.pk, BytesIO(content), name, options={**BASIS, **options})


def bring(content: bytes, actor: Actor, unit: Unit, name: str = "kader.xlsx", **options: str) -> ImportRun:
    run = upload(content, actor, unit, name, **options)
    job = jobs.run_now(imports.confirm(actor, run.pk, inline=True))
    assert job.state == Job.State.DONE, job.error
    return ImportRun.objects.get(pk=run.pk)


def figures(run: ImportRun) -> tuple[int, int, int, int]:
    return run.rows_new, run.rows_changed, run.rows_same, run.rows_rejected


def looked_at(run: ImportRun) -> Preview:
    return preview(run, PeopleImport(), dict(run.mapping), {})


def csv(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def imported() -> dict[str, Person]:
    return {person.full_name: person for person in Person.objects.filter(user=None)}


def titles(person: Person) -> set[tuple[str, str]]:
    return set(person.memberships.values_list("title", "unit__code"))


def test_the_list_of_an_office_is_read_as_it_is(cast: Cast) -> None:
    run = upload(office_lists.district_office(), cast.actor("arif"), cast.root)
    assert run.layout["header"] == 3  # rows without a filled cell do not count
    assert run.mapping == {
        "full_name": "Nama Lengkap",
        "title": "Jabatan",
        "district": "Kecamatan",
        "village": "Desa/Kel",
        "phone": "HP",
        "email": "E-mail",
        "term": "Masa Jabatan",
        "account_instagram": "IG",
        "account_facebook": "FB",
    }
    jobs.run_now(imports.confirm(cast.actor("arif"), run.pk, inline=True))
    run.refresh_from_db()
    assert figures(run) == (3, 0, 0, 3)
    people = imported()
    assert {name: person.phone for name, person in people.items()} == {
        "Drs. H. Ahmad Sudrajat, S.H., M.Si.": "+6281234567890",
        "HJ. SITI AMINAH": "+6281234567891",
        "Budi Santoso": "+6281234567892",
    }
    ahmad, siti = people["Drs. H. Ahmad Sudrajat, S.H., M.Si."], people["HJ. SITI AMINAH"]
    assert (ahmad.name_key, ahmad.email, ahmad.state) == ("ahmad sudrajat", "ahmad@example.id", "invited")
    assert titles(ahmad) == {("Ketua", "32.16.20"), ("Anggota DPRD", "32.16.20")}
    assert titles(siti) == {("Sekretaris", "32.16.20.2002"), ("Bendahara", "32.16.20.2002")}
    assert titles(people["Budi Santoso"]) == {("Anggota", "32.16.06")}
    terms = set(Membership.objects.filter(person__in=[ahmad, siti]).values_list("starts_on", "ends_on"))
    assert terms == {(date(2024, 1, 1), date(2029, 12, 31))}
    reasons = {reject.original[1]: reject.reason for reject in run.rejects}
    assert set(reasons) == {"Cecep", "Dedi Mulya", "Eka Putri"}
    assert "Kecamatan Tambun Selatan" in reasons["Cecep"]
    assert "8.12346E+10" in reasons["Eka Putri"]


def test_accounts_of_a_list_are_claims_and_unreadable_ones_are_told(cast: Cast) -> None:
    run = bring(office_lists.district_office(), cast.actor("arif"), cast.root)
    claims = Account.objects.filter(kind="organic").order_by("platform")
    assert [(one.platform, one.handle, one.state) for one in claims] == [
        ("facebook", "ahmad.sudrajat", "claimed"),
        ("instagram", "ahmad.sudrajat", "claimed"),
    ]
    assert {one.unit for one in claims} == {cast.cikarang_pusat}
    assert [remark.original[1] for remark in run.remarks] == ["HJ. SITI AMINAH"]
    assert "siti aminah cantik" in run.remarks.get().reason


def test_sheets_that_look_alike_are_read_together_and_name_the_unit(cast: Cast) -> None:
    run = upload(office_lists.a_sheet_each(), cast.actor("arif"), cast.root)
    assert [part["sheet"] for part in run.layout["parts"]] == ["Kec. Cikarang Pusat", "TAMBUN SELATAN"]
    jobs.run_now(imports.confirm(cast.actor("arif"), run.pk, inline=True))
    run.refresh_from_db()
    assert figures(run) == (4, 0, 0, 0)
    found = {name: titles(person) for name, person in imported().items()}
    assert found == {
        "Asep Saepudin": {("Ketua", "32.16.20")},
        "Bunga Lestari": {("Sekretaris", "32.16.20")},
        "Cahya": {("Ketua", "32.16.06")},
        "Dadan": {("Sekretaris", "32.16.06")},
    }
    assert Person.objects.get(full_name="Dadan").phone == ""


def test_one_sheet_can_be_chosen_instead(cast: Cast) -> None:
    run = upload(office_lists.a_sheet_each(), cast.actor("arif"), cast.root)
    run = imports.choose_sheet(cast.actor("arif"), run.pk, "TAMBUN SELATAN")
    assert (run.layout["parts"], run.mapping["full_name"]) == ((), "Nama")
    run = imports.choose_sheet(cast.actor("arif"), run.pk, "")
    assert len(run.layout["parts"]) == 2


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("32.16.20.2002", "32.16.20.2002"),
        ("3216202002", "32.16.20.2002"),
        ("321606", "32.16.06"),
        ("32.16.99", None),
    ],
)
def test_units_by_code_with_and_without_dots(cast: Cast, cell: str, wanted: str | None) -> None:
    run = bring(csv("nama,kode wilayah", f"Asep Saepudin,{cell}"), cast.actor("arif"), cast.root, "a.csv")
    codes = set(Membership.objects.filter(person__full_name="Asep Saepudin").values_list("unit__code", flat=True))
    assert codes == ({wanted} if wanted else set())
    assert run.rows_rejected == (0 if wanted else 1)


@pytest.mark.parametrize(
    "written",
    [
        "Kec. Cikarang Pusat",
        "CIKARANG PUSAT",
        "Cikarang pst",
        "kecamatan cikarang-pusat",
        "Kec.Cikarang Pusat, Kab. Bekasi",
        "Kecamatan Cikarang Pusat Kab",
        "Kecamatan  Cikarang  Pusat",
    ],
)
def test_spellings_of_one_unit(cast: Cast, written: str) -> None:
    run = bring(csv("nama;satuan", f"Asep Saepudin;{written}"), cast.actor("arif"), cast.root, "a.csv")
    if written.endswith("Kab"):
        assert figures(run) == (0, 0, 0, 1)
        assert "Kecamatan Cikarang Pusat" in run.rejects.get().reason
    else:
        assert titles(imported()["Asep Saepudin"]) == {("Anggota", "32.16.20")}


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("Kelurahan Nusaniwe", "81.71.01.1006"),
        ("KEL. NUSANIWE", "81.71.01.1006"),
        ("Desa Nusaniwe", "81.71.01.2003"),
        ("Ds Nusaniwe", "81.71.01.2003"),
        ("Nusaniwe", None),
        ("Kelurahan Latuhalat", "81.71.01.2002"),  # there is only a desa of this name: offices mix the two up
    ],
)
def test_the_word_before_the_name_tells_a_kelurahan_from_a_desa(cast: Cast, written: str, wanted: str | None) -> None:
    villages = {"81.71.01.1006": "Nusaniwe", "81.71.01.2003": "Nusaniwe", "81.71.01.2002": "Latuhalat"}
    district = NewUnit("81.71.01", "PAC Nusaniwe", Unit.Level.DISTRICT, "32.16", area_code="81.71.01")
    below = [
        NewUnit(code, f"Ranting {name}", Unit.Level.VILLAGE, "81.71.01", area_code=code)
        for code, name in villages.items()
    ]
    actions.add_units(SYSTEM, [district, *below])
    run = bring(csv("nama;kecamatan;desa", f"Asep;Nusaniwe;{written}"), cast.actor("arif"), cast.root, "a.csv")
    assert titles_at("Asep") == ({wanted} if wanted else set())
    assert run.rows_rejected == (0 if wanted else 1)


def titles_at(name: str) -> set[str]:
    return set(Membership.objects.filter(person__full_name=name).values_list("unit__code", flat=True))


def test_former_names_and_codes_still_find_their_unit(cast: Cast) -> None:
    actions.rename_unit(SYSTEM, cast.tambun_selatan.pk, name="Kecamatan Tambun Baru", code="32.16.77")
    content = csv("nama,kecamatan", "Asep Saepudin,Tambun Selatan", "Bunga,Tambun Baru")
    assert figures(bring(content, cast.actor("arif"), cast.root, "a.csv")) == (2, 0, 0, 0)
    bring(csv("nama,kode", "Cahya,32.16.06"), cast.actor("arif"), cast.root, "b.csv")
    assert Membership.objects.filter(unit=cast.tambun_selatan, person__user=None).count() == 3


def test_parent_columns_decide_between_units_of_one_name(cast: Cast) -> None:
    new = [
        NewUnit("32.16.06.2001", "Desa Karangsatria", Unit.Level.VILLAGE, "32.16.06", area_code="32.16.06.2001"),
        NewUnit("32.16.20.2009", "Desa Karangsatria", Unit.Level.VILLAGE, "32.16.20", area_code="32.16.20.2009"),
    ]
    actions.add_units(SYSTEM, new)
    content = csv(
        "nama,desa,kecamatan", "Asep,Karangsatria,Tambun Selatan", "Bunga,KARANGSATRIA,", "Cici,Karangsatria,X"
    )
    run = bring(content, cast.actor("arif"), cast.root, "a.csv")
    assert titles(imported()["Asep"]) == {("Anggota", "32.16.06.2001")}
    assert [reject.original[0] for reject in run.rejects] == ["Bunga", "Cici"]


def test_doubtful_units_are_asked_once_and_remembered(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    arif = cast.actor("arif")
    content = csv("nama,kecamatan", "Asep Saepudin,Tambun Slatan", "Bunga,TAMBUN SLATAN", "Cahya,Cikarang Pusat")
    run = upload(content, arif, cast.root, "a.csv")
    seen = looked_at(run)
    assert dict(seen.outcomes) == {"new": 1, "changed": 0, "same": 0, "doubtful": 2, "rejected": 0}
    (question,) = seen.questions
    assert (question.rows, question.suggestions[0][0]) == (2, "32.16.06")
    client = sign_in(cast.user("arif"))
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Tambun Slatan" in page
    fields = {f"column:{field}": column for field, column in run.mapping.items()}
    wrong = client.post(reverse("core:import_answer", args=[run.pk]), {**fields, f"other:{question.key}": "99"})
    assert wrong.status_code == 422
    answers = {f"answer:{question.key}": "32.16.06"}
    assert client.post(reverse("core:import_answer", args=[run.pk]), {**fields, **answers}).status_code == 200
    assert UnitAlias.objects.get().unit == cast.tambun_selatan
    jobs.run_now(imports.confirm(arif, run.pk, inline=True))
    run.refresh_from_db()
    assert figures(run) == (3, 0, 0, 0)
    later = upload(csv("nama,kecamatan", "Dadan,Tambun  slatan"), arif, cast.root, "b.csv")
    assert not looked_at(later).questions


def test_a_decision_reaches_no_unit_outside(cast: Cast) -> None:
    run = upload(
        csv("nama,kecamatan", "Asep Saepudin,Cikarangg Pusat"), cast.actor("joko"), cast.tambun_selatan, "a.csv"
    )
    with pytest.raises(Invalid):
        imports.answer(cast.actor("joko"), run.pk, {"||||cikarangg pusat||": "32.16.20"})
    assert not UnitAlias.objects.exists()


def test_rows_for_other_units_are_rejected_with_that_reason(cast: Cast) -> None:
    content = csv("nama,kecamatan,kode", "Asep,Tambun Selatan,", "Bunga,Cikarang Pusat,", "Cahya,,32.16.20.2002")
    run = bring(content, cast.actor("joko"), cast.tambun_selatan, "a.csv")
    assert figures(run) == (1, 0, 0, 2)
    assert {reject.original[0] for reject in run.rejects} == {"Bunga", "Cahya"}
    assert all("di bawah" in reject.reason or "below" in reject.reason for reject in run.rejects)
    with pytest.raises(NotAllowed):
        upload(content, cast.actor("joko"), cast.cikarang_pusat, "a.csv")
    with pytest.raises(NotAllowed):
        upload(content, cast.actor("euis"), cast.tambun_selatan, "a.csv")


def test_rights_are_asked_again_when_the_job_runs(cast: Cast) -> None:
    run = upload(csv("nama", "Asep Saepudin"), cast.actor("joko"), cast.tambun_selatan, "a.csv")
    job = imports.confirm(cast.actor("joko"), run.pk, inline=True)
    cast.user("joko").grants.all().delete()
    assert jobs.run_now(job).state == Job.State.FAILED
    assert not imported()


def test_the_same_file_twice_changes_nothing(cast: Cast) -> None:
    content = csv(
        "nama,hp,email,kecamatan,jabatan",
        "Ahmad,081200000001,a@example.id,Tambun Selatan,Anggota",
        "AHMAD,081200000002,b@example.id,Tambun Selatan,Anggota",
        "H. Ahmad,,,Tambun Selatan,Anggota",
        '"Ahmad, S.H.",081200000001,c@example.id,Tambun Selatan,Ketua',
        "Budi,081200000003,,Tambun Selatan,Anggota",
        "Budi,081200000003,,Cikarang Pusat,Sekretaris",
        "Citra,081200000003,,Cikarang Pusat,Anggota",
    )
    first = bring(content, cast.actor("arif"), cast.root, "a.csv")
    before = list(Person.objects.order_by("pk").values()), list(Membership.objects.order_by("pk").values())
    assert sum(figures(first)) == 7
    assert first.rows_rejected == 0
    second = bring(content, cast.actor("arif"), cast.root, "a.csv")
    assert figures(second) == (0, 0, 7, 0)
    assert (list(Person.objects.order_by("pk").values()), list(Membership.objects.order_by("pk").values())) == before
    step = ImportStep.objects.get(run=second)
    assert (step.people, step.memberships, step.accounts, step.changes, len(step.met)) == ([], [], [], [], 4)


def test_who_shares_only_a_phone_comes_in_and_is_doubtful(cast: Cast) -> None:
    arif = cast.actor("arif")
    bring(csv("nama,hp,kecamatan", "Asep Saepudin,0812000011,Tambun Selatan"), arif, cast.root, "a.csv")
    run = upload(csv("nama,hp,kecamatan", "Euis Komala,0812000011,Cikarang Pusat"), arif, cast.root, "b.csv")
    assert dict(looked_at(run).outcomes)["doubtful"] == 1
    jobs.run_now(imports.confirm(arif, run.pk, inline=True))
    run.refresh_from_db()
    assert (run.rows_new, run.remarks.count(), len(imported())) == (1, 1, 2)


def test_a_new_phone_a_new_position_and_a_new_term_are_changes(cast: Cast) -> None:
    arif = cast.actor("arif")
    head = "nama,hp,kecamatan,jabatan,periode"
    bring(csv(head, "ASEP SAEPUDIN,08120000111,Tambun Selatan,Ketua,2019-2024"), arif, cast.root, "a.csv")
    run = upload(csv(head, "Asep Saepudin,08120000222,Tambun Selatan,Ketua,2024-2029"), arif, cast.root, "b.csv")
    assert dict(looked_at(run).outcomes)["changed"] == 1
    jobs.run_now(imports.confirm(arif, run.pk, inline=True))
    person = Person.objects.get(name_key="asep saepudin")
    assert (person.full_name, person.phone) == ("Asep Saepudin", "+628120000222")
    assert person.memberships.get().ends_on == date(2029, 12, 31)
    jobs.run_now(imports.undo(arif, run.pk, inline=True))
    person.refresh_from_db()
    run.refresh_from_db()
    assert (person.full_name, person.phone, run.rows_undone) == ("ASEP SAEPUDIN", "+628120000111", 1)
    assert person.memberships.get().ends_on == date(2024, 12, 31)


def test_what_people_said_themselves_is_not_changed_by_a_list(cast: Cast) -> None:
    arif = cast.actor("arif")
    bring(csv("nama,hp,kecamatan,email", "Asep,08120000111,Tambun Selatan,"), arif, cast.root, "a.csv")
    person = Person.objects.get(full_name="Asep")
    actions.give_consent(arif, person.pk, "contact", text="Ya", channel="form")
    bring(csv("nama,hp,kecamatan,email", "Asep,08120000111,Tambun Selatan,x@example.id"), arif, cast.root, "b.csv")
    person.refresh_from_db()
    assert person.email == ""


def test_who_withdrew_does_not_come_back_by_a_list(cast: Cast) -> None:
    arif = cast.actor("arif")
    content = csv("nama,hp,kecamatan", "Asep,08120000111,Tambun Selatan")
    bring(content, arif, cast.root, "a.csv")
    Person.objects.filter(full_name="Asep").update(state=Person.State.WITHDRAWN)
    assert figures(bring(content, arif, cast.root, "a.csv")) == (0, 0, 0, 1)


def test_people_of_other_parts_of_the_tree_are_neither_seen_nor_changed(cast: Cast) -> None:
    bring(csv("nama,hp,kecamatan", "Asep,08120000111,Cikarang Pusat"), cast.actor("arif"), cast.root, "a.csv")
    run = upload(csv("nama,hp", "Asep,08120000111"), cast.actor("joko"), cast.tambun_selatan, "b.csv")
    assert dict(looked_at(run).outcomes) == {"new": 1, "changed": 0, "same": 0, "doubtful": 0, "rejected": 0}
    jobs.run_now(imports.confirm(cast.actor("joko"), run.pk, inline=True))
    assert Person.objects.filter(full_name="Asep").count() == 2


def test_undo_takes_back_what_came_and_leaves_who_confirmed(cast: Cast) -> None:
    arif = cast.actor("arif")
    bring(csv("nama,kecamatan", "Dadan,Tambun Selatan"), arif, cast.root, "a.csv")
    before = list(Person.objects.order_by("pk").values())
    run = bring(office_lists.district_office(), arif, cast.root)
    siti = Person.objects.get(name_key="siti aminah")
    actions.give_consent(arif, siti.pk, "contact", text="Ya", channel="form")
    jobs.run_now(imports.undo(arif, run.pk, inline=True))
    run.refresh_from_db()
    assert (run.state, run.rows_undone) == (State.UNDONE, 2)
    assert list(Person.objects.exclude(pk=siti.pk).order_by("pk").values()) == before
    assert siti.memberships.count() == 2
    assert not Account.objects.filter(kind="organic").exists()


def test_rejected_rows_are_mended_and_sent_again(cast: Cast, tmp_path: Path) -> None:
    arif = cast.actor("arif")
    run = bring(office_lists.district_office(), arif, cast.root)
    path = tmp_path / "ditolak.xlsx"
    assert imports.write_rejects(run, path) == 3
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    heads = [str(cell) for cell in rows[0]]
    assert heads[1].casefold() in {"alasan", "reason"}
    mended = [heads, *([*row] for row in rows[1:])]
    place, phone = heads.index("Kecamatan"), heads.index("HP")
    for row in mended[1:]:
        row[place] = "Kecamatan Tambun Selatan"
        row[phone] = "08129999" + str(row[heads.index("No")]).removesuffix(".0").zfill(4)
    again = upload(office_lists.workbook({"Sheet1": mended}), arif, cast.root, "ditolak.xlsx")
    assert again.mapping == run.mapping
    jobs.run_now(imports.confirm(arif, again.pk, inline=True))
    again.refresh_from_db()
    assert figures(again) == (3, 0, 0, 0)
    assert len(imported()) == 6


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("12345,0812000011,", "12345"),
        ("Asep,0812abc,", "0812abc"),
        ("Asep,,bukan-surel", "bukan-surel"),
        (",0812000011,", ""),
        ("A" * 201 + ",,", "200"),
    ],
)
def test_rows_that_cannot_be_read_say_why(cast: Cast, line: str, word: str) -> None:
    run = bring(
        csv("nama,hp,email", "Bunga Lestari,0812000012,b@example.id", line), cast.actor("arif"), cast.root, "a.csv"
    )
    assert figures(run) == (1, 0, 0, 1)
    assert word in run.rejects.get().reason


def test_the_basis_is_asked_and_its_letter_noted(cast: Cast) -> None:
    arif = cast.actor("arif")
    content = csv("nama,kecamatan", "Asep,Tambun Selatan")
    for wrong in ({"basis": " "}, {"letter_number": "1/SK"}, {"letter_number": "1", "letter_dated": "kemarin"}):
        with pytest.raises(Invalid) as caught:
            upload(content, arif, cast.root, "a.csv", **wrong)
        assert caught.value.fields
    bring(content, arif, cast.root, "a.csv", letter_number="012/SK/DPC/XI/2026", letter_dated="2026-11-02")
    assert imported()["Asep"].basis == "Daftar kader 2026 (012/SK/DPC/XI/2026, 02-11-2026)"
    assert Letter.objects.get().dated == date(2026, 11, 2)


def test_every_batch_is_audited(cast: Cast) -> None:
    run = bring(office_lists.district_office(), cast.actor("arif"), cast.root)
    entry = AuditEntry.objects.get(verb="registry.person.import")
    assert (entry.after["run"], entry.after["new"], entry.user_id) == (run.pk, 3, cast.user("arif").pk)


def test_a_preview_costs_the_same_for_many_rows(cast: Cast, django_assert_num_queries: Any) -> None:
    def list_of(size: int) -> ImportRun:
        lines = (f"Orang {'abcdefgh'[n % 8]}{n},Tambun Selatan" for n in range(size))
        return upload(csv("nama,kecamatan", *lines), cast.actor("arif"), cast.root, "a.csv")

    few, many = list_of(3), list_of(400)
    with CaptureQueriesContext(connection) as caught:
        looked_at(few)
    with django_assert_num_queries(len(caught)):
        looked_at(many)


KILLED = """
import django, os, signal, sys
django.setup()
from kentongan.core import jobs
from kentongan.registry.importing import people
people.BATCH = 40
taken = people.actions.take_people
def killed(actor, run, feed, batch, finder, seen):
    if batch.start >= 80:
        os.kill(os.getpid(), signal.SIGKILL)
    taken(actor, run, feed, batch, finder, seen)
people.actions.take_people = killed
jobs.run(int(sys.argv[1]))
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_killed_import_is_completed_without_doubles(make_cast: Callable[..., Cast]) -> None:
    cast = make_cast()
    lines = [f"Orang Nomor {chr(97 + n // 26)}{chr(97 + n % 26)},Tambun Selatan,08120000{n:04d}" for n in range(150)]
    run = upload(csv("nama,kecamatan,hp", *lines), cast.actor("arif"), cast.root, "a.csv")
    job = imports.confirm(cast.actor("arif"), run.pk)
    command = [sys.executable, "-c", KILLED, str(job.pk)]
    killed = subprocess.run(command, env=environment(), timeout=90, capture_output=True)
    assert killed.returncode == -9, (killed.stderr, Job.objects.get(pk=job.pk).error)
    run.refresh_from_db()
    assert (run.position, len(imported())) == (80, 80)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=clock.now() - jobs.rescue.SILENT_AFTER * 2)
    assert jobs.free_stalled() >= 1
    assert jobs.run_now(job).state == Job.State.DONE
    run.refresh_from_db()
    assert (figures(run), len(imported())) == ((150, 0, 0, 0), 150)


def test_the_columns_of_accounts_are_called_in_the_language_of_the_reader() -> None:
    (field,) = [field for field in FIELDS if field.name == "account_instagram"]
    said = []
    for language in ("id", "en"):
        with translation.override(language):
            said.append(str(field.label))
    assert said == ["Akun Instagram", "Account on Instagram"]


def json_lines(*rows: dict[str, Any]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nama", "Asep\ud800 Saepudin"),
        ("nama", "\udfff"),
        ("nama", "A" * 10_000_000),
        ("hp", "0812" + " " * 3_000_000 + "9"),
        ("jabatan", "Ketua" + " " * 3_000_000 + "x"),
        ("jabatan", "\ud800" * 3000),
        ("mulai", "²"),
        ("mulai", "٣"),
        ("mulai", "9" * 5000),
        ("mulai", "31/02/2024"),
        ("mulai", "99999-01-01"),
        ("periode", "0000-0000"),
        ("periode", "2024-0000"),
        ("periode", "9999-0001"),
        ("periode", float("nan")),
        ("hp", float("inf")),
        ("hp", 1e308),
        ("email", "a@" + "b" * 400 + ".id"),
    ],
)
def test_a_bad_cell_is_a_reason_never_a_dead_job(cast: Cast, tmp_path: Path, field: str, value: Any) -> None:
    good = {"nama": "Bunga", "hp": "08120000111", "email": "", "jabatan": "Ketua", "mulai": "", "periode": ""}
    bad = good | {"nama": "Asep", "hp": ""} | {field: value}
    run = bring(json_lines(good, bad), cast.actor("arif"), cast.root, "a.jsonl")
    assert figures(run) == (1, 0, 0, 1)
    assert run.rejects.get().reason
    assert imports.write_rejects(run, tmp_path / "r.xlsx") == imports.write_rejects(run, tmp_path / "r.csv") == 1


def test_nul_is_left_out_and_everything_else_kept(cast: Cast) -> None:
    run = bring(
        json_lines({"nama": "As\x00ep", "ig": "@asep\x00", "catatan\x00": "\ud800", "hp": None}),
        cast.actor("arif"),
        cast.root,
        "a.jsonl",
    )
    assert figures(run) == (1, 0, 0, 0)
    assert set(imported()) == {"Asep"}


def test_lists_pasted_together_from_two_programs_keep_their_letters(cast: Cast) -> None:
    content = "nama,kecamatan\nJosé,Tambun Selatan\n".encode() + "Agnès,Tambun Selatan\n".encode("cp1252")
    assert figures(bring(content, cast.actor("arif"), cast.root, "a.csv")) == (2, 0, 0, 0)
    assert set(imported()) == {"José", "Agnès"}


def test_three_hundred_columns_are_read_and_shown(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    head = ",".join(["nama", "kecamatan", *(f"kolom {n}" for n in range(298))])
    lines = [f"Orang {'abcdefgh'[n]},Tambun Selatan," + ",".join(["0812345678"] * 298) for n in range(8)]
    run = upload(csv(head, *lines), cast.actor("arif"), cast.root, "a.csv")
    assert (run.mapping["full_name"], run.mapping["district"]) == ("nama", "kecamatan")
    assert sign_in(cast.user("arif")).get(run.get_absolute_url()).status_code == 200
    jobs.run_now(imports.confirm(cast.actor("arif"), run.pk, inline=True))
    assert len(imported()) == 8


@pytest.mark.parametrize("text", ["\x00", "32.16\x00.06", "\ufffd", "9" * 500])
def test_answers_with_characters_that_nothing_can_hold(
    cast: Cast, sign_in: Callable[[User], Client], text: str
) -> None:
    run = upload(csv("nama,kecamatan", "Asep,Tambun Slatan"), cast.actor("arif"), cast.root, "a.csv")
    (question,) = looked_at(run).questions
    fields = {f"column:{field}": column for field, column in run.mapping.items()}
    client = sign_in(cast.user("arif"))
    for name in (f"other:{question.key}", f"answer:{question.key}{text}", f"column:{text}"):
        for address in ("core:import_answer", "core:import_preview", "core:import_confirm"):
            response = client.post(reverse(address, args=[run.pk]), {**fields, name: text})
            assert response.status_code in (200, 302, 409, 422), (name[:80], address)


def test_the_preview_tells_which_unit_each_row_means(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    lines = ("Asep,Tambun Selatan,", "Bunga,,Sukamahi", "Cahya,Tambun Slatan,", "Dadan,Qwxyz,")
    run = upload(csv("nama,kecamatan,desa", *lines), cast.actor("arif"), cast.root, "a.csv")
    rows = {row.read[0][1]: row for row in looked_at(run).rows}
    assert (rows["Asep"].meant, rows["Asep"].within, rows["Asep"].score) == ("Kecamatan Tambun Selatan", "", None)
    assert (rows["Bunga"].meant, rows["Bunga"].within) == ("Desa Sukamahi", "Kecamatan Cikarang Pusat")
    assert rows["Cahya"].meant == "Kecamatan Tambun Selatan"
    assert rows["Cahya"].score == pytest.approx(0.957, abs=0.02)
    assert (rows["Dadan"].meant, rows["Dadan"].outcome) == ("", "doubtful")
    page = sign_in(cast.user("arif")).get(run.get_absolute_url()).content.decode()
    assert "Kecamatan Cikarang Pusat" in page


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"letter_number": "12/SK"}, "letter_dated"),
        ({"letter_dated": "2026-11-02"}, "letter_number"),
        ({"letter_number": "12/SK", "letter_dated": "kemarin"}, "letter_dated"),
    ],
)
def test_a_letter_without_number_or_date_marks_that_field(
    cast: Cast, sign_in: Callable[[User], Client], given: dict[str, str], field: str
) -> None:
    file = SimpleUploadedFile("a.csv", csv("nama", "Asep"), "text/csv")
    options = {f"option:{name}": value for name, value in (BASIS | given).items()}
    data = {"kind": PeopleImport.name, "unit": cast.root.pk, "file": file, **options}
    response = sign_in(cast.user("arif")).post(reverse("core:import_upload"), data)
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count("is-invalid") == 1
    assert f'id="fault-option-{field}"' in page or f'id="fault-{field}"' in page
    assert not ImportRun.objects.exists()
