"""Contacts outside the tree through the API and the command line: each role, bad input, audit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kentongan.cli import contacts as contacts_cli
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.core.models import AuditEntry
from kentongan.registry import actions
from kentongan.registry.models import Contact, KeptApart, PersonInvitation
from named_cast import SYSTEM, Cast
from registry.calling import Caller, fault
from registry.test_contacts import GIVEN, OUTSIDERS, note

Command = Callable[..., Any]
NEW = {key: value for key, value in GIVEN.items() if key != "notes"}


def test_a_contact_from_noting_to_removal(cast: Cast) -> None:
    joko = Caller(cast, "joko")
    made = joko("post", "contacts", {**NEW, "unit_id": cast.tambun_selatan.pk})
    assert made.status_code == 201, made.content
    contact = made.json()
    assert (contact["phone"], contact["areas"], contact["state"]) == ("+6281230000001", ["32.16"], "invited")
    assert [one["state"] for one in contact["accounts"]] == ["claimed"]
    path = f"contacts/{contact['id']}"
    assert joko("get", path).json() == contact
    changed = joko("put", path, {**NEW, "kind": "influencer", "accounts": []}).json()
    assert (changed["kind"], len(changed["accounts"])) == ("influencer", 1)
    account = contact["accounts"][0]["id"]
    assert joko.status("delete", f"{path}/accounts/{account}") == 204
    assert joko.status("delete", f"{path}/accounts/{account}") == 404
    invited = joko("post", f"units/{cast.tambun_selatan.pk}/contacts/invitations", {"contact_ids": [contact["id"]]})
    assert (invited.status_code, invited.json()) == (202, {"invited": 1, "unreachable": 0})
    assert "token" not in str(invited.json())
    moved = Caller(cast, "arif")("post", f"{path}/keeper", {"unit_id": cast.sukamahi.pk})
    assert moved.json()["unit_id"] == cast.sukamahi.pk
    assert joko.status("get", path) == 404
    assert Caller(cast, "arif").status("delete", path) == 204
    assert not Contact.objects.exists()
    verbs = set(AuditEntry.objects.filter(verb__startswith="registry.contact").values_list("verb", flat=True))
    acts = {"add", "correct", "drop_account", "invite", "hand_on", "remove"}
    assert verbs == {f"registry.contact.{act}" for act in acts}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "buzzer"}, "kind"),
        ({"full_name": ""}, "full_name"),
        ({"phone": "bukan"}, "phone"),
        ({"email": "bukan"}, "email"),
        ({"areas": ["Antah"]}, "areas"),
        ({"accounts": ["ratna cantik sekali"]}, "accounts"),
        ({"source": "published"}, "basis"),
        ({"topics": ["x" * 300]}, "topics"),
    ],
)
def test_bad_input_is_told_at_its_field(cast: Cast, change: dict[str, Any], field: str) -> None:
    refused = Caller(cast, "arif")("post", "contacts", {**NEW, "unit_id": cast.root.pk, **change})
    assert refused.status_code == 422
    assert any(field in name for name in fault(refused)["fields"])
    assert not Contact.objects.exists()


@pytest.mark.parametrize("who", [*OUTSIDERS, "joko"])
def test_nobody_but_administrators_of_the_unit_gets_anything(cast: Cast, who: str) -> None:
    one, other, caller = note(cast.root), note(cast.root, "Budi", phone="", email="", accounts=[]), Caller(cast, who)
    assert caller("get", "contacts").json()["items"] == []
    path, body = f"contacts/{one.pk}", {**NEW, "unit_id": cast.root.pk}
    for verb, address, sent in (
        ("get", path, None),
        ("put", path, NEW),
        ("delete", path, None),
        ("delete", f"{path}/accounts/{one.person.accounts.get().pk}", None),
        ("post", f"{path}/keeper", {"unit_id": cast.tambun_selatan.pk}),
        ("post", f"{path}/merge/{other.pk}", {}),
        ("post", f"{path}/apart/{other.pk}", {}),
    ):
        assert caller.status(verb, address, sent) == 404, address
    for verb, address, sent in (
        ("post", "contacts", body),
        ("get", f"contacts?unit_id={cast.root.pk}", None),
        ("get", f"units/{cast.root.pk}/contacts/duplicates", None),
        ("post", f"units/{cast.root.pk}/contacts/invitations", {}),
    ):
        assert caller.status(verb, address, sent) in {403, 404}, address
    assert Contact.objects.count() == 2
    assert not PersonInvitation.objects.exists()


def test_a_token_to_read_does_not_write(cast: Cast) -> None:
    contact, reader = note(cast.root), Caller(cast, "arif", ("registry:read",))
    assert reader.status("get", f"contacts/{contact.pk}") == 200
    assert fault(reader("delete", f"contacts/{contact.pk}"))["code"] == "scope_missing"
    assert fault(reader("put", f"contacts/{contact.pk}", NEW))["code"] == "scope_missing"


def test_the_list_is_filtered_paged_and_takes_a_fixed_number_of_queries(cast: Cast) -> None:
    arif, counts = Caller(cast, "arif"), []
    for number in range(8):
        note(cast.root, f"Ratna {number}", phone=f"0812300{number:05}", email="", accounts=[f"https://x.com/r{number}"])
        if number in {0, 7}:
            with CaptureQueriesContext(connection) as asked:
                page = arif("get", "contacts?per_page=5&topic=kesehatan&area=32.16").json()
            counts.append(len(asked))
    assert counts[0] == counts[1]
    assert (page["total"], len(page["items"])) == (8, 5)
    assert arif("get", "contacts?kind=agency").json()["total"] == 0
    assert arif("get", "contacts?q=Ratna 3").json()["total"] == 1
    assert arif.status("get", "contacts?area=Antah") == 422


def test_duplicates_are_listed_kept_apart_and_merged(cast: Cast) -> None:
    arif, one, other = Caller(cast, "arif"), note(cast.root), note(cast.root, "Redaksi", email="")
    third = note(cast.root, "Admin", phone="", email="")
    pairs = arif("get", f"units/{cast.root.pk}/contacts/duplicates").json()
    assert [(pair["one"]["id"], pair["other"]["id"], pair["why"]) for pair in pairs] == [
        (one.pk, other.pk, "phone"),
        (one.pk, third.pk, "account"),
        (other.pk, third.pk, "account"),
    ]
    assert arif.status("post", f"contacts/{one.pk}/apart/{third.pk}", {}) == 204
    assert KeptApart.objects.count() == 1
    merged = arif("post", f"contacts/{one.pk}/merge/{other.pk}", {})
    assert merged.status_code == 200
    assert merged.json()["dropped"] == {}, "of two rows of one account one stays with what both had"
    assert arif.status("post", f"contacts/{one.pk}/merge/{other.pk}", {}) == 404
    assert arif.status("post", f"contacts/{one.pk}/merge/{one.pk}", {}) == 422


def test_the_command_line_lists_exports_merges_and_invites(cast: Cast, run_command: Command, tmp_path: Path) -> None:
    one = note(cast.tambun_selatan)
    two = note(cast.tambun_selatan, "=Budi", kind="community", email="", accounts=[])
    rows = run_command(contacts_cli, "list", "32.16", "--kind", "journalist")
    assert [(row["id"], row["unit"], row["areas"]) for row in rows] == [(one.pk, "32.16.06", "32.16")]
    assert len(run_command(contacts_cli, "list", "32.16.06", "--as", "joko@example.id")) == 2
    file = tmp_path / "kontak.csv"
    assert run_command(contacts_cli, "export", "32.16", file)["contacts"] == 2
    assert "'=Budi" in file.read_text(encoding="utf-8")
    assert run_command(contacts_cli, "export", "32.16", tmp_path / "kontak.xlsx")["contacts"] == 2
    assert (tmp_path / "kontak.xlsx").read_bytes().startswith(b"PK")
    assert AuditEntry.objects.filter(verb="registry.contact.export").count() == 2
    for wrong in (tmp_path / "kontak.pdf", tmp_path / "tidak-ada" / "kontak.csv"):
        with pytest.raises((SystemExit, typer.Exit)):
            run_command(contacts_cli, "export", "32.16", wrong)
    pairs = run_command(contacts_cli, "duplicates", "32.16")
    assert [(pair["one"], pair["other"], pair["why"]) for pair in pairs] == [(one.pk, two.pk, "phone")]
    assert run_command(contacts_cli, "merge", one.pk, two.pk, "--yes")["kept"] == one.pk
    assert run_command(contacts_cli, "invite", "32.16", "--yes")["invited"] == 1


def test_the_command_line_keeps_to_the_rights_of_whom_it_acts_for(cast: Cast, run_command: Command) -> None:
    one, two = note(cast.root), note(cast.root, "Budi", accounts=[])
    for words in (("list", "32.16"), ("duplicates", "32.16"), ("invite", "32.16", "--yes")):
        with pytest.raises((NotAllowed, NotFound)):
            run_command(contacts_cli, *words, "--as", "dewi@example.id")
    with pytest.raises(NotFound):
        run_command(contacts_cli, "merge", one.pk, two.pk, "--yes", "--as", "joko@example.id")
    assert Contact.objects.count() == 2


def test_a_list_comes_in_from_the_command_line(cast: Cast, run_command: Command, tmp_path: Path) -> None:
    file = tmp_path / "media.csv"
    file.write_text("Nama,Media,Telp Kantor\nRatna,Radar,081230000001\n,Radar,0812\n", encoding="utf-8")
    words = ("import", "32.16.06", file, "--basis", "Daftar humas 2026", "--kind", "wartawan", "--yes")
    result = run_command(contacts_cli, *words, "--column", "phone=Telp Kantor", "--as", "joko@example.id")
    assert (result["new"], result["rejected"]) == (1, 1)
    assert "," in Path(result["rejects"]).read_text(encoding="utf-8")
    contact = Contact.objects.get()
    assert (contact.kind, contact.person.phone, contact.unit) == ("journalist", "+6281230000001", cast.tambun_selatan)
    assert run_command(contacts_cli, *words, "--column", "phone=Telp Kantor")["same"] == 1
    with pytest.raises((SystemExit, typer.Exit)):
        run_command(contacts_cli, *words, "--column", "telepon=Telp Kantor")
    actions.remove_contact(SYSTEM, contact.pk)
