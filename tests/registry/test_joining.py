"""Two records of one person become one: every row of every room that speaks of a person is carried, or told why not."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import ForeignKey

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.gatherings import actions as gatherings
from kentongan.gatherings.actions import Plan
from kentongan.gatherings.models import Participant
from kentongan.publishing.models import RecallLink
from kentongan.registry import actions
from kentongan.registry.actions.custody import Correction
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import (
    Account,
    Attestation,
    Challenge,
    Dispute,
    Handover,
    Membership,
    Person,
    PersonInvitation,
    Unit,
)
from named_cast import SYSTEM, Cast
from registry.recalls import recall

# What happens to each relation of a person when two records become one. A new one is decided here before it ships.
DECIDED = {
    "gatherings.participant.person": "the place that came further stays",
    "missions.memberlink.person": "moved",
    "missions.missioninvitation.person": "the one that was answered stays",
    "missions.receipt.person": "the one that was answered stays",
    "publishing.recalllink.person": "goes; who stays is sent one of their own",
    "publishing.recalltask.answered_person": "moved",
    "registry.account.custodian": "moved; one person has one seat",
    "registry.account.deputy_custodian": "moved; one person has one seat",
    "registry.account.person": "moved; of two the proven one stays, with evidence and disputes of both",
    "registry.contact.person": "that of the first stays, filled from the second by `merge_contacts`",
    "registry.consent.person": "moved; of two live ones the second is ended, none is deleted",
    "registry.handover.giver": "moved; from oneself to oneself is cancelled",
    "registry.handover.receiver": "moved; from oneself to oneself is cancelled",
    "registry.keptapart.one": "goes: that the two are not one has turned out wrong",
    "registry.keptapart.other": "goes: that the two are not one has turned out wrong",
    "registry.membership.person": "moved; the same position once",
    "registry.personinvitation.person": "moved; the second live link is ended",
    "registry.refusedaccount.person": "moved",
}


def test_every_relation_of_a_person_is_decided() -> None:
    found = {
        f"{relation.field.model._meta.label_lower}.{relation.field.name}"
        for relation in Person._meta.get_fields(include_hidden=True)
        if relation.auto_created and isinstance(getattr(relation, "field", None), ForeignKey)
    }
    assert found == set(DECIDED)


def add(unit: Unit, name: str, **more: Any) -> Person:
    """Put somebody on the list, with their consent to have accounts listed."""
    consents = {"accounts": "Saya setuju.", "gatherings": "Saya setuju."}
    return actions.add_person(SYSTEM, NewPerson(name, unit.pk, "Kader", "Daftar 2026", consents=consents, **more))


@pytest.fixture
def pair(cast: Cast) -> tuple[Person, Person]:
    """Who stays, and who turns out to be the same."""
    return add(cast.sukamahi, "Nani Suryani"), add(cast.sukamahi, "Nani S.", phone="081200000001")


def own(person: Person, state: str, handle: str = "nani") -> Account:
    """Return an account of the person's own."""
    unit = person.memberships.get().unit
    proof = {"proof": "attested", "proven_at": clock.now()} if state == "proven" else {}
    return Account.objects.create(
        kind="organic", unit=unit, person=person, platform="instagram", handle=handle, identity=handle, state=state,
        **proof,
    )  # fmt: skip


def attested(account: Account) -> Attestation:
    """Return an attestation of that account."""
    return Attestation.objects.create(account=account, link="https://example.id/x", note="Dilihat")


@pytest.mark.parametrize(("kept", "other"), [("declared", "proven"), ("proven", "declared"), ("declared", "declared")])
def test_of_two_rows_of_one_account_the_proven_stays_with_the_evidence_of_both(
    cast: Cast, pair: tuple[Person, Person], kept: str, other: str
) -> None:
    keep, gone = pair
    first, second = own(keep, kept), own(gone, other)
    attested(first), attested(second)
    later = clock.now() + timedelta(days=7)
    Challenge.objects.create(account=second, code="KTG-ABC234", expires_at=later)
    rival = own(add(cast.tambun_selatan, "Rival"), "declared")
    Dispute.objects.create(claimant=rival, holder=second if other == "proven" else first, proof="attested")
    Dispute.objects.create(
        claimant=first if other == "proven" else second, holder=second if other == "proven" else first, proof="code"
    )
    actions.merge_people(cast.actor("arif"), keep.pk, gone.pk)
    account = Account.objects.get(person=keep)
    assert account.state == ("proven" if "proven" in (kept, other) else "declared")
    assert account.attestations.count() == 2
    assert account.challenge.code == "KTG-ABC234"
    dispute = Dispute.objects.get()
    assert (dispute.claimant, dispute.holder) == (rival, account)


def test_links_and_positions_are_carried_and_one_link_lives(cast: Cast, pair: tuple[Person, Person]) -> None:
    keep, gone = pair
    for person in pair:
        Person.objects.filter(pk=person.pk).update(email=f"{person.pk}@example.id")
    actions.invite(cast.actor("arif"), cast.root.pk, [keep.pk, gone.pk])
    Membership.objects.create(person=gone, unit=cast.root, title="Penasihat")
    actions.merge_people(cast.actor("arif"), keep.pk, gone.pk)
    links = PersonInvitation.objects.filter(person=keep)
    assert links.count() == 2
    assert links.filter(revoked_at=None).count() == 1
    assert set(keep.memberships.values_list("title", flat=True)) == {"Kader", "Penasihat"}


def test_one_person_sits_on_one_seat_and_hands_nothing_over_to_themselves(
    cast: Cast, pair: tuple[Person, Person]
) -> None:
    keep, gone = pair
    arif = cast.actor("arif")
    made = [
        actions.declare_account(arif, cast.sukamahi.pk, platform="x", handle=f"desa{number}") for number in range(3)
    ]
    other = add(cast.sukamahi, "Wakil")
    actions.correct_account(arif, made[0].pk, Correction(custodian_id=gone.pk, deputy_id=keep.pk))
    actions.correct_account(arif, made[1].pk, Correction(custodian_id=keep.pk))
    actions.correct_account(arif, made[2].pk, Correction(custodian_id=gone.pk))
    soon = clock.now().date() + timedelta(days=9)
    actions.begin_handover(arif, made[1].pk, keep.pk, gone.pk, due_on=soon)
    waiting = actions.begin_handover(arif, made[2].pk, gone.pk, other.pk, due_on=soon)
    actions.merge_people(arif, keep.pk, gone.pk)
    seats = list(Account.objects.filter(pk__in=[one.pk for one in made]).order_by("handle").values_list(
        "custodian", "deputy_custodian"
    ))  # fmt: skip
    assert seats == [(keep.pk, None), (keep.pk, None), (keep.pk, None)]
    assert Handover.objects.get(done_at=None, cancelled_at=None) == waiting
    waiting.refresh_from_db()
    assert (waiting.giver, waiting.receiver) == (keep, other)


def test_who_answered_a_recall_has_answered_it(cast: Cast, pair: tuple[Person, Person]) -> None:
    keep, gone = pair
    task = recall(cast, answered_person=gone, answered_at=clock.now(), state="done", note="Sudah dihapus.")
    link = RecallLink.objects.create(task=task, person=gone, digest="d", expires_at=clock.now() + timedelta(days=3))
    actions.merge_people(SYSTEM, keep.pk, gone.pk)
    task.refresh_from_db()
    assert task.answered_person == keep
    assert not RecallLink.objects.filter(pk=link.pk).exists()


def test_who_attended_has_attended(cast: Cast, pair: tuple[Person, Person]) -> None:
    keep, gone = pair
    start = clock.now() + timedelta(days=2)
    plan = Plan("Temu", "Aula", start, start + timedelta(hours=2))
    meeting = gatherings.plan_gathering(cast.actor("dewi"), cast.root.pk, plan)
    for person in pair:
        gatherings.add_person(cast.actor("dewi"), meeting.pk, person.pk)
    Participant.objects.filter(person=gone).update(state="attended", attended_at=clock.now())
    actions.merge_people(cast.actor("arif"), keep.pk, gone.pk)
    place = Participant.objects.get(gathering=meeting)
    assert (place.person, place.state) == (keep, "attended")


def test_an_account_that_was_taken_off_the_list_stays_off_after_a_merge(
    cast: Cast, pair: tuple[Person, Person]
) -> None:
    keep, gone = pair
    actions.remove_own(Actor.of_link(gone.pk, ""), own(gone, "claimed").pk)
    own(keep, "claimed")
    own(keep, "claimed", "nani.lain")
    own(gone, "declared", "nani.sendiri")
    actions.merge_people(cast.actor("arif"), keep.pk, gone.pk)
    assert keep.refused_accounts.count() == 1
    assert set(keep.accounts.values_list("handle", flat=True)) == {"nani.lain", "nani.sendiri"}


@pytest.mark.parametrize("who", ["keep", "gone"])
def test_a_consent_that_was_withdrawn_stays_withdrawn_after_a_merge(
    cast: Cast, pair: tuple[Person, Person], who: str
) -> None:
    keep, gone = pair
    wary = keep if who == "keep" else gone
    for purpose in ("gatherings", "accounts"):
        actions.revoke_consent(SYSTEM, wary.pk, purpose)
    actions.give_consent(SYSTEM, wary.pk, "accounts", text="Saya setuju lagi.", channel="form")
    actions.merge_people(cast.actor("arif"), keep.pk, gone.pk)
    live = keep.consents.filter(revoked_at=None)
    assert set(live.values_list("purpose", "text")) == {("accounts", "Saya setuju lagi.")}
