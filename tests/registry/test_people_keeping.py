"""People on the list: seen, corrected, ended, merged, kept apart, removed, and purged when they do not confirm."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kentongan.core import clock
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry, User
from kentongan.registry import actions, queries, tasks
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Consent, KeptApart, Membership, Person, Unit
from named_cast import SYSTEM, Cast

SignIn = Callable[[User], Client]


def add(unit: Unit, name: str, phone: str = "", title: str = "Anggota", **extra: Any) -> Person:
    return actions.add_person(
        SYSTEM, NewPerson(full_name=name, unit_id=unit.pk, title=title, basis="Daftar 2026", phone=phone, **extra)
    )


def age(person: Person, days: int) -> None:
    Person.objects.filter(pk=person.pk).update(created_at=clock.now() - timedelta(days=days))


def test_who_does_not_confirm_is_removed_after_the_days_and_nobody_else(cast: Cast, settings: Any) -> None:
    settings.KENTONGAN_UNCONFIRMED_DAYS = 30
    late, early = add(cast.tambun_selatan, "Asep"), add(cast.tambun_selatan, "Bunga")
    confirmed = add(cast.tambun_selatan, "Cahya", consents={"contact": "Ya"})
    simulated = add(cast.tambun_selatan, "Dadan", simulated=True)
    colleague = Person.objects.get(user=cast.user("joko"))
    Person.objects.filter(pk=colleague.pk).update(state=Person.State.INVITED)
    for person in (late, confirmed, simulated, colleague):
        age(person, 31)
    age(early, 29)
    assert early.days_left is not None
    assert Person.objects.get(pk=early.pk).days_left == 1
    assert Person.objects.get(pk=confirmed.pk).days_left is None
    assert (tasks.purge_unconfirmed(), tasks.purge_unconfirmed()) == (1, 0)
    assert not Person.objects.filter(pk=late.pk).exists()
    assert Person.objects.filter(pk__in=[early.pk, confirmed.pk, simulated.pk, colleague.pk]).count() == 4
    assert AuditEntry.objects.get(verb="registry.person.purge").after == {"people": 1, "days": 30}


def test_the_page_of_a_person_shows_what_is_kept_to_its_administrators_only(cast: Cast, sign_in: SignIn) -> None:
    person = add(cast.tambun_selatan, "Asep Saepudin", "081200000001")
    Membership.objects.create(person=person, unit=cast.cikarang_pusat, title="Penasihat")
    address = person.get_absolute_url()
    page = sign_in(cast.user("joko")).get(address).content.decode()
    assert "+6281200000001" in page
    assert "Penasihat" not in page
    assert "Penasihat" in sign_in(cast.user("arif")).get(address).content.decode()
    for who in ("dewi", "euis", "maman", "tono", "wulan"):
        assert sign_in(cast.user(who)).get(address).status_code == 404, who


def test_an_administrator_corrects_gives_ends_and_removes(cast: Cast, sign_in: SignIn) -> None:
    person = add(cast.tambun_selatan, "Asep", "081200000001")
    client = sign_in(cast.user("joko"))
    given = {"full_name": "Drs. Asep S.", "phone": "0812 0000 0002", "email": "A@example.id"}
    assert client.post(reverse("registry:person_correct", args=[person.pk]), given).status_code == 302
    person.refresh_from_db()
    assert (person.name_key, person.phone, person.email) == ("asep s", "+6281200000002", "a@example.id")
    wrong = client.post(reverse("registry:person_correct", args=[person.pk]), {**given, "phone": "bukan"})
    assert wrong.status_code == 422
    new = {"unit": "32.16.06", "title": "Bendahara", "starts_on": "2024-01-01", "ends_on": "2029-12-31"}
    assert client.post(reverse("registry:post_add", args=[person.pk]), new).status_code == 302
    assert client.post(reverse("registry:post_add", args=[person.pk]), new).status_code == 422
    elsewhere = client.post(reverse("registry:post_add", args=[person.pk]), {**new, "unit": "32.16.20"})
    assert elsewhere.status_code == 422
    post = person.memberships.get(title="Bendahara")
    turned = {"title": "Bendahara", "starts_on": "2024-01-01", "ends_on": "2023-01-01"}
    assert client.post(reverse("registry:post_correct", args=[post.pk]), turned).status_code == 422
    assert client.post(reverse("registry:post_end", args=[post.pk])).status_code == 302
    post.refresh_from_db()
    assert post.ends_on == clock.now().date()
    assert client.post(reverse("registry:post_end", args=[post.pk])).status_code == 409
    assert client.post(reverse("registry:person_remove", args=[person.pk])).status_code == 302
    assert not Person.objects.filter(pk=person.pk).exists()
    verbs = set(AuditEntry.objects.filter(object_id=str(person.pk)).values_list("verb", flat=True))
    acts = {"correct", "give_post", "end_post", "remove"}
    assert {f"registry.person.{act}" for act in acts} <= verbs


def test_nobody_changes_people_of_other_units(cast: Cast) -> None:
    joko = cast.actor("joko")
    theirs = add(cast.cikarang_pusat, "Asep")
    both = add(cast.tambun_selatan, "Bunga")
    there = Membership.objects.create(person=both, unit=cast.cikarang_pusat, title="Ketua")
    with pytest.raises(NotFound):
        actions.correct_person(joko, theirs.pk, full_name="X")
    with pytest.raises(NotFound):
        actions.end_post(joko, there.pk)
    with pytest.raises(NotAllowed):
        actions.remove_person(joko, both.pk)
    with pytest.raises(NotFound):
        actions.give_post(joko, both.pk, cast.sukamahi.pk, title="Ketua")
    with pytest.raises(NotFound):
        actions.merge_people(joko, both.pk, theirs.pk)
    with pytest.raises(Conflict):
        actions.remove_person(cast.actor("arif"), Person.objects.get(user=cast.user("joko")).pk)


def test_those_who_share_a_phone_or_name_and_unit_are_offered(cast: Cast, sign_in: SignIn) -> None:
    one, other = add(cast.tambun_selatan, "Asep", "081200000001"), add(cast.sukamahi, "Bunga", "081200000001")
    third, fourth = add(cast.sukamahi, "H. Cahya, S.H."), add(cast.sukamahi, "CAHYA", "081200000009")
    add(cast.cikarang_pusat, "Cahya")
    found = [(pair.one.pk, pair.other.pk, pair.same_phone) for pair in queries.likenesses(cast.root)]
    assert found == [(one.pk, other.pk, True), (third.pk, fourth.pk, False)]
    assert queries.likenesses(cast.tambun_selatan) == []
    client = sign_in(cast.user("arif"))
    page = client.get(reverse("registry:duplicates", args=[cast.root.pk]))
    assert page.content.decode().count("Cahya") >= 1
    acts = {"unit": cast.root.pk}
    assert client.post(reverse("registry:person_apart", args=[one.pk, other.pk]), acts).status_code == 302
    assert client.post(reverse("registry:person_merge", args=[third.pk, fourth.pk]), acts).status_code == 302
    assert KeptApart.objects.count() == 1
    assert queries.likenesses(cast.root) == []
    assert sign_in(cast.user("dewi")).get(reverse("registry:duplicates", args=[cast.root.pk])).status_code == 403


def test_a_merge_moves_all_and_what_would_be_double_goes(cast: Cast) -> None:
    keep = add(cast.tambun_selatan, "Asep Saepudin", title="Ketua", consents={"contact": "Ya, hubungi saya"})
    gone = add(
        cast.tambun_selatan,
        "ASEP SAEPUDIN",
        "081200000001",
        title="Ketua",
        consents={"contact": "Ya", "missions": "Ya"},
    )
    Membership.objects.create(person=gone, unit=cast.sukamahi, title="Penasihat", ends_on=date(2029, 12, 31))
    for person, handle in ((keep, "asep"), (gone, "asep"), (gone, "asep2")):
        Account.objects.create(
            person=person, unit=cast.tambun_selatan, kind="organic", platform="x", handle=handle, identity=handle
        )
    official = actions.declare_account(SYSTEM, cast.root.pk, platform="x", handle="pemkab")
    Account.objects.filter(pk=official.pk).update(custodian=gone)
    merged = actions.merge_people(cast.actor("arif"), keep.pk, gone.pk)
    keep.refresh_from_db()
    assert keep.phone == "+6281200000001"
    assert set(keep.memberships.values_list("title", "unit__code")) == {
        ("Ketua", "32.16.06"),
        ("Penasihat", "32.16.20.2002"),
    }
    live = keep.consents.filter(revoked_at=None)
    assert set(live.values_list("purpose", "text")) == {("contact", "Ya, hubungi saya"), ("missions", "Ya")}
    assert keep.consents.get(purpose="contact", text="Ya").revoked_at, "a consent is never deleted"
    assert set(keep.accounts.values_list("handle", flat=True)) == {"asep", "asep2"}
    assert Account.objects.get(pk=official.pk).custodian == keep
    assert not Person.objects.filter(pk=gone.pk).exists()
    assert merged.dropped == {"registry.membership": 1}
    entry = AuditEntry.objects.get(verb="registry.person.merge")
    assert entry.before["full_name"].startswith("#"), "the log names nobody"
    assert (entry.before["id"], entry.after["into"]) == (gone.pk, keep.pk)


def test_who_withdrew_or_two_who_sign_in_are_not_merged(cast: Cast) -> None:
    arif = cast.actor("arif")
    one, other = add(cast.tambun_selatan, "Asep"), add(cast.tambun_selatan, "Asep")
    Person.objects.filter(pk=other.pk).update(state=Person.State.WITHDRAWN)
    with pytest.raises(Conflict):
        actions.merge_people(arif, one.pk, other.pk)
    users = [Person.objects.get(user=cast.user(name)).pk for name in ("joko", "euis")]
    with pytest.raises(Conflict):
        actions.merge_people(arif, *users)
    with pytest.raises(Invalid):
        actions.merge_people(arif, one.pk, one.pk)
    assert Consent.objects.count() == 0


def test_a_colleague_keeps_their_sign_in_when_merged(cast: Cast) -> None:
    listed, colleague = add(cast.tambun_selatan, "Joko"), Person.objects.get(user=cast.user("joko"))
    actions.merge_people(cast.actor("arif"), listed.pk, colleague.pk)
    listed.refresh_from_db()
    assert (listed.user, listed.state) == (cast.user("joko"), Person.State.CONFIRMED)


@pytest.mark.parametrize("text", ["saepu", "0812 0000", "+62812-0000", "62812", "a@exam"])
def test_people_are_found_by_a_part_of_name_phone_or_mail(cast: Cast, text: str) -> None:
    person = add(cast.tambun_selatan, "Asep Saepudin", "081200000001", email="a@example.id")
    assert person in queries.people(cast.actor("arif"), cast.root, text)
    assert person not in queries.people(cast.actor("arif"), cast.root, text, "confirmed")


def test_the_list_costs_the_same_for_many(cast: Cast, sign_in: SignIn, django_assert_num_queries: Any) -> None:
    client = sign_in(cast.user("arif"))
    address = reverse("registry:unit_people", args=[cast.root.pk])
    add(cast.tambun_selatan, "Asep")
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        client.get(address)
    for number in range(30):
        add(cast.sukamahi, f"Orang {number}")
    with django_assert_num_queries(len(caught)):
        assert client.get(address).status_code == 200
