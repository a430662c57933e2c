"""Official accounts: corrected, moved between states by rule, and by whom."""

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kentongan.core import clock, tokens
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry, User
from kentongan.registry import actions, queries, states
from kentongan.registry.actions.custody import Correction, GivenLetter
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Connection, Membership, Person, Unit
from named_cast import SYSTEM, Cast

SignIn = Callable[[User], Client]
State = Account.State
PDF = b"%PDF-1.4\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"


def person(cast: Cast, name: str, unit: Unit) -> Person:
    """Put somebody on the list of a unit."""
    return actions.add_person(cast.actor("arif"), NewPerson(name, unit.pk, "Staf Humas", "SK 1/2026"))


@pytest.fixture
def fanpage(cast: Cast) -> Account:
    """The Facebook Page of Tambun Selatan."""
    return actions.declare_account(cast.actor("joko"), cast.tambun_selatan.pk, handle="https://facebook.com/kectambun")


def connected(account: Account) -> Account:
    """Connect an account as the publishing room does."""
    actions.connect(SYSTEM, account.pk, secrets={"token": "rahasia"}, service_url="https://sosial.example.id")
    account.refresh_from_db()
    return account


def test_what_is_written_is_corrected_with_its_letter(cast: Cast, fanpage: Account) -> None:
    rini, budi = person(cast, "Rini", cast.tambun_selatan), person(cast, "Budi", cast.tambun_selatan)
    wanted = Correction(
        handle="https://www.facebook.com/kecamatantambunselatan",
        display_name=" Kecamatan  Tambun Selatan ",
        form="page",
        custodian_id=rini.pk,
        deputy_id=budi.pk,
        letter=GivenLetter("012/SK/XI/2026", date(2026, 11, 2)),
    )
    account = actions.correct_account(cast.actor("joko"), fanpage.pk, wanted)
    account.refresh_from_db()
    assert (account.handle, account.display_name, account.form) == (
        "kecamatantambunselatan",
        "Kecamatan Tambun Selatan",
        "page",
    )
    assert (account.custodian, account.deputy_custodian) == (rini, budi)
    assert account.letter is not None
    assert account.letter.number == "012/SK/XI/2026"
    entry = AuditEntry.objects.get(verb="registry.account.correct")
    assert (entry.before["handle"], entry.after["handle"]) == ("kectambun", "kecamatantambunselatan")


def test_another_identity_has_to_be_proven_anew(cast: Cast, fanpage: Account) -> None:
    Account.objects.filter(pk=fanpage.pk).update(state=State.PROVEN, proof="attested", proven_at=clock.now())
    actions.correct_account(cast.actor("joko"), fanpage.pk, Correction(handle="fb.com/kec.tam.bun"))
    fanpage.refresh_from_db()
    assert (fanpage.state, fanpage.proof) == (State.PROVEN, "attested"), "the same account, spelt otherwise"
    actions.correct_account(cast.actor("joko"), fanpage.pk, Correction(handle="tambunbaru"))
    fanpage.refresh_from_db()
    assert (fanpage.state, fanpage.proof, fanpage.proven_at) == (State.DECLARED, "", None)


def test_the_identity_of_a_connected_account_is_not_corrected(cast: Cast, fanpage: Account) -> None:
    connected(fanpage)
    with pytest.raises(Conflict, match="terhubung"):
        actions.correct_account(cast.actor("joko"), fanpage.pk, Correction(handle="tambunbaru"))
    actions.correct_account(cast.actor("joko"), fanpage.pk, Correction(handle=fanpage.handle, display_name="Tambun"))
    fanpage.refresh_from_db()
    assert fanpage.display_name == "Tambun"


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Correction(handle="https://bit.ly/3x"), "handle"),
        (Correction(form="blog"), "form"),
        (Correction(letter=GivenLetter("012/SK", None)), "letter_dated"),
        (Correction(custodian_id=999_999), "custodian"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(cast: Cast, fanpage: Account, wanted: Correction, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        actions.correct_account(cast.actor("joko"), fanpage.pk, wanted)
    assert field in caught.value.fields
    assert not AuditEntry.objects.filter(verb="registry.account.correct").exists()


def test_an_identity_of_another_account_is_refused(cast: Cast, fanpage: Account) -> None:
    actions.declare_account(cast.actor("arif"), cast.root.pk, handle="https://facebook.com/pemkabbekasi")
    with pytest.raises(Conflict, match=cast.root.name):
        actions.correct_account(cast.actor("joko"), fanpage.pk, Correction(handle="pemkabbekasi"))


def test_custodians_come_from_the_unit_or_above_and_still_serve(cast: Cast, fanpage: Account) -> None:
    arif = cast.actor("arif")
    above = person(cast, "Atas", cast.root)
    beside = person(cast, "Samping", cast.cikarang_pusat)
    former = person(cast, "Mantan", cast.tambun_selatan)
    Membership.objects.filter(person=former).update(ends_on=clock.now().date() - timedelta(days=1))
    gone = person(cast, "Undur", cast.tambun_selatan)
    Person.objects.filter(pk=gone.pk).update(state=Person.State.WITHDRAWN)
    for wrong in (beside, former, gone):
        with pytest.raises(Invalid):
            actions.correct_account(arif, fanpage.pk, Correction(custodian_id=wrong.pk))
    # Joko does not administer the root: its people are not his to name.
    with pytest.raises(Invalid):
        actions.correct_account(cast.actor("joko"), fanpage.pk, Correction(custodian_id=above.pk))
    assert actions.correct_account(arif, fanpage.pk, Correction(custodian_id=above.pk)).custodian == above
    with pytest.raises(Invalid) as caught:
        actions.correct_account(arif, fanpage.pk, Correction(deputy_id=above.pk))
    assert "deputy" in caught.value.fields


def test_a_seat_that_is_taken_is_not_overwritten(cast: Cast, fanpage: Account) -> None:
    rini, budi = person(cast, "Rini", cast.tambun_selatan), person(cast, "Budi", cast.tambun_selatan)
    actions.correct_account(cast.actor("joko"), fanpage.pk, Correction(custodian_id=rini.pk))
    with pytest.raises(Invalid) as caught:
        actions.correct_account(cast.actor("joko"), fanpage.pk, Correction(custodian_id=budi.pk))
    assert "custodian" in caught.value.fields


@pytest.mark.parametrize(("who", "error"), [("euis", NotAllowed), ("maman", NotFound), ("tono", NotFound)])
def test_only_administrators_change_an_account(cast: Cast, fanpage: Account, who: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        actions.correct_account(cast.actor(who), fanpage.pk, Correction(display_name="Palsu"))
    with pytest.raises(error):
        actions.move_account(cast.actor(who), fanpage.pk, "retire", reason="Iseng")


def test_every_move_is_refused_where_it_is_not_declared(cast: Cast, fanpage: Account) -> None:
    legal = {(source, name) for name, move in states.BY_HAND.items() for source in move.sources}
    for state in (*states.IN_USE, *Account.GONE):
        for name in states.BY_HAND:
            proof = {"proof": "code", "proven_at": clock.now()} if state in {"proven", "dormant"} else {}
            Account.objects.filter(pk=fanpage.pk).update(**({"state": state, "proof": "", "proven_at": None} | proof))
            if (state, name) in legal:
                actions.move_account(cast.actor("joko"), fanpage.pk, name, reason="Uji")
            else:
                with pytest.raises(Conflict):
                    actions.move_account(cast.actor("joko"), fanpage.pk, name, reason="Uji")


def test_retiring_forgets_the_secrets_and_can_be_taken_back(cast: Cast, fanpage: Account) -> None:
    connected(fanpage)
    actions.move_account(cast.actor("joko"), fanpage.pk, "retire", reason="Kecamatan digabung")
    fanpage.refresh_from_db()
    assert (fanpage.state, fanpage.state_reason) == (State.RETIRED, "Kecamatan digabung")
    assert not Connection.objects.filter(account=fanpage).exists()
    assert fanpage not in queries.public_accounts()
    with pytest.raises(Conflict):
        actions.connect(SYSTEM, fanpage.pk, secrets={"token": "x"})
    with pytest.raises(Conflict):
        actions.correct_account(cast.actor("joko"), fanpage.pk, Correction(display_name="Lama"))
    actions.move_account(cast.actor("joko"), fanpage.pk, "revive", reason="Batal digabung")
    fanpage.refresh_from_db()
    assert (fanpage.state, fanpage.proof) == (State.PROVEN, "sign_in")
    assert fanpage in queries.public_accounts()


def test_a_declared_account_comes_back_as_declared(cast: Cast, fanpage: Account) -> None:
    actions.move_account(cast.actor("joko"), fanpage.pk, "retire", reason="Salah catat")
    assert actions.move_account(cast.actor("joko"), fanpage.pk, "revive", reason="Betul").state == State.DECLARED


def test_a_lost_account_that_is_regained_has_to_be_proven_anew(cast: Cast, fanpage: Account) -> None:
    connected(fanpage)
    actions.move_account(cast.actor("joko"), fanpage.pk, "lost", reason="Sandi diganti orang lain")
    assert not Connection.objects.filter(account=fanpage).exists()
    account = actions.move_account(cast.actor("joko"), fanpage.pk, "found", reason="Dipulihkan Meta")
    assert (account.state, account.proof, account.proven_at) == (State.DECLARED, "", None)


def test_an_account_does_not_come_back_onto_another_ones_place(cast: Cast, fanpage: Account) -> None:
    actions.move_account(cast.actor("joko"), fanpage.pk, "retire", reason="Pindah")
    actions.declare_account(cast.actor("arif"), cast.root.pk, handle="https://facebook.com/kectambun")
    with pytest.raises(Conflict, match=cast.root.name):
        actions.move_account(cast.actor("joko"), fanpage.pk, "revive", reason="Kembali")


def test_a_move_needs_a_reason_and_a_name_that_exists(cast: Cast, fanpage: Account) -> None:
    with pytest.raises(Invalid) as caught:
        actions.move_account(cast.actor("joko"), fanpage.pk, "retire", reason="  ")
    assert "reason" in caught.value.fields
    with pytest.raises(Invalid):
        actions.move_account(cast.actor("joko"), fanpage.pk, "hapus", reason="Uji")


def test_disconnecting_what_was_never_connected_proves_nothing(cast: Cast, fanpage: Account) -> None:
    with pytest.raises(Conflict):
        actions.disconnect(cast.actor("joko"), fanpage.pk)
    fanpage.refresh_from_db()
    assert fanpage.state == State.DECLARED


def test_the_form_corrects_and_keeps_the_scan(cast: Cast, fanpage: Account, sign_in: SignIn) -> None:
    client = sign_in(cast.user("joko"))
    rini = person(cast, "Rini", cast.tambun_selatan)
    address = reverse("registry:account_correct", args=[fanpage.pk])
    assert "Rini" in client.get(address).content.decode()
    posted = {
        "handle": fanpage.url,
        "display_name": "Kecamatan Tambun Selatan",
        "form": "page",
        "custodian": rini.pk,
        "letter_number": "5/SK/2026",
        "letter_dated": "2026-05-05",
        "letter_file": SimpleUploadedFile("sk.pdf", PDF, "application/pdf"),
    }
    assert client.post(address, posted).status_code == 302
    shown = client.get(reverse("registry:account", args=[fanpage.pk])).content.decode()
    for text in ("Rini", "5/SK/2026", "/berkas/"):
        assert text in shown, text


def test_a_scan_that_is_no_document_is_refused_with_words(cast: Cast, fanpage: Account, sign_in: SignIn) -> None:
    posted = {"handle": fanpage.url, "letter_number": "5", "letter_dated": "2026-05-05"}
    posted["letter_file"] = SimpleUploadedFile("sk.pdf", b"MZ\x90\x00 program", "application/pdf")  # type: ignore[assignment]
    response = sign_in(cast.user("joko")).post(reverse("registry:account_correct", args=[fanpage.pk]), posted)
    assert response.status_code == 422
    assert "k-notice k-signal" in response.content.decode()


def test_the_buttons_follow_the_rights_and_the_state(cast: Cast, fanpage: Account, sign_in: SignIn) -> None:
    address = reverse("registry:account", args=[fanpage.pk])
    retire = reverse("registry:account_move", args=[fanpage.pk, "pensiun"])
    revive = reverse("registry:account_move", args=[fanpage.pk, "aktifkan"])
    assert retire not in sign_in(cast.user("euis")).get(address).content.decode()
    client = sign_in(cast.user("joko"))
    assert retire in client.get(address).content.decode()
    assert client.post(retire, {"reason": "Diganti"}).status_code == 302
    shown = client.get(address).content.decode()
    assert "Diganti" in shown
    assert revive in shown
    assert retire not in shown
    assert client.post(retire, {"reason": "Lagi"}).status_code == 409
    assert (
        client.post(reverse("registry:account_move", args=[fanpage.pk, "apa-saja"]), {"reason": "x"}).status_code == 422
    )


def test_the_api_corrects_and_moves(cast: Cast, fanpage: Account, client: Client) -> None:
    _row, token = tokens.create(cast.actor("joko"), "alat", ["registry:write"])
    headers = {"Authorization": f"Bearer {token}"}

    def send(method: str, path: str, body: object) -> tuple[int, dict[str, object]]:
        answer = client.generic(method, path, json.dumps(body), content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    path = f"/api/v1/registry/accounts/{fanpage.pk}"
    letter = {"number": "9/SK", "dated": "2026-01-09"}
    status, said = send("PATCH", f"{path}/facts", {"form": "page", "letter": letter})
    assert (status, said["form"]) == (200, "page")
    assert Account.objects.get(pk=fanpage.pk).letter.number == "9/SK"  # type: ignore[union-attr]
    assert send("POST", f"{path}/state", {"move": "lost", "reason": "Diretas"})[1]["state"] == "lost"
    assert send("POST", f"{path}/state", {"move": "retire", "reason": "x"})[0] == 409
    assert send("POST", f"{path}/state", {"move": "found", "reason": ""})[0] == 422
