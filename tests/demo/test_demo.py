"""What the demo shows, and that it shows it through the actions."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.db import transaction
from django.test import RequestFactory
from django.utils import translation
from pytest_django import DjangoDbBlocker

from kentongan.core import clock
from kentongan.core.models import AuditEntry, Job, User
from kentongan.core.permissions import Role
from kentongan.gatherings.models import Gathering, Participant
from kentongan.insights.models import Snapshot
from kentongan.listening.models import Issue
from kentongan.missions.models import MissionInvitation, Receipt
from kentongan.missions.queries import instructions
from kentongan.planning.models import Brief, ContentItem
from kentongan.planning.states import ItemState
from kentongan.publishing.models import Attempt, Delivery
from kentongan.publishing.states import State
from kentongan.registry.models import Account, Consent, Grant, Mandate, Organisation, Person, Tally, Unit
from kentongan.safeguards.models import QuietPeriod
from kentongan.web import demo
from kentongan.web.demo import organisation as cast
from kentongan.web.demo import stream

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
POSTS = 4000


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[demo.Report]:
    """The whole demo with a smaller stream, in one transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        with translation.override("en"):
            report = demo.load(posts=POSTS)
        yield report
        transaction.set_rollback(True)


def test_a_second_load_changes_nothing() -> None:
    before, entries = demo.status(), AuditEntry.objects.count()
    assert demo.load(posts=POSTS) == demo.Report(loaded=False)
    assert demo.status() == before
    assert AuditEntry.objects.count() == entries


def test_the_office_is_neutral_simulated_and_has_its_real_tree() -> None:
    organisation = Organisation.objects.get()
    assert organisation.simulated
    assert organisation.neutral
    levels = Counter(Unit.objects.values_list("level", flat=True))
    assert levels == {"regency": 1, "district": 23, "village": 187, "none": 7}
    assert Unit.objects.get(code="32.16.20.2002").name == "Desa Sukamahi"


def test_the_cast_has_every_role_and_can_sign_in() -> None:
    assert {login.role for login in demo.cast()} == set(Role.values)
    assert set(Grant.objects.values_list("role", flat=True)) == set(Role.values)
    request = RequestFactory().post("/masuk/")
    for login in demo.cast():
        assert authenticate(request, email=login.email, password=login.password) == User.objects.get(email=login.email)


def test_ten_accounts_and_only_the_newsroom_is_live() -> None:
    accounts = Account.objects.filter(unit__parent=None, kind=Account.Kind.OFFICIAL)
    states = dict(accounts.values_list("platform", "state"))
    assert len(states) == accounts.count() == 10
    assert [platform for platform, state in states.items() if state == Account.State.CONNECTED] == ["newsroom"]
    assert not accounts.filter(custodian=None).exists()


def test_mandates_are_kept_by_some() -> None:
    for one in Mandate.objects.all():
        tally = Tally.objects.get(mandate=one, unit_id=one.unit_id, of="")
        assert 0 < tally.done < tally.total
    assert {one.subject for one in Mandate.objects.all()} == set(Mandate.Subject.values)


def test_members_are_nobody() -> None:
    members = Person.objects.filter(simulated=True)
    assert members.count() == 300
    assert all(person.email.endswith("@example.id") for person in members)
    assert all(person.phone.startswith("+62800") for person in members if person.phone)
    assert len({person.full_name for person in members}) == 300
    assert 0 < members.filter(consents=None).count() < 60


def test_posts_became_issues_and_the_copies_stand_apart() -> None:
    assert demo.status().posts == pytest.approx(POSTS, abs=40)
    assert Issue.objects.filter(merged_into=None, posts__gte=20).count() >= 15
    copies = Issue.objects.filter(title__startswith="Kami warga Setu").first()
    assert copies is not None
    assert copies.is_coordinated


def test_stories_are_tied_to_the_issues_they_are_about() -> None:
    assert Brief.objects.exclude(issue=None).exists()
    for brief in Brief.objects.exclude(issue=None).select_related("issue"):
        assert brief.issue == next(
            stream.issue(key)
            for key in ("banjir-tambun", "ktp-blanko", "dbd-fogging")
            if stream.issue(key) == brief.issue
        )


def test_items_stand_in_every_state_on_the_way() -> None:
    states = Counter(ContentItem.objects.values_list("state", flat=True))
    assert states[ItemState.APPROVED] == 5
    assert {ItemState.DRAFT, ItemState.IN_REVIEW, ItemState.CHANGES_REQUESTED} <= set(states)
    assert not ContentItem.objects.filter(state=ItemState.APPROVED, approved_by__email="dewi@example.id").exists()


def test_what_is_out_went_the_whole_way() -> None:
    out = Delivery.objects.filter(state=State.PUBLISHED)
    assert out.count() == 3
    for delivery in out:
        assert delivery.published_at is not None
        assert delivery.published_at < clock.now() - timedelta(hours=4)
        assert delivery.url
        assert Attempt.objects.filter(delivery=delivery).count() == 1
    coming = Delivery.objects.filter(state=State.READY)
    assert coming.count() == 2
    assert all(delivery.due_at > clock.now() for delivery in coming)


def test_readers_were_counted_over_time() -> None:
    for delivery in Delivery.objects.filter(state=State.PUBLISHED):
        views = list(Snapshot.objects.filter(delivery=delivery).order_by("taken_at").values_list("views", flat=True))
        assert len(views) >= 1
        assert views == sorted(views)
        assert views[-1] > 30
    assert Snapshot.objects.count() > 50
    assert not Snapshot.objects.exclude(likes=None).exists(), "a news site has no likes: missing is not zero"


def test_the_instruction_was_answered_in_every_way() -> None:
    states = Counter(Receipt.objects.values_list("state", flat=True))
    assert {"pending", "seen", "done", "declined"} <= set(states)
    assert not Receipt.objects.filter(state="done", note="").exists()
    assert not Receipt.objects.filter(answered_at__gt=clock.now()).exists()


def test_something_waits_for_the_member_of_the_village_office() -> None:
    waiting = instructions.waiting_for(cast.actor("maman"))
    assert [receipt.unit.code for receipt in waiting] == ["32.16.20.2002"]


def test_what_is_stored_speaks_the_language_of_the_organisation() -> None:
    assert {label.split(":")[0] for label in Job.objects.values_list("label", flat=True)} == {"Mengajak", "Mengirim"}


def test_only_those_who_agreed_were_asked_to_share_and_no_two_say_the_same() -> None:
    agreed = Consent.objects.filter(purpose=Consent.Purpose.MISSIONS, revoked_at=None).values("person")
    assert MissionInvitation.objects.exists()
    assert not MissionInvitation.objects.exclude(person__in=agreed).exists()
    captions = list(MissionInvitation.objects.exclude(caption="").values_list("caption", flat=True))
    assert len(captions) == len(set(captions)) >= 20


def test_one_meeting_was_held_and_one_is_to_come() -> None:
    held = Gathering.objects.get(state="held")
    assert held.note
    assert held.questions.exclude(answer="").count() == 2
    assert Participant.objects.filter(gathering=held, state="attended").exists()
    assert Gathering.objects.get(state="planned").starts_at > clock.now()


def test_the_quiet_period_lies_ahead_and_nobody_verified_it() -> None:
    period = QuietPeriod.objects.get(name__endswith="(contoh)")
    assert not period.verified
    assert period.starts_on > clock.now().date() + timedelta(days=20)


def test_content_was_made_on_the_days_before_and_not_all_at_once() -> None:
    days = {moment.date() for moment in ContentItem.objects.values_list("created_at", flat=True)}
    assert len(days) > 2
