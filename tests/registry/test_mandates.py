"""Mandates: who may give and see them, what the matrix says, who is missing by name, who is reminded how often."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from kentongan.cli import mandates as command
from kentongan.core import clock, jobs
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.ids import token_digest
from kentongan.core.models import AuditEntry, User
from kentongan.core.models.messages import Message
from kentongan.registry import actions, counting
from kentongan.registry.actions.mandates import NewMandate
from kentongan.registry.models import Account, Letter, Mandate, Person, PersonInvitation, Tally, Unit
from kentongan.registry.queries import mandates as reads
from named_cast import SYSTEM, Cast
from registry.test_counting import member, own_account

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"


def wanted(**more: Any) -> NewMandate:
    new = {"name": "Tiga akun", "subject": "people", "platforms": ("facebook", "x"), "due_on": date(2030, 1, 1), **more}
    return NewMandate(**new)


@pytest.fixture
def given(cast: Cast) -> Mandate:
    """Nani of the village has everything, Joko of the district one of two, Budi nothing."""
    mandate = actions.give_mandate(cast.actor("arif"), cast.root.pk, wanted(titles=("Ketua ", "ketua")))
    nani, joko = member(cast.sukamahi, "Nani"), member(cast.cikarang_pusat, "Joko")
    member(cast.tambun_selatan, "Budi", consents=False)
    own_account(nani, "facebook"), own_account(nani, "x"), own_account(joko, "x")
    counting.fold_all()
    return mandate


def test_a_mandate_is_kept_tidy_with_its_letter(cast: Cast) -> None:
    letter = {"number": " 012/SK/XI/2026 ", "dated": date(2026, 11, 1)}
    mandate = actions.give_mandate(
        cast.actor("arif"), cast.root.pk, wanted(titles=("Ketua", " ketua", "")), letter=letter
    )
    assert mandate.titles == ["ketua"]
    assert mandate.letter == Letter.objects.get(number="012/SK/XI/2026", unit=cast.root)
    assert AuditEntry.objects.filter(verb="registry.mandate.give", object_id=str(mandate.pk)).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"),
        ({"subject": "everybody"}, "subject"),
        ({"platforms": ()}, "platforms"),
        ({"platforms": ("myspace",)}, "platforms"),
        ({"counts": "liked"}, "counts"),
        ({"counts": "connected"}, "counts"),
        ({"subject": "units", "titles": ("Ketua",)}, "titles"),
        ({"titles": tuple(f"Jabatan {n}" for n in range(41))}, "titles"),
        ({"levels": ("galaxy",)}, "levels"),
        ({"kinds": ("club",)}, "kinds"),
        ({"due_on": date(2020, 1, 1)}, "due_on"),
    ],
)
def test_what_cannot_be_asked_is_refused(cast: Cast, change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        actions.give_mandate(cast.actor("arif"), cast.root.pk, wanted(**change))
    assert field in caught.value.fields
    assert not Mandate.objects.exists()


def test_who_may_give_change_and_end(cast: Cast, given: Mandate) -> None:
    for name in ("dewi", "hendra", "sari", "maman", "tono", "euis", "joko"):
        with pytest.raises((NotAllowed, NotFound)):
            actions.give_mandate(cast.actor(name), cast.root.pk, wanted())
        with pytest.raises((NotAllowed, NotFound)):
            actions.end_mandate(cast.actor(name), given.pk)
        with pytest.raises((NotAllowed, NotFound)):
            actions.change_mandate(cast.actor(name), given.pk, name="Lain", due_on=date(2031, 1, 1))
        with pytest.raises((NotAllowed, NotFound)):
            actions.remind(cast.actor(name), given.pk, cast.root.pk)
    assert actions.give_mandate(cast.actor("wulan"), cast.root.pk, wanted(name="Dari ketua"))
    actions.change_mandate(cast.actor("arif"), given.pk, name="Lain", due_on=date(2031, 1, 1))
    actions.end_mandate(cast.actor("arif"), given.pk)
    with pytest.raises(Conflict):
        actions.change_mandate(cast.actor("arif"), given.pk, name="Lagi", due_on=date(2031, 1, 1))


def test_the_matrix_says_who_keeps_it(cast: Cast, given: Mandate) -> None:
    found = reads.matrix(cast.actor("arif"), given, cast.root)
    assert (found.whole.complete.done, found.whole.complete.missing) == (1, 2)
    assert {kind: share.done for kind, share in found.whole.platforms.items()} == {"facebook": 1, "x": 2}
    below = {line.unit.pk: (line.complete.done, line.complete.total) for line in found.below}
    assert below == {cast.cikarang_pusat.pk: (1, 2), cast.tambun_selatan.pk: (0, 1)}
    district = reads.matrix(cast.actor("arif"), given, cast.cikarang_pusat)
    assert district.own is not None
    assert (district.own.complete.done, district.own.complete.total) == (0, 1)


def test_change_since_last_week_and_overdue(cast: Cast, given: Mandate) -> None:
    assert reads.matrix(cast.actor("arif"), given, cast.root).whole.complete.change is None
    with clock.playing(clock.now() + timedelta(days=8)):
        own_account(member(cast.sukamahi, "Wati"), "x")
        counting.fold_all()
        found = reads.matrix(cast.actor("arif"), given, cast.root)
        assert found.whole.platforms["x"].change == 1
        assert found.whole.complete.change == 0
        assert found.overdue_count == 0
    with clock.playing(clock.now() + timedelta(days=2000)):
        assert reads.matrix(cast.actor("arif"), given, cast.root).overdue_count == 3


def test_names_are_those_of_the_numbers(cast: Cast, given: Mandate) -> None:
    arif = cast.actor("arif")
    for unit in Unit.objects.filter(closed_at=None):
        found = reads.matrix(arif, given, unit).whole
        assert reads.missing(arif, given, unit).count() == found.complete.missing
        assert reads.bearers(arif, given, unit).count() == found.complete.total
        for platform in given.platforms:
            assert reads.missing(arif, given, unit, platform).count() == found.platforms[platform].missing
    names = [row.person.full_name for row in reads.missing(arif, given, cast.root)]
    assert sorted(names) == ["Budi", "Joko"]


@pytest.mark.parametrize("counts", ["exists", "proven", "connected", "active"])
def test_units_by_name_are_those_of_the_numbers(cast: Cast, counts: str) -> None:
    mandate = actions.give_mandate(SYSTEM, cast.root.pk, wanted(subject="units", counts=counts, levels=("district",)))
    first = actions.declare_account(SYSTEM, cast.cikarang_pusat.pk, handle="https://facebook.com/cikarang")
    second = actions.declare_account(SYSTEM, cast.tambun_selatan.pk, handle="https://facebook.com/tambun")
    Account.objects.filter(pk=first.pk).update(state="proven", last_posted_at=clock.now())
    actions.connect(SYSTEM, second.pk, secrets={})
    counting.fold_all()
    tally = Tally.objects.get(mandate=mandate, unit_id=cast.root.pk, of="facebook")
    assert reads.missing(SYSTEM, mandate, cast.root, "facebook").count() == tally.total - tally.done
    assert tally.done == {"exists": 2, "proven": 2, "connected": 1, "active": 1}[counts]


def test_one_who_holds_two_such_positions_at_a_unit_counts_once(cast: Cast, given: Mandate) -> None:
    nani = member(cast.sukamahi, "Ratna")
    nani.memberships.create(unit=cast.sukamahi, title="KETUA")
    counting.fold_all()
    assert reads.bearers(SYSTEM, given, cast.sukamahi).count() == 2
    assert reads.matrix(SYSTEM, given, cast.sukamahi).whole.complete.total == 2


def test_a_position_covers_those_that_begin_with_its_words(cast: Cast, given: Mandate) -> None:
    for title in ("Ketua RT 05", "Ketua_", "Ketuaan", "Wakil Ketua"):
        member(cast.sukamahi, title, title)
    counting.fold_all()
    assert {row.title for row in reads.bearers(SYSTEM, given, cast.sukamahi)} == {"Ketua", "Ketua RT 05"}
    assert reads.matrix(SYSTEM, given, cast.sukamahi).whole.complete.total == 2


def test_a_position_that_its_holder_denies_binds_nobody(cast: Cast, given: Mandate) -> None:
    person = Person.objects.get(full_name="Budi")
    person.memberships.update(denied_at=clock.now())
    counting.fold_all()
    assert not reads.missing(SYSTEM, given, cast.tambun_selatan).exists()
    assert reads.matrix(SYSTEM, given, cast.tambun_selatan).whole.complete.total == 0


def test_whoever_is_bound_sees_their_own_part_only(cast: Cast, given: Mandate) -> None:
    district = actions.add_user(SYSTEM, cast.cikarang_pusat.pk, email="camat@example.go.id", name="Camat")
    actions.grant_role(SYSTEM, district.pk, cast.cikarang_pusat.pk, "administrator")
    other = actions.add_user(SYSTEM, cast.tambun_selatan.pk, email="tambun@example.go.id", name="Tambun")
    actions.grant_role(SYSTEM, other.pk, cast.tambun_selatan.pk, "administrator")
    camat = Actor.of_user(district)
    assert reads.mandate(camat, given.pk) == given
    assert reads.place(camat, given, None) == cast.cikarang_pusat
    with pytest.raises(NotFound):
        reads.place(camat, given, cast.tambun_selatan.pk)
    with pytest.raises(NotFound):
        reads.matrix(camat, given, cast.tambun_selatan)
    with pytest.raises(NotFound):
        reads.bearers(camat, given, cast.root)
    own = actions.give_mandate(camat, cast.cikarang_pusat.pk, wanted(name="Kecamatan"))
    assert own not in reads.mandates(Actor.of_user(other))
    assert own in reads.mandates(cast.actor("arif"))


def test_reminders_reach_each_once_in_three_days_and_no_ended_mandate(cast: Cast, given: Mandate) -> None:
    arif = cast.actor("arif")
    job = jobs.run_now(actions.remind(arif, given.pk, cast.root.pk, inline=True))
    assert job.state == jobs.Job.State.DONE
    assert job.result == {"told": 2, "missing": 2}
    assert jobs.run_now(actions.remind(arif, given.pk, cast.root.pk, inline=True)).result["told"] == 0
    message = Message.objects.get(recipient="Joko")
    assert not message.link  # nobody can hand it over: he has neither number nor address
    assert "Facebook" in message.subject
    assert "X" not in message.subject.split()
    with clock.playing(clock.now() + timedelta(days=3)):
        assert jobs.run_now(actions.remind(arif, given.pk, cast.root.pk, inline=True)).result["told"] == 2
    with pytest.raises(Invalid):
        actions.remind(arif, given.pk, cast.root.pk, platform="youtube")
    actions.end_mandate(arif, given.pk)
    with pytest.raises(Conflict):
        actions.remind(arif, given.pk, cast.root.pk)


def test_a_reminder_brings_a_link_to_ones_own_page_which_the_next_try_leaves_alone(cast: Cast, given: Mandate) -> None:
    Person.objects.filter(full_name="Joko").update(email="joko.k@example.id")
    arif = cast.actor("arif")
    jobs.run_now(actions.remind(arif, given.pk, cast.root.pk, inline=True))
    first = Message.objects.get(recipient="Joko")
    jobs.run_now(actions.remind(arif, given.pk, cast.root.pk, inline=True))
    invitation = PersonInvitation.objects.get(person__full_name="Joko", revoked_at=None)
    assert invitation.digest == token_digest(first.link.rstrip("/").rsplit("/", 1)[-1])


def test_nobody_uses_the_link_to_somebody_elses_page_that_a_reminder_holds(
    cast: Cast, given: Mandate, sign_in: Callable[[User], Client]
) -> None:
    Person.objects.filter(full_name="Joko").update(phone="+6281200000001")
    jobs.run_now(actions.remind(cast.actor("wulan"), given.pk, cast.cikarang_pusat.pk, inline=True))
    message = Message.objects.get(recipient="Joko", channel="link")
    token = message.link.rstrip("/").rsplit("/", 1)[-1]
    client, waiting = sign_in(cast.user("wulan")), reverse("core:hand_over_list")
    outbox = client.get(reverse("core:messages")).content.decode()
    assert "Joko" in outbox
    with translation.override("id"):
        page = client.get(waiting).content.decode()
    assert "1 lagi menunggu administrator" in page
    for shown in (outbox, page, client.get("/api/v1/core/messages").content.decode()):
        assert token not in shown
    refused = client.post(reverse("core:hand_over", args=(message.pk,)))
    assert refused.status_code == 403
    assert token not in refused.content.decode()
    message.refresh_from_db()
    assert message.state == "queued"
    assert token not in sign_in(cast.user("joko")).get(waiting).content.decode()  # an administrator elsewhere
    client = sign_in(cast.user("arif"))
    assert token in client.get(waiting).content.decode()
    assert client.post(reverse("core:hand_over", args=(message.pk,))).status_code == 302


def test_units_are_reminded_through_their_administrators(cast: Cast) -> None:
    mandate = actions.give_mandate(SYSTEM, cast.root.pk, wanted(subject="units", levels=("regency",)))
    job = jobs.run_now(actions.remind(cast.actor("arif"), mandate.pk, cast.root.pk, inline=True))
    assert job.result["told"] == 1
    message = Message.objects.get(purpose="registry.mandate")
    assert message.address == cast.people["arif"].email
    assert f"/daftar/wajib/{mandate.pk}/" in message.link


def test_the_screens_from_giving_to_the_sheet(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    client = sign_in(cast.people["arif"])
    form = {
        "name": "Semua pengurus punya akun",
        "subject": "people",
        "platforms": ["facebook", "x"],
        "counts": "proven",
        "due_on": "2030-01-01",
        "titles": "Ketua\nSekretaris",
        "letter_number": "012/SK/2026",
        "letter_dated": "2026-11-01",
        "letter_file": SimpleUploadedFile("sk.pdf", PDF, "application/pdf"),
    }
    page = client.post(f"/daftar/unit/{cast.root.pk}/wajib/tambah/", form)
    assert page.status_code == 302, page.content.decode()[:2000]
    mandate = Mandate.objects.select_related("letter").get()
    assert mandate.letter is not None
    assert mandate.letter.file is not None
    joko = member(cast.cikarang_pusat, "=HYPERLINK(1)")
    own_account(joko, "x")
    counting.fold_all()
    assert "Semua pengurus punya akun" in client.get("/daftar/wajib/").content.decode()
    shown = client.get(f"/daftar/wajib/{mandate.pk}/").content.decode()
    assert "Kecamatan Cikarang Pusat" in shown
    assert "012/SK/2026" in shown
    names = client.get(f"/daftar/wajib/{mandate.pk}/nama/?unit={cast.cikarang_pusat.pk}").content.decode()
    assert "=HYPERLINK(1)" in names
    sheet = client.get(f"/daftar/wajib/{mandate.pk}/lembar/?unit={cast.root.pk}")
    assert sheet.content.startswith(b"%PDF-")
    for fmt in ("csv", "xlsx"):
        assert client.get(f"/daftar/wajib/{mandate.pk}/?format={fmt}").status_code == 200
    listed = client.get(f"/daftar/wajib/{mandate.pk}/nama/?format=csv")
    assert "'=HYPERLINK(1)" in b"".join(listed.streaming_content).decode()  # type: ignore[attr-defined]
    assert AuditEntry.objects.filter(verb="registry.person.export").count() == 2
    assert client.post(f"/daftar/wajib/{mandate.pk}/ingatkan/", {"unit": cast.root.pk}).status_code == 302
    assert client.post(f"/daftar/wajib/{mandate.pk}/akhiri/").status_code == 302
    assert "Semua pengurus" in client.get("/daftar/wajib/?ended=1").content.decode()


def test_a_form_with_faults_comes_back_with_them(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    client = sign_in(cast.people["arif"])
    page = client.post(f"/daftar/unit/{cast.root.pk}/wajib/tambah/", {"name": "", "due_on": "kapan"})
    assert page.status_code == 422
    assert not Mandate.objects.exists()


def test_members_and_editors_see_no_names(cast: Cast, given: Mandate, sign_in: Callable[[User], Client]) -> None:
    editor = sign_in(cast.people["dewi"])
    assert editor.get(f"/daftar/wajib/{given.pk}/?unit={cast.root.pk}").status_code == 200
    assert editor.get(f"/daftar/wajib/{given.pk}/nama/?unit={cast.root.pk}").status_code == 403
    assert editor.post(f"/daftar/wajib/{given.pk}/ingatkan/", {"unit": cast.root.pk}).status_code == 403


def test_the_matrix_takes_as_many_queries_for_two_units_as_for_forty(
    cast: Cast, given: Mandate, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(cast.people["arif"])
    address = f"/daftar/wajib/{given.pk}/?unit={cast.root.pk}"
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(address)
    for number in range(38):
        unit = actions.add_unit(SYSTEM, cast.root.pk, code=f"k{number}", name=f"Kecamatan {number}", level="district")
        member(unit, f"Orang {number}")
    counting.fold_all()
    with CaptureQueriesContext(connection) as many:
        assert "Kecamatan 37" in client.get(address).content.decode()
    assert len(many) == len(few)


def test_the_command_line_from_giving_to_ending(cast: Cast, run_command: Callable[..., Any]) -> None:
    options = ("--subject", "people", "--platform", "facebook", "--platform", "x", "--due", "2030-01-01")
    made = run_command(command, "give", "32.16", "--name", "Dua akun", *options)
    number = made["id"]
    member(cast.sukamahi, "Nani")
    counting.fold_all()
    lines = run_command(command, "show", number)
    assert lines[0]["code"] == "32.16"
    assert lines[0]["missing"] == lines[0]["must"] > 0
    assert "Nani" in {row["name"] for row in run_command(command, "missing", number)}
    assert run_command(command, "remind", number, "--yes")["told"] > 0
    assert run_command(command, "end", number, "--yes")["ended_at"]
    assert [row["id"] for row in run_command(command, "list", "--ended")] == [number]
