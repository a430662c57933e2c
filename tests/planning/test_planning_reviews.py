"""Approval: by another person than the authors, of what they saw, with the checklist ticked."""

from collections.abc import Callable

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.db.models import ProtectedError, QuerySet

from kentongan.core import audit, clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.permissions import Role
from kentongan.planning import actions, queries
from kentongan.planning.drafts import ItemDraft, RenditionDraft
from kentongan.planning.models import Comment, ContentItem, ItemAsset, Rendition, Review
from kentongan.planning.states import ItemState
from kentongan.registry import actions as registry
from kentongan.safeguards import queries as rules
from named_cast import SYSTEM, Cast

from .conftest import shorter

pytestmark = pytest.mark.django_db
Approve = Callable[..., ContentItem]
APPROVERS = ("hendra", "wulan")
OTHERS = ("arif", "dewi", "sari", "maman", "tono", "euis", "joko")


@pytest.mark.parametrize("name", APPROVERS)
def test_another_person_approves(cast: Cast, submitted: ContentItem, approve: Approve, name: str) -> None:
    item = approve(cast.actor(name), submitted)
    assert item.state == ItemState.APPROVED
    assert item.approved_by == cast.user(name)
    assert queries.is_publishable(item)
    review = Review.objects.get()
    assert (review.version, review.verdict, review.by) == (1, "approved", cast.user(name))
    assert review.checklist == [rule.code for rule in rules.checklist("service")]


@pytest.mark.parametrize("name", OTHERS)
def test_nobody_else_approves(cast: Cast, submitted: ContentItem, approve: Approve, name: str) -> None:
    for attempt in (
        lambda: approve(cast.actor(name), submitted),
        lambda: actions.request_changes(cast.actor(name), submitted.pk, "Kurang jelas."),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            attempt()
    submitted.refresh_from_db()
    assert submitted.state == ItemState.IN_REVIEW


def _also_approver(cast: Cast, name: str) -> Actor:
    registry.grant_role(SYSTEM, cast.user(name).pk, cast.root.pk, Role.APPROVER)
    return cast.actor(name)


def test_the_author_does_not_approve_even_with_the_right(cast: Cast, submitted: ContentItem, approve: Approve) -> None:
    with pytest.raises(NotAllowed) as caught:
        approve(_also_approver(cast, "dewi"), submitted)
    assert caught.value.code == "own_work"


def test_whoever_changed_a_word_does_not_approve(
    cast: Cast, submitted: ContentItem, draft: ItemDraft, approve: Approve
) -> None:
    registry.grant_role(SYSTEM, cast.user("hendra").pk, cast.root.pk, Role.EDITOR)
    hendra = cast.actor("hendra")
    changed = actions.change_item(hendra, submitted.pk, shorter(draft, text="Satu kata lain."), version=1)
    assert changed.state == ItemState.IN_REVIEW
    with pytest.raises(NotAllowed):
        approve(hendra, changed)
    assert approve(cast.actor("wulan"), changed).state == ItemState.APPROVED


def test_neither_the_system_nor_a_narrow_token_approves(cast: Cast, submitted: ContentItem, approve: Approve) -> None:
    with pytest.raises(NotAllowed):
        approve(SYSTEM, submitted)


def test_only_what_was_seen_is_approved(cast: Cast, submitted: ContentItem, draft: ItemDraft, approve: Approve) -> None:
    actions.change_item(cast.actor("dewi"), submitted.pk, shorter(draft, text="Diubah diam-diam."), version=1)
    with pytest.raises(Conflict) as caught:
        approve(cast.actor("hendra"), submitted, version=1)
    assert caught.value.code == "version"


def test_every_line_of_the_checklist_is_needed(cast: Cast, submitted: ContentItem) -> None:
    codes = [rule.code for rule in rules.checklist("service")]
    for missing in codes:
        ticked = [code for code in codes if code != missing]
        with pytest.raises(Invalid) as caught:
            actions.approve(cast.actor("hendra"), submitted.pk, version=1, checklist=ticked)
        assert len(caught.value.fields["checklist"]) == 1


def test_campaign_content_has_the_bans_of_the_law_as_its_checklist(
    party: Cast, draft: ItemDraft, approve: Approve, rules_loaded: None
) -> None:
    item = actions.create_item(party.actor("dewi"), shorter(draft, purpose="campaign"), unit_id=party.root.pk)
    actions.submit(party.actor("dewi"), item.pk)
    with pytest.raises(Invalid):
        actions.approve(
            party.actor("hendra"),
            item.pk,
            version=1,
            checklist=[rule.code for rule in rules.checklist("service")],
        )
    approve(party.actor("hendra"), item)
    review = Review.objects.get()
    assert len([code for code in review.checklist if code.startswith("ban-")]) == 10


def test_a_draft_is_not_approved(cast: Cast, item: ContentItem, approve: Approve) -> None:
    with pytest.raises(Conflict):
        approve(cast.actor("hendra"), item)


def test_asking_for_changes_needs_words_and_sends_back(cast: Cast, submitted: ContentItem) -> None:
    with pytest.raises(Invalid):
        actions.request_changes(cast.actor("hendra"), submitted.pk, "  ")
    item = actions.request_changes(cast.actor("hendra"), submitted.pk, "Sebutkan jalur pengganti.")
    assert item.state == ItemState.CHANGES_REQUESTED
    assert actions.submit(cast.actor("dewi"), item.pk).state == ItemState.IN_REVIEW


def test_an_approval_can_be_taken_away(cast: Cast, approved: ContentItem) -> None:
    item = actions.request_changes(cast.actor("wulan"), approved.pk, "Tanggalnya keliru.")
    assert (item.state, item.approved_by) == (ItemState.CHANGES_REQUESTED, None)
    assert audit.trail(item).filter(verb="planning.item.request_changes").get().note == "Tanggalnya keliru."


def test_the_whole_way_is_in_the_trail(cast: Cast, approved: ContentItem, draft: ItemDraft) -> None:
    actions.comment(cast.actor("hendra"), approved.pk, "Bagus.")
    actions.change_item(cast.actor("dewi"), approved.pk, shorter(draft, text="Lain."), version=1)
    verbs = [entry.verb for entry in audit.trail(approved).order_by("id")]
    assert verbs == [
        "planning.item.create",
        "planning.item.submit",
        "planning.item.approve",
        "planning.item.comment",
        "planning.item.change",
    ]


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("dewi", True),
        ("hendra", True),
        ("wulan", True),
        ("arif", False),
        ("sari", False),
        ("maman", False),
        ("tono", False),
        ("euis", False),
        ("joko", False),
    ],
)
def test_who_comments(cast: Cast, item: ContentItem, name: str, may: bool) -> None:
    if may:
        assert actions.comment(cast.actor(name), item.pk, "Tolong sebut sumbernya.").by == cast.user(name)
        return
    with pytest.raises((NotAllowed, NotFound)):
        actions.comment(cast.actor(name), item.pk, "Halo")
    assert not Comment.objects.exists()


def test_an_approver_is_told_of_others_work_only(cast: Cast, submitted: ContentItem) -> None:
    assert list(queries.waiting_for(cast.actor("hendra"))) == [submitted]
    assert list(queries.waiting_for(_also_approver(cast, "dewi"))) == []
    assert list(queries.waiting_for(cast.actor("sari"))) == []


# What the database itself refuses


def _update(item: ContentItem, **values: object) -> None:
    with transaction.atomic():
        ContentItem.objects.filter(pk=item.pk).update(**values)


@pytest.mark.parametrize("name", ["dewi", "arif"])
def test_the_database_refuses_an_approver_among_the_authors(cast: Cast, submitted: ContentItem, name: str) -> None:
    _update(submitted, author_ids=[cast.user("dewi").pk, cast.user("arif").pk])
    with pytest.raises(IntegrityError):
        _update(submitted, state=ItemState.APPROVED, approved_by_id=cast.user(name).pk, approved_at=clock.now())


def test_the_database_refuses_an_approval_by_nobody(cast: Cast, submitted: ContentItem) -> None:
    with pytest.raises(IntegrityError):
        _update(submitted, state=ItemState.APPROVED)


@pytest.mark.parametrize("values", [{"text": "Lain."}, {"title": "Lain"}, {"language": "su"}, {"version": 9}])
def test_the_database_refuses_a_silent_change_of_what_is_approved(
    approved: ContentItem, values: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError):
        _update(approved, **values)


def test_the_database_refuses_a_silent_change_of_a_version(cast: Cast, approved: ContentItem) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        approved.renditions.update(text="Lain.")
    with pytest.raises(IntegrityError), transaction.atomic():
        approved.renditions.filter(kind="bluesky").delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Rendition.objects.create(item=approved, kind="x", text="Baru")
    assert not ItemAsset.objects.exists()


@pytest.mark.parametrize("values", [{"purpose": ""}, {"purpose": "iklan"}, {"state": "gone"}, {"title": ""}])
def test_the_database_refuses_what_makes_no_sense(item: ContentItem, values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        _update(item, **values)


def test_a_review_is_never_changed(approved: ContentItem) -> None:
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE planning_review SET note = 'lain'")


def test_two_versions_for_one_platform_do_not_exist(item: ContentItem) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Rendition.objects.create(item=item, kind="bluesky", text="Kedua")


def test_a_version_that_is_scheduled_is_not_taken_out(
    cast: Cast, item: ContentItem, draft: ItemDraft, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object) -> None:
        raise ProtectedError("a delivery needs it", set())

    monkeypatch.setattr(QuerySet, "delete", refuse)
    with pytest.raises(Conflict):
        actions.change_item(
            cast.actor("dewi"), item.pk, shorter(draft, renditions={"bluesky": RenditionDraft("Lain.")}), version=1
        )
