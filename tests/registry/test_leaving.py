"""Who leaves is gone: lists do not bring them back, messages are blanked, own accounts follow where somebody serves."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kentongan.core import clock, imports, jobs, messages
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry, User
from kentongan.core.models.messages import Message
from kentongan.registry import actions, leaving, queries, tasks
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.dialling import e164
from kentongan.registry.directory import PeopleDirectory
from kentongan.registry.models import Account, Consent, Membership, Person, RefusedAccount, Unit, Withdrawal
from named_cast import SYSTEM, Cast


def add(unit: Unit, name: str = "Nani Suryani", phone: str = "081200000001", **more: Any) -> Person:
    return actions.add_person(SYSTEM, NewPerson(name, unit.pk, "Ketua", "Daftar 2026", phone=phone, **more))


def test_who_withdrew_is_known_by_phone_and_by_name_at_the_unit_and_by_nothing_readable(cast: Cast) -> None:
    nani = add(cast.sukamahi)
    key, phone = nani.name_key, nani.phone
    actions.withdraw(Actor.of_link(nani.pk, "Nani"))
    assert leaving.known(leaving.digests(phone=phone))
    assert leaving.known(leaving.digests(key=key, units=[cast.sukamahi.pk]))
    assert not leaving.known(leaving.digests(key=key, units=[cast.tambun_selatan.pk]))
    assert not any(phone in one.digest or key in one.digest for one in Withdrawal.objects.all())
    add(cast.sukamahi)
    assert not leaving.known(leaving.digests(phone=phone))


def test_messages_to_somebody_who_is_removed_are_blank_and_go_nowhere(cast: Cast) -> None:
    nani = add(cast.sukamahi)
    message = messages.queue(
        SYSTEM, channel="link", purpose="x", body="Halo", dedupe_key="x", person_id=nani.pk, unit_id=cast.root.pk
    )
    assert message.address
    actions.remove_person(cast.actor("arif"), nani.pk)
    message.refresh_from_db()
    assert (message.state, message.address, message.body) == (Message.State.SUPPRESSED, "", "")


def test_a_message_is_not_handed_over_after_its_reader_withdrew(cast: Cast) -> None:
    nani = add(cast.sukamahi)
    message = messages.queue(
        SYSTEM, channel="link", purpose="x", body="Halo", dedupe_key="x", person_id=nani.pk, unit_id=cast.root.pk
    )
    Person.objects.filter(pk=nani.pk).update(state="withdrawn")
    assert messages.hand_over(cast.actor("arif"), message.pk).state == Message.State.SUPPRESSED


def test_an_ended_consent_to_be_contacted_is_heeded(cast: Cast) -> None:
    nani = add(cast.sukamahi, consents={"contact": "Saya setuju dihubungi."})
    other = add(cast.sukamahi, "Budi", "081200000002")
    actions.revoke_consent(SYSTEM, nani.pk, "contact")
    told = PeopleDirectory().contacts({nani.pk, other.pk}, "registry.mandate")
    assert told[nani.pk].refusal
    assert not told[other.pk].refusal
    assert not PeopleDirectory().contacts({nani.pk}, "registry.invitation")[nani.pk].refusal


def _own(person: Person, unit: Unit, state: str, handle: str = "nani.s") -> Account:
    return Account.objects.create(
        kind="organic", unit=unit, person=person, platform="instagram", handle=handle, identity=handle, state=state
    )


def test_own_accounts_follow_to_where_somebody_serves(cast: Cast) -> None:
    nani = add(cast.sukamahi, consents={"accounts": "Saya setuju."})
    account = _own(nani, cast.sukamahi, "declared")
    Membership.objects.create(person=nani, unit=cast.tambun_selatan, title="Anggota")
    first = Membership.objects.get(person=nani, unit=cast.sukamahi)
    actions.deny_position(Actor.of_link(nani.pk, "Nani"), first.pk)
    account.refresh_from_db()
    assert account.unit_id == cast.tambun_selatan.pk


def test_a_handle_finds_nobody_of_another_unit_and_nothing_without_consent(cast: Cast) -> None:
    nani = add(cast.sukamahi)
    Membership.objects.create(person=nani, unit=cast.tambun_selatan, title="Anggota")
    _own(nani, cast.sukamahi, "claimed")
    assert nani in queries.people(cast.actor("arif"), text="@nani.s")
    assert not queries.people(cast.actor("joko"), text="@nani.s").exists()
    assert not queries.people(cast.actor("arif"), text="@").exists()
    Account.objects.update(state="declared")
    assert not queries.people(cast.actor("arif"), text="@nani.s").exists()


@pytest.mark.parametrize("text", ["08123456789012345", "+491234", "telepon", "+62 8"])
def test_what_the_table_does_not_hold_is_no_phone(text: str) -> None:
    with pytest.raises(Invalid):
        e164(text)


def test_a_merge_loses_neither_proof_nor_consent_nor_messages(cast: Cast) -> None:
    keep, gone = add(cast.sukamahi), add(cast.sukamahi, "Nani S.", consents={"accounts": "Saya setuju."})
    actions.give_consent(SYSTEM, keep.pk, "accounts", text="Saya setuju juga.", channel="form")
    _own(keep, cast.sukamahi, "claimed"), _own(gone, cast.sukamahi, "proven")
    message = messages.queue(SYSTEM, channel="link", purpose="x", body="Halo", dedupe_key="x", person_id=gone.pk)
    actions.merge_people(cast.actor("arif"), keep.pk, gone.pk)
    assert Account.objects.get(person=keep).state == "proven"
    assert Consent.objects.filter(person=keep).count() == 2
    assert Consent.objects.filter(person=keep, revoked_at=None).count() == 1
    message.refresh_from_db()
    assert message.person_id == keep.pk


def test_closing_is_taken_back_above_the_unit_only(cast: Cast) -> None:
    change = actions.close_unit(cast.actor("arif"), cast.tambun_selatan.pk, basis="Perda 1/2027")
    with pytest.raises((NotAllowed, NotFound, Conflict)):
        actions.undo_change(cast.actor("joko"), change.pk)
    assert actions.undo_change(cast.actor("arif"), change.pk).undone_at


def listed(cast: Cast, handle: str = "nani.s") -> None:
    """Bring the list of the village in, with Nani's account on it."""
    content = f"Nama;Jabatan;Desa;HP;Instagram\nNani Suryani;Ketua;Sukamahi;081200000001;{handle}".encode()
    run = imports.upload(
        cast.actor("arif"), "registry.people", cast.root.pk, BytesIO(content), "a.csv", options={"basis": "Daftar"}
    )
    assert jobs.run_now(imports.confirm(cast.actor("arif"), run.pk, inline=True)).state == "done"
    run.refresh_from_db()
    assert run.rows_rejected == 0


@pytest.mark.parametrize("way", ["removed", "consent ended"])
def test_an_account_that_its_owner_took_off_is_not_brought_back_by_a_list(cast: Cast, way: str) -> None:
    nani = add(cast.sukamahi, consents={"accounts": "Saya setuju."})
    me = Actor.of_link(nani.pk, "Nani")
    listed(cast)
    claim = Account.objects.get(person=nani)
    assert claim.state == "claimed"
    if way == "removed":
        actions.remove_own(me, claim.pk)
    else:
        actions.end_consent(me, "accounts")
    listed(cast)
    assert not Account.objects.exists()
    assert "nani.s" not in str(list(RefusedAccount.objects.values_list("digest", flat=True)))
    listed(cast, "nani.lain")
    assert Account.objects.exists() is (way == "removed"), "who ended the consent has none stated by anybody"
    actions.give_consent(SYSTEM, nani.pk, "accounts", text="Ya", channel="link")
    listed(cast, "nani.lain")
    assert Account.objects.get().handle == "nani.lain", "another one is another matter"
    actions.declare_own(me, text="nani.s", platform="instagram")
    actions.remove_own(me, Account.objects.get(handle="nani.lain").pk)
    assert RefusedAccount.objects.count() == 1, "what she states herself is hers again"


def test_claims_that_nobody_answers_go_after_the_days_and_confirmed_ones_stay(cast: Cast, settings: Any) -> None:
    settings.KENTONGAN_UNCONFIRMED_DAYS = 30
    nani = add(cast.sukamahi, consents={"accounts": "Saya setuju."})
    old, confirmed, young = (_own(nani, cast.sukamahi, state, handle) for state, handle in (
        ("claimed", "lama"), ("declared", "punya"), ("claimed", "baru")
    ))  # fmt: skip
    Account.objects.filter(pk__in=[old.pk, confirmed.pk]).update(created_at=clock.now() - timedelta(days=31))
    assert (tasks.purge_unconfirmed(), tasks.purge_unconfirmed()) == (1, 0)
    assert set(Account.objects.all()) == {confirmed, young}
    entry = AuditEntry.objects.get(verb="registry.claim.purge")
    assert entry.after == {"accounts": 1, "days": 30}


@pytest.mark.parametrize(
    "change", [{"phone": "0812-9988-7766"}, {"email": "Zubaidah@example.id"}, {"full_name": "Hj. Zubaidah"}]
)
def test_nobody_is_corrected_into_somebody_who_withdrew(
    cast: Cast, sign_in: Callable[[User], Client], change: dict[str, str]
) -> None:
    left = actions.add_person(
        SYSTEM,
        NewPerson("Zubaidah", cast.sukamahi.pk, "Kader", "SK", phone="081299887766", email="zubaidah@example.id"),
    )
    actions.withdraw(Actor.of_link(left.pk, ""))
    asep = actions.add_person(SYSTEM, NewPerson("Asep", cast.sukamahi.pk, "Kader", "SK", phone="081200000001"))
    values = {"full_name": "Asep", "phone": "081200000001", "email": "", **change}
    with pytest.raises(Invalid, match=r"themselves removed|pernah meminta dihapus") as refused:
        actions.correct_person(cast.actor("arif"), asep.pk, **values)
    assert refused.value.code == "left"
    page = sign_in(cast.user("arif")).post(reverse("registry:person_correct", args=(asep.pk,)), values)
    assert str(leaving.LEFT) in page.content.decode()
    asep.refresh_from_db()
    assert (asep.full_name, asep.phone, asep.email) == ("Asep", "+6281200000001", "")
    actions.correct_person(cast.actor("arif"), asep.pk, full_name="Asep S.", phone="081200000001")
