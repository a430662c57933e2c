"""Lists of contacts on their way in: read, matched with those who are kept, given back, taken back."""

import threading
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kentongan.core import imports, jobs
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, NotAllowed, NotFound
from kentongan.core.imports import ImportRun
from kentongan.core.imports.preview import preview
from kentongan.core.models import Job
from kentongan.registry import actions
from kentongan.registry.importing.contact_entries import kind_of
from kentongan.registry.importing.contacts import ContactImport
from kentongan.registry.models import Account, Contact, ImportStep, Person, Unit
from named_cast import SYSTEM, Cast

OPTIONS = {"basis": "Daftar humas, Maret 2026"}
HEAD = "Nama,Jenis,Media,Rubrik,Wilayah Liputan,No HP,Email,IG,Twitter,Keterangan"
LIST = [
    "DAFTAR MEDIA DAN MITRA 2026,,,,,,,,,",
    ",,,,,,,,,",
    HEAD,
    "Ratna Kusuma,Wartawan,Radar Bekasi,\"Kesehatan, Lalu Lintas\",Kab. Bekasi,081230000001,ratna@example.id,"
    "@ratna.radar,,-",
    "Komunitas Gowes,Komunitas,,transportasi,Kec. Tambun Selatan; Kec. Cikarang Pusat,6281230000002,,"
    "gowes bekasi,,Rapat tiap Sabtu",
    "Yuni Kreatif,Selebgram,,kuliner;wisata,Negeri Antah,,,,https://x.com/yunikreatif,",
    "RSUD Cibitung,Instansi,Pemkab Bekasi,kesehatan,32.16,02188374444,humas@example.id,,,",
    "Tak Jelas,Penggemar,,,,,,,,",
    "Salah Nomor,Wartawan,,,,8.12E+10,,,,",
    ",Wartawan,,,,,,,,",
]  # fmt: skip


def upload(lines: list[str], actor: Actor, unit: Unit, **options: str) -> ImportRun:
    content = BytesIO("\n".join(lines).encode())
    return imports.upload(actor, ContactImport.name, unit.pk, content, "media.csv", options={**OPTIONS, **options})


def bring(lines: list[str], actor: Actor, unit: Unit, **options: str) -> ImportRun:
    run = upload(lines, actor, unit, **options)
    job = jobs.run_now(imports.confirm(actor, run.pk, inline=True))
    assert job.state == Job.State.DONE, job.error
    return ImportRun.objects.get(pk=run.pk)


def undo(run: ImportRun, actor: Actor) -> ImportRun:
    jobs.run_now(imports.undo(actor, run.pk, inline=True))
    return ImportRun.objects.get(pk=run.pk)


def figures(run: ImportRun) -> tuple[int, int, int, int]:
    return run.rows_new, run.rows_changed, run.rows_same, run.rows_rejected


def state() -> list[Any]:
    """Everything that an import writes, so that two moments can be compared."""
    people = Person.objects.filter(contact__isnull=False).order_by("pk")
    return [
        list(people.values_list("full_name", "phone", "email", "state", "basis")),
        list(Contact.objects.order_by("pk").values_list("kind", "organisation", "topics", "areas", "notes")),
        list(Contact.objects.order_by("pk").values_list("areas_around", flat=True)),
        sorted(Account.objects.filter(person__in=people).values_list("platform", "identity", "state")),
    ]  # fmt: skip


def by_name() -> dict[str, Contact]:
    return {str(one): one for one in Contact.objects.select_related("person")}


def test_the_list_of_a_press_office_is_read_as_it_is(cast: Cast) -> None:
    run = upload(LIST, cast.actor("joko"), cast.tambun_selatan)
    assert run.mapping == {
        "full_name": "Nama",
        "kind": "Jenis",
        "organisation": "Media",
        "topics": "Rubrik",
        "areas": "Wilayah Liputan",
        "phone": "No HP",
        "email": "Email",
        "account_instagram": "IG",
        "account_x": "Twitter",
        "notes": "Keterangan",
    }
    shown = preview(run, ContactImport(), dict(run.mapping), {})
    assert dict(shown.outcomes) == {"new": 4, "changed": 0, "same": 0, "doubtful": 0, "rejected": 3}
    assert not shown.questions
    jobs.run_now(imports.confirm(cast.actor("joko"), run.pk, inline=True))
    run.refresh_from_db()
    assert figures(run) == (4, 0, 0, 3)
    found = by_name()
    ratna, gowes, yuni = found["Ratna Kusuma"], found["Komunitas Gowes"], found["Yuni Kreatif"]
    assert (ratna.kind, ratna.organisation, ratna.topics) == (
        "journalist",
        "Radar Bekasi",
        ["kesehatan", "lalu lintas"],
    )
    assert (ratna.areas, ratna.areas_around, ratna.notes) == (["32.16"], ["32", "32.16"], "")
    assert (ratna.person.phone, ratna.person.basis, ratna.source) == (
        "+6281230000001",
        "Daftar humas, Maret 2026",
        "list",
    )
    assert gowes.areas == ["32.16.06", "32.16.20"]
    assert (yuni.kind, yuni.areas, found["RSUD Cibitung"].kind) == ("influencer", [], "agency")
    assert {(one.handle, one.state, one.unit) for one in Account.objects.filter(kind="organic")} == {
        ("ratna.radar", "claimed", cast.tambun_selatan),
        ("yunikreatif", "claimed", cast.tambun_selatan),
    }
    remarks = {remark.original[0]: remark.reason for remark in run.remarks.all()}
    assert set(remarks) == {"Komunitas Gowes", "Yuni Kreatif"}
    assert "Negeri Antah" in remarks["Yuni Kreatif"]
    reasons = {reject.original[0] or "": reject.reason for reject in run.rejects.all()}
    assert set(reasons) == {"Tak Jelas", "Salah Nomor", ""}
    assert {one.person.state for one in found.values()} == {"invited"}


def test_the_same_list_twice_changes_nothing_and_undo_takes_back_exactly(cast: Cast) -> None:
    joko = cast.actor("joko")
    actions.add_contact(SYSTEM, cast.tambun_selatan.pk, {
        "full_name": "Ratna Kusuma, S.Sos.", "kind": "influencer", "source": "given", "basis": "Kartu nama",
        "topics": ["banjir"], "areas": ["32.75"], "notes": "Lama.",
    })  # fmt: skip
    before = state()
    first = bring(LIST, joko, cast.tambun_selatan)
    assert figures(first) == (3, 1, 0, 3)
    ratna = by_name()["Ratna Kusuma, S.Sos."]
    assert (ratna.kind, ratna.topics, ratna.areas) == (
        "journalist",
        ["banjir", "kesehatan", "lalu lintas"],
        ["32.75", "32.16"],
    )
    assert ratna.areas_around == ["32", "32.16", "32.75"]
    assert ratna.notes == "Lama."
    seen = preview(upload(LIST, joko, cast.tambun_selatan), ContactImport(), dict(first.mapping), {})
    assert {row.meant for row in seen.rows} >= {"Ratna Kusuma, S.Sos.", "RSUD Cibitung"}
    assert figures(bring(LIST, joko, cast.tambun_selatan)) == (0, 0, 4, 3)
    run = undo(first, joko)
    assert run.state == ImportRun.State.UNDONE
    assert state() == before
    (again,) = ImportStep.objects.filter(undone_at=None)
    assert (again.people, again.accounts, again.changes, len(again.met)) == ([], [], [], 4)


def test_who_confirmed_is_not_changed_by_a_list_and_stays_when_it_is_taken_back(cast: Cast) -> None:
    joko = cast.actor("joko")
    run = bring(LIST, joko, cast.tambun_selatan)
    ratna = by_name()["Ratna Kusuma"]
    link = Actor.of_link(ratna.person_id, "Ratna")
    actions.correct_own_contact(link, {"full_name": "Ratna Kusuma", "topics": ["pendidikan"], "phone": "081230000001"})
    lines = [HEAD, "Ratna Kusuma,Influencer,Lain Media,politik,32.75,081230000001,x@example.id,,,Baru"]
    again = bring(lines, joko, cast.tambun_selatan)
    assert figures(again) == (0, 0, 1, 0)
    undo(run, joko)
    assert [str(one) for one in Contact.objects.all()] == ["Ratna Kusuma"]
    ratna.refresh_from_db()
    assert (ratna.topics, ratna.kind, ratna.organisation) == (["pendidikan"], "journalist", "")


def test_what_was_written_since_is_left_when_a_list_is_taken_back(cast: Cast) -> None:
    joko = cast.actor("joko")
    run = bring(LIST, joko, cast.tambun_selatan)
    found = by_name()
    given = {"full_name": "Yuni Kreatif", "kind": "influencer", "source": "given", "basis": "Ia menelepon"}
    actions.correct_contact(joko, found["Yuni Kreatif"].pk, given)
    later = [HEAD, "Komunitas Gowes,Komunitas,,lingkungan,,6281230000002,,,,"]
    assert figures(bring(later, joko, cast.tambun_selatan)) == (0, 1, 0, 0)
    undone = undo(run, joko)
    assert set(by_name()) == {"Yuni Kreatif", "Komunitas Gowes"}
    assert undone.rows_undone == 2
    assert ImportStep.objects.get(run=run).left == 2
    assert Account.objects.filter(kind="organic").count() == 1, "what nobody touched goes, and its accounts with it"


def test_the_first_of_two_rows_on_one_contact_decides_each_time(cast: Cast) -> None:
    joko = cast.actor("joko")
    bring([HEAD, "Ratna Kusuma,Wartawan,Radar Bekasi,,,081230000001,,,,"], joko, cast.tambun_selatan)
    two = [HEAD, *(f"Ratna Kusuma,Wartawan,Radar Bekasi,,,081230000001,{one}@example.id,,," for one in ("a", "b"))]
    assert figures(bring(two, joko, cast.tambun_selatan)) == (0, 1, 1, 0)
    assert Person.objects.get(contact__isnull=False).email == "a@example.id"
    assert figures(bring(two, joko, cast.tambun_selatan)) == (0, 0, 2, 0)


def test_a_claim_on_an_older_contact_who_confirmed_since_stays(cast: Cast) -> None:
    """The list brought nothing but an account; its owner confirmed what was noted, the account with it."""
    joko = cast.actor("joko")
    actions.add_contact(SYSTEM, cast.tambun_selatan.pk, {
        "full_name": "Ratna Kusuma", "kind": "journalist", "source": "given", "basis": "Kartu nama",
    })  # fmt: skip
    run = bring([HEAD, "Ratna Kusuma,Wartawan,,,,,,@ratna.radar,,"], joko, cast.tambun_selatan)
    ratna = by_name()["Ratna Kusuma"]
    actions.correct_own_contact(Actor.of_link(ratna.person_id, "Ratna"), {"full_name": "Ratna Kusuma"})
    undone = undo(run, joko)
    assert Account.objects.filter(person=ratna.person_id, identity="ratna.radar").exists()
    assert undone.state == ImportRun.State.UNDONE


def test_who_shares_only_phone_or_account_comes_in_and_is_doubtful(cast: Cast) -> None:
    joko = cast.actor("joko")
    bring(LIST, joko, cast.tambun_selatan)
    lines = [
        HEAD,
        "Redaksi Radar,Wartawan,,,,081230000001,,,,",
        "Admin IG,Wartawan,,,,,,@ratna.radar,,",
        "Ratna Kusuma,Wartawan,Koran Lain,,,,,,,",
    ]
    run = upload(lines, joko, cast.tambun_selatan)
    assert dict(preview(run, ContactImport(), dict(run.mapping), {}).outcomes)["doubtful"] == 3
    jobs.run_now(imports.confirm(joko, run.pk, inline=True))
    run.refresh_from_db()
    assert figures(run) == (3, 0, 0, 0)
    assert run.remarks.count() == 3
    assert Contact.objects.count() == 7


def test_who_withdrew_is_rejected_by_phone_and_by_account(cast: Cast) -> None:
    joko = cast.actor("joko")
    bring(LIST, joko, cast.tambun_selatan)
    actions.withdraw(Actor.of_link(by_name()["Ratna Kusuma"].person_id, "Ratna"))
    run = bring(LIST, joko, cast.tambun_selatan)
    assert figures(run) == (0, 0, 3, 4)
    other = [HEAD, "Nama Baru,Wartawan,,,,,,https://www.instagram.com/ratna.radar/,,"]
    assert figures(bring(other, joko, cast.tambun_selatan)) == (0, 0, 0, 1)
    elsewhere = [HEAD, "Nama Lain,Wartawan,,,,081230000001,,,,"]
    assert figures(bring(elsewhere, cast.actor("arif"), cast.root)) == (0, 0, 0, 1)


def test_a_neighbour_s_contacts_are_neither_met_nor_told(cast: Cast) -> None:
    actions.add_contact(SYSTEM, cast.sukamahi.pk, {
        "full_name": "Ratna Kusuma", "kind": "journalist", "source": "given", "basis": "Kartu", "phone": "081230000001",
    })  # fmt: skip
    run = bring(LIST, cast.actor("joko"), cast.tambun_selatan)
    assert figures(run) == (4, 0, 0, 3)
    assert not run.remarks.filter(reason__contains="Ratna").exists()


def test_rows_that_say_no_kind_take_that_of_the_list_or_stay_out(cast: Cast) -> None:
    lines = ["Nama,No HP", "Budi Santoso,081230000009"]
    assert figures(bring(lines, cast.actor("arif"), cast.root)) == (0, 0, 0, 1)
    assert figures(bring(lines, cast.actor("arif"), cast.root, kind="wartawan")) == (1, 0, 0, 0)
    assert Contact.objects.get().kind == "journalist"


@pytest.mark.parametrize("options", [{"basis": ""}, {"kind": "penggemar"}])
def test_a_list_says_where_it_comes_from(cast: Cast, options: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        upload(LIST, cast.actor("arif"), cast.root, **options)
    assert set(refused.value.fields) == set(options)


@pytest.mark.parametrize("who", ["wulan", "dewi", "hendra", "sari", "maman", "tono", "euis", "joko"])
def test_only_an_administrator_of_the_unit_brings_a_list_in(cast: Cast, who: str) -> None:
    with pytest.raises((NotAllowed, NotFound)):
        upload(LIST, cast.actor(who), cast.root)
    assert not ImportRun.objects.exists()


def test_an_administrator_who_lost_the_role_brings_nothing_in(cast: Cast) -> None:
    run = upload(LIST, cast.actor("joko"), cast.tambun_selatan)
    job = imports.confirm(cast.actor("joko"), run.pk, inline=True)
    cast.user("joko").grants.all().delete()
    assert jobs.run_now(job).state == Job.State.FAILED
    assert not Contact.objects.exists()


def test_nothing_comes_in_for_a_unit_that_was_closed_meanwhile(cast: Cast) -> None:
    job = imports.confirm(SYSTEM, upload(LIST, SYSTEM, cast.sukamahi).pk, inline=True)
    actions.close_unit(SYSTEM, cast.sukamahi.pk)
    assert jobs.run_now(job).state == Job.State.FAILED
    assert not Contact.objects.exists()


def test_a_large_list_takes_a_fixed_number_of_statements_a_batch(cast: Cast) -> None:
    counts = []
    for size in (10, 300):
        lines = [
            HEAD,
            *(f"Kontak {size} {n},Komunitas,,topik,Kab. Bekasi,08125{size:03}{n:05},,,," for n in range(size)),
        ]
        run = upload(lines, cast.actor("arif"), cast.root)
        job = imports.confirm(cast.actor("arif"), run.pk, inline=True)
        with CaptureQueriesContext(connection) as asked:
            assert jobs.run_now(job).state == Job.State.DONE
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_an_import_that_broke_off_goes_on_where_it_was(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [HEAD, *(f"Kontak {n},Komunitas,,topik,,08125{n:07},,@kontak{n},," for n in range(9))]
    monkeypatch.setattr("kentongan.registry.importing.contacts.BATCH", 4)
    run, real, batches = upload(lines, SYSTEM, cast.root), actions.take_contacts, []

    def dies(*given: Any) -> None:
        batches.append(1)
        if len(batches) == 2:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(actions, "take_contacts", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.run_now(imports.confirm(SYSTEM, run.pk, inline=True))
    assert Contact.objects.count() == 4
    monkeypatch.setattr(actions, "take_contacts", real)
    assert jobs.run_now(imports.resume(SYSTEM, run.pk, inline=True)).state == Job.State.DONE
    run.refresh_from_db()
    assert (figures(run), Contact.objects.count()) == ((9, 0, 0, 0), 9)
    assert Account.objects.filter(kind="organic").count() == 9
    assert undo(run, SYSTEM).rows_undone == 9
    assert not Contact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_bring_each_contact_once(cast: Cast) -> None:
    lines = [HEAD, *(f"Kontak {n},Komunitas,,topik,,08125{n:07},,,," for n in range(60))]
    ready = [
        imports.confirm(SYSTEM, upload(lines, SYSTEM, cast.root).pk, inline=True) for _number in range(2)
    ]  # fmt: skip
    failed: list[BaseException] = []

    def work(job: Job) -> None:
        try:
            jobs.run_now(job)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(job,)) for job in ready]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    assert Contact.objects.count() == 60
    assert {figures(run) for run in ImportRun.objects.all()} == {(60, 0, 0, 0), (0, 0, 60, 0)}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Wartawan", "journalist"),
        ("Media Massa", "journalist"),
        ("Content Creator", "influencer"),
        ("Karang Taruna", "community"),
        ("OPD Mitra", "agency"),
        ("agency", "agency"),
        ("Persik", ""),
        ("", ""),
    ],
)
def test_kinds_are_read_as_offices_write_them(said: str, kind: str) -> None:
    assert kind_of(said) == kind
