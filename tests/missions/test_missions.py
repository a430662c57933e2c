"""Share missions: consent first, own words, nothing posted for anybody, erasable, closed in quiet periods."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Held, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry
from kentongan.core.models.messages import Message
from kentongan.missions import tasks, wording
from kentongan.missions.actions import missions as actions
from kentongan.missions.models import Mission, MissionInvitation
from kentongan.missions.queries import missions as queries
from kentongan.registry import queries as registry_queries
from kentongan.registry.actions.people import revoke_consent
from kentongan.registry.models import Person
from kentongan.safeguards.models import Election, QuietPeriod
from kentongan.safeguards.purposes import Purpose
from named_cast import Cast

from .test_links import address, token_for

Requests = Callable[..., actions.Request]
OWN = "Kemarin saya lewat Tegal Danas, lubangnya sudah ditandai cat kuning, katanya Senin ditambal."
OTHER = "Warung ibu saya pas di tikungan itu, jadi pelanggan pasti senang dengar aspal baru minggu depan!"


def invited(mission: Mission, name: str) -> MissionInvitation:
    return mission.invitations.select_related("person").get(person__full_name=name)


def act_as(invitation: MissionInvitation) -> Actor:
    return Actor.of_link(invitation.person_id or 0, "link")


@pytest.fixture
def quiet_now(db: None) -> QuietPeriod:
    election = Election.objects.create(code="uji", name="Pemilihan Uji", kind="regional", source="uji")
    today = timezone.localdate()
    return QuietPeriod.objects.create(
        code="uji-tenang",
        election=election,
        name="Masa tenang",
        source="uji",
        starts_on=today - timedelta(days=1),
        ends_on=today + timedelta(days=1),
    )


def test_nobody_is_invited_without_consent(open_mission: Mission) -> None:
    names = set(open_mission.invitations.values_list("person__full_name", flat=True))
    assert names == {"Sari Wahyuni", "Budi Santoso", "Siti Aminah"}


def test_the_preview_says_how_many_and_how_many_not(
    cast: Cast, request_for: Requests, add_person: Callable[..., Person]
) -> None:
    add_person(cast.sukamahi, "Sari Wahyuni")
    add_person(cast.sukamahi, "Ujang", agreed=False)
    draft = actions.draft(cast.actor("arif"), request_for(cast.sukamahi))
    preview = queries.preview(draft)
    assert (preview.invited, preview.without_consent) == (1, 2)  # Ujang, and Maman who only signs in


def test_a_mission_that_nobody_agreed_to_is_not_opened(cast: Cast, request_for: Requests) -> None:
    draft = actions.draft(cast.actor("arif"), request_for(cast.root))
    with pytest.raises(Invalid):
        actions.open_mission(cast.actor("arif"), draft.pk)


def test_opened_twice_it_invites_once(cast: Cast, open_mission: Mission, run_jobs: Callable[[], None]) -> None:
    actions.open_mission(cast.actor("arif"), open_mission.pk)
    run_jobs()
    run_jobs()
    assert open_mission.invitations.count() == 3
    assert Message.objects.filter(channel="link").count() == 3


def test_a_neutral_organisation_has_no_campaign_mission(
    cast: Cast, request_for: Requests, sign_in: Callable[..., Client]
) -> None:
    with pytest.raises(Held):
        actions.draft(cast.actor("arif"), request_for(cast.root, purpose=Purpose.CAMPAIGN))
    page = sign_in(cast.user("arif")).get(reverse("missions:mission_new")).content.decode()
    assert "Kampanye" not in page
    assert 'value="campaign"' not in page


def test_a_campaign_mission_is_not_opened_in_a_quiet_period(
    party: Cast, request_for: Requests, add_person: Callable[..., Person], quiet_now: QuietPeriod
) -> None:
    add_person(party.sukamahi, "Sari Wahyuni")
    draft = actions.draft(party.actor("arif"), request_for(party.root, purpose=Purpose.CAMPAIGN))
    with pytest.raises(Held):
        actions.open_mission(party.actor("arif"), draft.pk)
    service = actions.draft(party.actor("arif"), request_for(party.root))
    assert actions.open_mission(party.actor("arif"), service.pk).state == "open"


def test_a_quiet_period_closes_running_campaign_missions_and_no_service(
    party: Cast, request_for: Requests, add_person: Callable[..., Person], request: pytest.FixtureRequest
) -> None:
    add_person(party.sukamahi, "Sari Wahyuni")
    running = {
        purpose: actions.open_mission(
            party.actor("arif"), actions.draft(party.actor("arif"), request_for(party.root, purpose=purpose)).pk
        )
        for purpose in Purpose
    }
    request.getfixturevalue("quiet_now")
    campaign = invited(running[Purpose.CAMPAIGN], "Sari Wahyuni")
    with pytest.raises(Conflict):  # before the tick came by: the page itself refuses
        actions.word(act_as(campaign), campaign.pk, OWN)
    tasks.close_due()
    for mission in running.values():
        mission.refresh_from_db()
    assert running[Purpose.CAMPAIGN].state == "closed"
    assert "tenang" in running[Purpose.CAMPAIGN].close_reason
    assert running[Purpose.SERVICE].state == "open"


def test_a_mission_closes_when_its_time_is_over(open_mission: Mission) -> None:
    Mission.objects.update(closes_at=clock.now() - timedelta(seconds=1))
    tasks.close_due()
    open_mission.refresh_from_db()
    assert (open_mission.state, bool(open_mission.close_reason)) == ("closed", True)


def test_the_same_words_from_two_people_are_refused(open_mission: Mission) -> None:
    first, second = invited(open_mission, "Sari Wahyuni"), invited(open_mission, "Budi Santoso")
    actions.word(act_as(first), first.pk, OWN)
    for copy in (OWN, OWN.upper() + " 🙏", OWN.replace("kuning", "merah"), "Halo semua! " + OWN):
        with pytest.raises(Invalid) as refused:
            actions.word(act_as(second), second.pk, copy)
        assert "caption" in refused.value.fields
    assert actions.word(act_as(second), second.pk, OTHER).caption == OTHER


def test_the_database_refuses_a_copy_even_if_nobody_measured(open_mission: Mission) -> None:
    first, second = invited(open_mission, "Sari Wahyuni"), invited(open_mission, "Budi Santoso")
    digest = wording.digest(OWN)
    MissionInvitation.objects.filter(pk=first.pk).update(caption=OWN, caption_digest=digest)
    with pytest.raises(IntegrityError), transaction.atomic():
        MissionInvitation.objects.filter(pk=second.pk).update(
            caption=OWN.upper(), caption_digest=wording.digest(OWN.upper())
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bagus.",
        "Kemarin saya lewat Tegal Danas",
        "Bapak-Ibu RT 03, ada kabar jalan bagus",
        "Jalan Tegal Danas diperbaiki mulai Senin. Jadwal lengkap ada di situs kabupaten.",
    ],
)
def test_a_starter_or_the_missions_own_text_is_not_own_words(open_mission: Mission, text: str) -> None:
    invitation = invited(open_mission, "Sari Wahyuni")
    with pytest.raises(Invalid) as refused:
        actions.word(act_as(invitation), invitation.pk, text)
    assert "caption" in refused.value.fields


def test_two_who_begin_alike_and_go_on_differently_are_fine(open_mission: Mission) -> None:
    starter = open_mission.starters[0]
    first, second = invited(open_mission, "Sari Wahyuni"), invited(open_mission, "Budi Santoso")
    actions.word(act_as(first), first.pk, f"{starter} dan motor saya hampir masuk lubang, untung pelan.")
    worded = actions.word(
        act_as(second), second.pk, f"{starter}, anak-anak sekolah terpaksa turun dari sepeda di situ."
    )
    assert worded.similarity is not None
    assert worded.similarity < 0.5


def test_nobody_acts_for_somebody_else(cast: Cast, open_mission: Mission) -> None:
    sari, budi = invited(open_mission, "Sari Wahyuni"), invited(open_mission, "Budi Santoso")
    for actor in (act_as(budi), cast.actor("arif")):
        for act in (actions.open_invitation, actions.decline, actions.erase):
            with pytest.raises(NotFound):
                act(actor, sari.pk)
        with pytest.raises(NotFound):
            actions.word(actor, sari.pk, OWN)


def test_the_whole_way_without_scripts(open_mission: Mission) -> None:
    invitation = invited(open_mission, "Sari Wahyuni")
    token = token_for(invitation)
    phone = Client(enforce_csrf_checks=True)

    def press(**fields: str) -> object:
        page = phone.get(address(token))
        return phone.post(address(token), fields | {"csrfmiddlewaretoken": page.context["csrf_token"]}, follow=True)

    landing = phone.get(address(token))
    assert "Sari Wahyuni" in landing.content.decode()
    writing = press(intent="open")
    assert open_mission.starters[0] in writing.content.decode()
    assert f'maxlength="{wording.MAX_LENGTH}"' in writing.content.decode()  # with a separator a browser reads 1
    refused = press(intent="word", caption="Bagus.")
    assert refused.status_code == 422
    ready = press(intent="word", caption=OWN)
    body = ready.content.decode()
    for host in ("https://wa.me/?text=", "https://x.com/intent/post", "facebook.com/sharer", "https://t.me/share/url"):
        assert host in body
    assert "Kentongan tidak pernah" in body
    shared = press(intent="shared", proof_link="https://x.com/sari/status/1")
    invitation.refresh_from_db()
    assert shared.status_code == 200
    assert (invitation.state, invitation.caption, invitation.proof_link) == (
        "shared",
        OWN,
        "https://x.com/sari/status/1",
    )
    assert invitation.opened_at is not None


def test_with_scripts_the_words_come_back_with_the_links(open_mission: Mission) -> None:
    invitation = invited(open_mission, "Sari Wahyuni")
    token, phone = token_for(invitation), Client()
    phone.post(address(token), {"intent": "open"})
    json = {"headers": {"accept": "application/json"}}
    assert phone.post(address(token), {"intent": "word", "caption": "Bagus."}, **json).json()["problem"]
    said = phone.post(address(token), {"intent": "word", "caption": OWN}, **json).json()
    assert said["text"] == OWN
    assert {"whatsapp", "x", "facebook", "telegram"} <= said["links"].keys()


def test_declining_is_one_press_even_before_opening(open_mission: Mission) -> None:
    invitation = invited(open_mission, "Sari Wahyuni")
    token, phone = token_for(invitation), Client()
    phone.post(address(token), {"intent": "decline"})
    invitation.refresh_from_db()
    assert (invitation.state, invitation.opened_at) == ("declined", None)
    phone.post(address(token), {"intent": "open"})
    invitation.refresh_from_db()
    assert (invitation.state, invitation.declined_at) == ("opened", None)


def test_erasing_leaves_a_number_without_a_person(open_mission: Mission) -> None:
    invitation = invited(open_mission, "Sari Wahyuni")
    person, token, phone = invitation.person, token_for(invitation), Client()
    assert person is not None
    phone.post(address(token), {"intent": "open"})
    phone.post(address(token), {"intent": "word", "caption": OWN})
    page = reverse("member:data", args=[token])
    assert OWN in phone.get(page).content.decode()
    phone.post(page, {"never_again": "1"})
    invitation.refresh_from_db()
    assert (invitation.state, invitation.person_id, invitation.caption, invitation.opened_at) == (
        "erased",
        None,
        "",
        None,
    )
    assert not invitation.links.exists()
    assert phone.get(address(token)).status_code == 404
    assert not registry_queries.has_consent(person.pk, "missions")
    about = AuditEntry.objects.filter(object_type="missions.missioninvitation")
    assert about.exists()
    assert not about.exclude(person_id=None).exists()
    assert not any(person.full_name in str(entry.before) + str(entry.after) + entry.actor_label for entry in about)


def test_whoever_withdrew_consent_is_asked_for_nothing_more(open_mission: Mission) -> None:
    invitation = invited(open_mission, "Sari Wahyuni")
    revoke_consent(act_as(invitation), invitation.person_id, "missions")
    with pytest.raises(Conflict):
        actions.word(act_as(invitation), invitation.pk, OWN)


def test_the_board_counts_and_measures(open_mission: Mission) -> None:
    for name, text in (("Sari Wahyuni", OWN), ("Budi Santoso", OTHER)):
        invitation = invited(open_mission, name)
        actions.word(act_as(invitation), invitation.pk, text)
        actions.share(act_as(invitation), invitation.pk)
    counts = queries.counts_of([open_mission])[open_mission.pk]
    assert (counts.invited, counts.worded, counts.shared) == (3, 2, 2)
    assert [(branch.unit.code, branch.counts.shared) for branch in queries.branches(open_mission)] == [("32.16.20", 2)]
    measured = queries.authenticity(open_mission)
    assert measured.captions == 2
    assert measured.variety == pytest.approx(1.0)
    assert measured.bunched is None  # two shares are too few to call them bunched


@pytest.mark.parametrize(
    ("name", "board", "names"),
    [("arif", 200, 200), ("sari", 200, 403), ("joko", 404, 404), ("maman", 404, 404), ("tono", 404, 404)],
)
def test_who_sees_a_mission_and_who_sees_names(
    cast: Cast, open_mission: Mission, sign_in: Callable[..., Client], name: str, board: int, names: int
) -> None:
    client = sign_in(cast.user(name))
    assert client.get(open_mission.get_absolute_url()).status_code == board
    assert client.get(reverse("missions:invitations", args=[open_mission.pk])).status_code == names
    export = client.get(reverse("missions:mission_export", args=[open_mission.pk]) + "?format=csv")
    assert export.status_code == board
    if board == 200:
        assert b"Sari" not in b"".join(export.streaming_content)


def test_only_those_who_instruct_open_missions(cast: Cast, request_for: Requests) -> None:
    for name in ("dewi", "hendra", "sari"):
        with pytest.raises(NotAllowed):
            actions.draft(cast.actor(name), request_for(cast.root))
    for name in ("joko", "maman", "tono"):
        with pytest.raises(NotFound):
            actions.draft(cast.actor(name), request_for(cast.root))


def test_lists_take_a_constant_number_of_queries(
    cast: Cast,
    request_for: Requests,
    open_mission: Mission,
    add_person: Callable[..., Person],
    sign_in: Callable[..., Client],
) -> None:
    client = sign_in(cast.user("arif"))
    pages = [
        reverse("missions:missions"),
        open_mission.get_absolute_url(),
        reverse("missions:invitations", args=[open_mission.pk]),
    ]

    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    before = [count(url) for url in pages]
    for n in range(12):
        person = add_person(cast.tambun_selatan, f"Warga {n}")
        MissionInvitation.objects.create(mission=open_mission, unit=cast.tambun_selatan, person=person)
        actions.draft(cast.actor("arif"), request_for(cast.root))
    assert [count(url) for url in pages] == before
