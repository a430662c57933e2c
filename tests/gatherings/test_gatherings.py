"""Gatherings: from an issue to the answers; consent for invitations; the door; who sees names."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kentongan.core import clock
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry
from kentongan.core.models.messages import Message
from kentongan.gatherings import access, actions, links, queries
from kentongan.gatherings.actions import Plan
from kentongan.gatherings.models import Gathering, Participant
from kentongan.listening.models import Issue
from kentongan.registry import actions as registry
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Person
from named_cast import SYSTEM, Cast


def plan(hours: float = 72) -> Plan:
    start = clock.now() + timedelta(hours=hours)
    return Plan("Jalan Tegal Danas: kapan selesai?", "Aula Kecamatan", start, start + timedelta(hours=2))


@pytest.fixture
def issue(cast: Cast) -> Issue:
    now = clock.now()
    return Issue.objects.create(unit=cast.root, title="Jalan Tegal Danas berlubang", first_at=now, last_at=now)


@pytest.fixture
def gathering(cast: Cast, issue: Issue) -> Gathering:
    return actions.plan_gathering(cast.actor("dewi"), cast.root.pk, plan(), issue_id=issue.pk)


@pytest.fixture
def sari(cast: Cast) -> Person:
    return registry.add_person(
        SYSTEM,
        NewPerson(
            "Sari Wahyuni",
            cast.sukamahi.pk,
            "Pegiat",
            "Daftar komunitas",
            phone="081234567890",
            consents={"gatherings": "Saya bersedia diundang."},
        ),
    )


def test_a_meeting_from_an_issue_is_found_on_the_issue(cast: Cast, gathering: Gathering, issue: Issue) -> None:
    assert list(queries.of_issue(cast.actor("sari"), issue.pk)) == [gathering]
    assert queries.upcoming(cast.actor("sari")) == [gathering]
    assert queries.upcoming(cast.actor("joko")) == []


def test_an_issue_of_somebody_else_cannot_be_used(cast: Cast, issue: Issue) -> None:
    with pytest.raises(NotFound):
        actions.plan_gathering(cast.actor("euis"), cast.tambun_selatan.pk, plan(), issue_id=issue.pk)


@pytest.mark.parametrize(
    ("name", "error"),
    [("hendra", NotAllowed), ("sari", NotAllowed), ("joko", NotFound), ("maman", NotFound), ("tono", NotFound)],
)
def test_who_may_not_change_it(cast: Cast, gathering: Gathering, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        actions.change(cast.actor(name), gathering.pk, plan())
    with pytest.raises(error):
        actions.add_guest(cast.actor(name), gathering.pk, name="Tamu", consent_note="telepon")
    assert not gathering.participants.exists()


@pytest.mark.parametrize(
    ("name", "status"), [("wulan", 200), ("sari", 200), ("joko", 404), ("maman", 404), ("tono", 404)]
)
def test_who_sees_it_on_the_web(
    cast: Cast, gathering: Gathering, sign_in: Callable[..., Client], name: str, status: int
) -> None:
    assert sign_in(cast.user(name)).get(gathering.get_absolute_url()).status_code == status


def test_names_are_for_those_who_run_it(
    cast: Cast, gathering: Gathering, sari: Person, sign_in: Callable[..., Client]
) -> None:
    actions.add_person(cast.actor("dewi"), gathering.pk, sari.pk)
    url = gathering.get_absolute_url()
    assert "Sari Wahyuni" in sign_in(cast.user("dewi")).get(url).content.decode()
    assert "Sari Wahyuni" not in sign_in(cast.user("hendra")).get(url).content.decode()
    assert sign_in(cast.user("hendra")).get(reverse("gatherings:export", args=[gathering.pk])).status_code == 403


def test_nobody_is_invited_without_consent(cast: Cast, gathering: Gathering) -> None:
    person = registry.add_person(SYSTEM, NewPerson("Ujang", cast.sukamahi.pk, "Warga", "Daftar"))
    with pytest.raises(Invalid):
        actions.add_person(cast.actor("dewi"), gathering.pk, person.pk)
    with pytest.raises(Invalid) as missing:
        actions.add_guest(cast.actor("dewi"), gathering.pk, name="Tamu", consent_note=" ")
    assert "consent_note" in missing.value.fields


def test_inviting_twice_tells_once(cast: Cast, gathering: Gathering, sari: Person) -> None:
    actions.add_person(cast.actor("dewi"), gathering.pk, sari.pk)
    actions.add_guest(
        cast.actor("dewi"), gathering.pk, name="Bu Rina", consent_note="telepon", contact="rina@example.id"
    )
    assert actions.invite(cast.actor("dewi"), gathering.pk) == 2
    assert actions.invite(cast.actor("dewi"), gathering.pk) == 0
    assert dict(Message.objects.values_list("recipient", "channel")) == {"Sari Wahyuni": "link", "Bu Rina": "email"}


def test_a_person_is_on_the_list_once(cast: Cast, gathering: Gathering, sari: Person) -> None:
    actions.add_person(cast.actor("dewi"), gathering.pk, sari.pk)
    with pytest.raises(Invalid):
        actions.add_person(cast.actor("dewi"), gathering.pk, sari.pk)
    assert gathering.participants.count() == 1


def test_the_participants_page_answers_by_post_only_and_shows_the_code(
    cast: Cast, gathering: Gathering, sari: Person
) -> None:
    participant = actions.add_person(cast.actor("dewi"), gathering.pk, sari.pk)
    url = reverse("guest:page", args=[links.token(participant)])
    assert Client().get(url).status_code == 200
    participant.refresh_from_db()
    assert participant.state == "listed"
    page = Client().post(url, {"coming": "yes"}, follow=True)
    assert "<svg" in page.content.decode()
    assert "style=" not in page.content.decode()
    participant.refresh_from_db()
    assert participant.state == "confirmed"
    Client().post(url, {"coming": "no"})
    participant.refresh_from_db()
    assert participant.state == "declined"


def test_the_page_speaks_the_language_that_is_stored_of_the_person(
    cast: Cast, gathering: Gathering, sari: Person
) -> None:
    participant = actions.add_person(cast.actor("dewi"), gathering.pk, sari.pk)
    url = reverse("guest:page", args=[links.token(participant)])
    browser = Client(headers={"accept-language": "en"})
    assert '<html lang="id"' in browser.get(url).content.decode()
    Person.objects.filter(pk=sari.pk).update(language="en")
    assert '<html lang="en"' in Client(headers={"accept-language": "id"}).get(url).content.decode()


@pytest.mark.parametrize("broken", ["", "x", "abc.def"])
def test_a_forged_link_opens_nothing(cast: Cast, gathering: Gathering, sari: Person, broken: str) -> None:
    participant = actions.add_person(cast.actor("dewi"), gathering.pk, sari.pk)
    token = links.token(participant)
    forged = broken or token[:-2]
    assert Client().post(reverse("guest:page", args=[forged]), {"coming": "yes"}).status_code == 404
    participant.refresh_from_db()
    assert participant.state == "listed"


def test_the_door_needs_staff_and_a_press(
    cast: Cast, gathering: Gathering, sari: Person, sign_in: Callable[..., Client]
) -> None:
    participant = actions.add_person(cast.actor("dewi"), gathering.pk, sari.pk)
    scan = reverse("gatherings:scan", args=[links.token(participant)])
    assert Client().get(scan).status_code == 302  # to the sign-in
    assert sign_in(cast.user("joko")).get(scan).status_code == 404
    assert sign_in(cast.user("dewi")).get(scan).status_code == 200
    participant.refresh_from_db()
    assert participant.state == "listed"
    check_in = reverse("gatherings:check_in", args=[participant.pk])
    client = sign_in(cast.user("dewi"))
    client.post(check_in)
    first = Participant.objects.get().attended_at
    client.post(check_in)
    assert Participant.objects.get().attended_at == first
    client.post(check_in, {"undo": "1"})
    assert Participant.objects.get().state == "listed"


def test_an_answer_without_a_source_is_none(cast: Cast, gathering: Gathering) -> None:
    question = actions.ask(cast.actor("dewi"), gathering.pk, "Kapan Tegal Danas selesai?")
    with pytest.raises(Invalid) as missing:
        actions.answer_question(cast.actor("dewi"), question.pk, answer="Jumat.", source=" ")
    assert "source" in missing.value.fields
    answered = actions.answer_question(
        cast.actor("dewi"), question.pk, answer="Jumat.", source="SDABMBK, surat 12/2026"
    )
    assert answered.answered_at is not None


def test_a_note_makes_it_held_but_not_before_it_began(cast: Cast, gathering: Gathering) -> None:
    with pytest.raises(Conflict):
        actions.record_held(cast.actor("dewi"), gathering.pk, note="Ramai.", follow_up="")
    past = actions.plan_gathering(cast.actor("dewi"), cast.root.pk, plan(-3))
    held = actions.record_held(cast.actor("dewi"), past.pk, note="Ramai.", follow_up="Unggah jadwal.")
    assert (held.state, held.follow_up) == ("held", "Unggah jadwal.")
    with pytest.raises(Conflict):
        actions.add_guest(cast.actor("dewi"), past.pk, name="Terlambat", consent_note="telepon")
    again = actions.record_held(cast.actor("dewi"), past.pk, note="Ramai sekali.", follow_up="")
    assert again.note == "Ramai sekali."


def test_cancelling_tells_the_invited_why(cast: Cast, gathering: Gathering, sari: Person) -> None:
    actions.add_person(cast.actor("dewi"), gathering.pk, sari.pk)
    actions.invite(cast.actor("dewi"), gathering.pk)
    with pytest.raises(Invalid):
        actions.cancel(cast.actor("dewi"), gathering.pk, " ")
    actions.cancel(cast.actor("dewi"), gathering.pk, "Aula banjir.")
    assert "Aula banjir." in Message.objects.order_by("-pk")[0].body
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"gatherings.gathering.plan", "gatherings.gathering.invite", "gatherings.gathering.cancel"} <= verbs


def test_removing_somebody_leaves_nothing_of_them(cast: Cast, gathering: Gathering, sari: Person) -> None:
    participant = actions.add_person(cast.actor("dewi"), gathering.pk, sari.pk)
    actions.remove(cast.actor("dewi"), participant.pk)
    assert not Participant.objects.exists()


def test_every_screen_renders_and_lists_take_a_constant_number_of_queries(
    cast: Cast, gathering: Gathering, sari: Person, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(cast.user("dewi"))
    question = actions.ask(cast.actor("dewi"), gathering.pk, "Kapan?")
    actions.add_guest(cast.actor("dewi"), gathering.pk, name="Tamu", consent_note="telepon")
    pages = [
        reverse("gatherings:index"),
        gathering.get_absolute_url(),
        reverse("gatherings:attendance", args=[gathering.pk]),
        reverse("gatherings:candidates", args=[gathering.pk]),
    ]
    others = [
        reverse("gatherings:new"),
        reverse("gatherings:change", args=[gathering.pk]),
        reverse("gatherings:question", args=[question.pk]),
    ]

    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    before = [count(url) for url in pages]
    for url in others:
        count(url)
    for n in range(8):
        actions.plan_gathering(cast.actor("dewi"), cast.root.pk, plan(80 + n))
        actions.add_guest(cast.actor("dewi"), gathering.pk, name=f"Tamu {n}", consent_note="telepon")
        registry.add_person(
            SYSTEM, NewPerson(f"Warga {n}", cast.sukamahi.pk, "Warga", "Daftar", consents={"gatherings": "Ya."})
        )
    assert [count(url) for url in pages] == before


def test_planning_by_the_form(cast: Cast, issue: Issue, sign_in: Callable[..., Client]) -> None:
    client = sign_in(cast.user("dewi"))
    start = clock.now() + timedelta(days=3)
    fields = {
        "unit": "32.16",
        "title": "Tanya jawab jalan",
        "place": "Aula",
        "issue": issue.pk,
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "ends_at": f"{start + timedelta(hours=2):%Y-%m-%dT%H:%M}",
    }
    response = client.post(reverse("gatherings:new"), fields)
    made = Gathering.objects.get(title="Tanya jawab jalan")
    assert response["Location"] == made.get_absolute_url()
    assert made.issue == issue
    backwards = client.post(reverse("gatherings:new"), fields | {"ends_at": fields["starts_at"]})
    assert backwards.status_code == 200
    assert backwards.context["form"].errors["ends_at"]
    assert access.gathering(cast.actor("dewi"), made.pk) == made


def test_contacts_outside_the_tree_are_invited_once_they_agreed(cast: Cast, gathering: Gathering) -> None:
    given = {"full_name": "Komunitas Gowes", "kind": "community", "source": "given", "basis": "Buku tamu"}
    contact = registry.add_contact(SYSTEM, cast.sukamahi.pk, {**given, "phone": "081234567891"})
    dewi, person = cast.actor("dewi"), contact.person
    assert person not in queries.candidates(dewi, gathering, "Gowes")
    with pytest.raises(Invalid):
        actions.add_person(dewi, gathering.pk, person.pk)
    registry.give_consent(SYSTEM, person.pk, "gatherings", text="Saya bersedia diundang.", channel="form")
    assert list(queries.candidates(dewi, gathering, "Gowes")) == [person]
    theirs = actions.plan_gathering(cast.actor("joko"), cast.tambun_selatan.pk, plan())
    assert not queries.candidates(cast.actor("joko"), theirs, "Gowes").exists()
    with pytest.raises(NotFound):
        actions.add_person(cast.actor("joko"), theirs.pk, person.pk)
    actions.add_person(dewi, gathering.pk, person.pk)
    assert actions.invite(dewi, gathering.pk) == 1
    assert Message.objects.get(person_id=person.pk).state == Message.State.QUEUED
