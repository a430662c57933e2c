"""People through the API and the command line: one person, the list, duplicates, merging, import; each role."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kentongan.cli import people as people_cli
from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.core.models import AuditEntry
from kentongan.registry import actions
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import KeptApart, Membership, Person, Unit
from named_cast import SYSTEM, Cast
from registry.calling import Caller

Command = Callable[..., Any]
OUTSIDERS = ("wulan", "dewi", "hendra", "sari", "maman", "tono", "euis")


def add(unit: Unit, name: str, phone: str = "", **more: Any) -> Person:
    new = NewPerson(full_name=name, unit_id=unit.pk, title="Kader", basis="Daftar 2026", phone=phone, **more)
    return actions.add_person(SYSTEM, new)


def test_one_person_is_shown_with_positions_and_consents(cast: Cast) -> None:
    asep = add(cast.tambun_selatan, "Asep Saepudin", "081200000001", consents={"contact": "Saya setuju."})
    Membership.objects.create(person=asep, unit=cast.cikarang_pusat, title="Penasihat")
    seen = Caller(cast, "joko")("get", f"people/{asep.pk}").json()
    assert (seen["phone"], seen["state"], seen["days_left"]) == ("+6281200000001", "confirmed", None)
    assert [post["title"] for post in seen["positions"]] == ["Kader"], "what he is elsewhere is not Joko's to see"
    assert [(one["purpose"], one["text"]) for one in seen["consents"]] == [("contact", "Saya setuju.")]
    whole = Caller(cast, "arif")("get", f"people/{asep.pk}").json()
    assert {post["title"] for post in whole["positions"]} == {"Kader", "Penasihat"}
    assert Caller(cast, "arif").status("get", f"people/{2**63}") == 404


@pytest.mark.parametrize("who", [*OUTSIDERS, "joko"])
def test_nobody_else_sees_or_merges_them(cast: Cast, who: str) -> None:
    one, other = add(cast.sukamahi, "Asep", "081200000001"), add(cast.sukamahi, "Asep S.", "081200000001")
    caller = Caller(cast, who)
    assert caller.status("get", f"people/{one.pk}") == 404
    assert caller.status("post", f"people/{one.pk}/merge/{other.pk}", {}) == 404
    assert caller.status("post", f"people/{one.pk}/apart/{other.pk}", {}) == 404
    assert caller.status("get", f"units/{cast.sukamahi.pk}/people/duplicates") in {403, 404}
    assert not {one.pk, other.pk} & {row["id"] for row in caller("get", "people").json()["items"]}
    assert Person.objects.filter(pk__in=[one.pk, other.pk]).count() == 2
    assert not KeptApart.objects.exists()


def test_the_list_is_searched_and_takes_a_fixed_number_of_queries(cast: Cast) -> None:
    arif, counts = Caller(cast, "arif"), []
    for number in range(8):
        add(cast.sukamahi, f"Warga {number}", f"0812000000{number:02}")
        if number in {0, 7}:
            with CaptureQueriesContext(connection) as asked:
                page = arif("get", f"people?unit_id={cast.sukamahi.pk}&state=invited").json()
            counts.append(len(asked))
    assert counts[0] == counts[1]
    assert page["total"] == 8
    assert [row["full_name"] for row in arif("get", "people?q=Warga 3").json()["items"]] == ["Warga 3"]
    assert Caller(cast, "dewi").status("get", f"people?unit_id={cast.sukamahi.pk}") == 403


def test_duplicates_are_offered_kept_apart_and_merged(cast: Cast) -> None:
    arif = Caller(cast, "arif")
    one, other = add(cast.sukamahi, "Asep", "081200000001"), add(cast.tambun_selatan, "Bunga", "081200000001")
    third, fourth = add(cast.sukamahi, "H. Cahya, S.H."), add(cast.sukamahi, "CAHYA")
    address = f"units/{cast.root.pk}/people/duplicates"
    pairs = arif("get", address).json()
    assert [(pair["one"]["id"], pair["other"]["id"], pair["why"]) for pair in pairs] == [
        (one.pk, other.pk, "phone"),
        (third.pk, fourth.pk, "name"),
    ]
    assert arif.status("post", f"people/{one.pk}/apart/{other.pk}", {}) == 204
    merged = arif("post", f"people/{third.pk}/merge/{fourth.pk}", {})
    assert merged.status_code == 200
    assert not Person.objects.filter(pk=fourth.pk).exists()
    assert arif("get", address).json() == []
    assert arif.status("post", f"people/{third.pk}/merge/{third.pk}", {}) == 422
    assert arif.status("post", f"people/{third.pk}/merge/{fourth.pk}", {}) == 404
    assert AuditEntry.objects.get(verb="registry.person.merge").before["full_name"].startswith("#")
    actions.withdraw(Actor.of_link(one.pk, "Asep"))
    assert arif.status("post", f"people/{other.pk}/merge/{one.pk}", {}) == 404, "who withdrew is nobody's any more"


def test_merging_needs_every_unit_of_both(cast: Cast) -> None:
    one, both = add(cast.tambun_selatan, "Asep"), add(cast.tambun_selatan, "Asep Saepudin")
    Membership.objects.create(person=both, unit=cast.sukamahi, title="Penasihat")
    assert Caller(cast, "joko").status("post", f"people/{one.pk}/merge/{both.pk}", {}) == 403
    assert Person.objects.filter(pk=both.pk).exists()


def test_the_command_line_shows_finds_and_merges(cast: Cast, run_command: Command) -> None:
    one, other = add(cast.sukamahi, "Asep", "081200000001"), add(cast.sukamahi, "Bunga", "081200000001")
    shown = run_command(people_cli, "show", one.pk)
    assert (shown["phone"], shown["positions"]) == ("+6281200000001", "Kader · 32.16.20.2002")
    pairs = run_command(people_cli, "duplicates", "32.16")
    assert [(pair["one"], pair["other"], pair["why"]) for pair in pairs] == [(one.pk, other.pk, "phone")]
    for words in (("show", one.pk), ("merge", one.pk, other.pk, "--yes")):
        with pytest.raises(NotFound):
            run_command(people_cli, *words, "--as", "joko@example.id")
    with pytest.raises((NotAllowed, NotFound)):
        run_command(people_cli, "duplicates", "32.16", "--as", "dewi@example.id")
    assert run_command(people_cli, "merge", one.pk, other.pk, "--yes") == {"kept": one.pk, "moved": 0, "dropped": 1}
    assert not Person.objects.filter(pk=other.pk).exists()
    assert run_command(people_cli, "duplicates", "32.16") == []


def test_a_merge_that_nobody_confirms_does_nothing(
    cast: Cast, run_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = add(cast.sukamahi, "Asep"), add(cast.sukamahi, "Bunga")
    monkeypatch.setattr("kentongan.cli.twice.confirmed", lambda question, *, yes: False)
    people_cli.app(args=["merge", str(one.pk), str(other.pk)], standalone_mode=False)
    assert Person.objects.filter(pk__in=[one.pk, other.pk]).count() == 2


def test_a_list_comes_in_from_the_command_line(cast: Cast, run_command: Command, tmp_path: Path) -> None:
    file = tmp_path / "kader.csv"
    file.write_text(
        "Nama,Jabatan,Kecamatan,HP\nAsep Saepudin,Ketua,Kec. Tambun Selatan,081200000001\nBudi,Ketua,Antah,0812\n",
        encoding="utf-8",
    )
    words = ("import", "32.16", file, "--basis", "Daftar kader 2026", "--yes")
    rejects = tmp_path / "ditolak.csv"
    result = run_command(people_cli, *words, "--rejects", rejects, "--letter", "1/SK", "--dated", "2026-01-02")
    assert (result["new"], result["rejected"], result["rejects"]) == (1, 1, str(rejects))
    assert "Budi" in rejects.read_text(encoding="utf-8")
    asep = Person.objects.get(full_name="Asep Saepudin")
    assert (asep.phone, asep.basis) == ("+6281200000001", "Daftar kader 2026 (1/SK, 02-01-2026)")
    assert asep.memberships.get().unit == cast.tambun_selatan
    assert run_command(people_cli, *words)["same"] == 1
    with pytest.raises((NotAllowed, NotFound)):
        run_command(people_cli, *words, "--as", "dewi@example.id")
    with pytest.raises((SystemExit, typer.Exit)):
        run_command(people_cli, *words, "--column", "namanya=Nama")
