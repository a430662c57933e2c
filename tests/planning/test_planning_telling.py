"""Approvers hear of a submission, authors of its verdict: once, in their language, unless they opted out."""

from collections.abc import Callable

import pytest
from django.conf import settings

from kentongan.core import messages
from kentongan.core.models import Message, User
from kentongan.core.permissions import Role
from kentongan.planning import actions
from kentongan.planning.drafts import ItemDraft
from kentongan.planning.models import ContentItem
from kentongan.registry import actions as registry
from named_cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db
Approve = Callable[..., ContentItem]


def told(purpose: str) -> dict[str, Message]:
    return {message.address: message for message in Message.objects.filter(purpose=purpose)}


def test_each_approver_gets_one_message_with_the_link(cast: Cast, submitted: ContentItem) -> None:
    found = told("planning.review")
    assert set(found) == {"hendra@example.id", "wulan@example.id"}
    message = found["hendra@example.id"]
    assert message.link == f"{settings.PUBLIC_URL}{submitted.get_absolute_url()}"
    assert submitted.title in message.body
    assert "menunggu tinjauan Anda" in message.body
    assert message.state == Message.State.QUEUED


def test_a_second_submission_is_told_again(cast: Cast, submitted: ContentItem) -> None:
    actions.request_changes(cast.actor("hendra"), submitted.pk, "Sebut jalur pengganti.")
    actions.submit(cast.actor("dewi"), submitted.pk)
    assert Message.objects.filter(purpose="planning.review").count() == 4


def test_in_the_language_of_each(cast: Cast, draft: ItemDraft, rules_loaded: None) -> None:
    User.objects.filter(pk=cast.user("wulan").pk).update(language="en")
    item = actions.create_item(cast.actor("dewi"), draft, unit_id=cast.root.pk)
    actions.submit(cast.actor("dewi"), item.pk)
    found = told("planning.review")
    assert "It waits for your review" in found["wulan@example.id"].body
    assert "menunggu tinjauan Anda" in found["hendra@example.id"].body


def test_the_nearest_approvers_and_never_an_author(cast: Cast, draft: ItemDraft, rules_loaded: None) -> None:
    registry.grant_role(SYSTEM, cast.user("joko").pk, cast.tambun_selatan.pk, Role.APPROVER)
    registry.grant_role(SYSTEM, cast.user("euis").pk, cast.tambun_selatan.pk, Role.APPROVER)
    item = actions.create_item(cast.actor("euis"), draft, unit_id=cast.tambun_selatan.pk)
    actions.submit(cast.actor("euis"), item.pk)
    assert set(told("planning.review")) == {"joko@example.id"}


def test_authors_hear_of_the_approval(cast: Cast, submitted: ContentItem, approve: Approve) -> None:
    approve(cast.actor("hendra"), submitted)
    found = told("planning.verdict")
    assert set(found) == {"dewi@example.id"}
    assert "menyetujui" in found["dewi@example.id"].body


def test_authors_hear_what_has_to_change(cast: Cast, submitted: ContentItem) -> None:
    actions.request_changes(cast.actor("hendra"), submitted.pk, "Sebut jalur pengganti.")
    assert "Sebut jalur pengganti." in told("planning.verdict")["dewi@example.id"].body


def test_whoever_opted_out_is_left_in_peace(cast: Cast, submitted: ContentItem) -> None:
    messages.opt_out(SYSTEM, told("planning.review")["hendra@example.id"], everything=False)
    actions.request_changes(cast.actor("wulan"), submitted.pk, "Sebut jalur pengganti.")
    actions.submit(cast.actor("dewi"), submitted.pk)
    states = Message.objects.filter(purpose="planning.review", recipient=cast.user("hendra").name)
    assert set(states.values_list("state", flat=True)) == {Message.State.SUPPRESSED}
