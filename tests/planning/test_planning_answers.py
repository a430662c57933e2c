"""Approved content about an issue is an answer to it: the board and the wall call for nobody any more."""

from collections.abc import Callable

import pytest
from django.test import Client

from kentongan.core import clock
from kentongan.listening import queries
from kentongan.listening.models import Issue, IssueCount
from kentongan.planning import actions
from kentongan.planning.models import ContentItem
from kentongan.web.rising import rising
from named_cast import Cast


@pytest.fixture
def talked_about(issue: Issue) -> Issue:
    """The issue of the road, with complaints of this hour."""
    IssueCount.objects.create(issue=issue, at=clock.now(), posts=40, complaints=36)
    return issue


def board(cast: Cast, **filters: object) -> queries.Board:
    return queries.board(cast.actor("sari"), queries.Filters(**filters))  # type: ignore[arg-type]


@pytest.fixture
def about_it(submitted: ContentItem, talked_about: Issue) -> ContentItem:
    """Dewi's item about the issue, in review."""
    submitted.issue = talked_about
    submitted.save(update_fields=["issue"])
    return submitted


def test_an_issue_waits_until_content_about_it_is_approved(
    cast: Cast, about_it: ContentItem, approve: Callable[..., ContentItem]
) -> None:
    before = board(cast)
    assert before.next_step is not None
    assert before.next_step.is_hot
    assert [row.tone for row in rising(cast.actor("sari"), clock.now())] == ["signal"]
    approve(cast.actor("hendra"), about_it)
    after = board(cast)
    assert after.next_step is None
    assert [row.answered for row in after.page] == [True]
    assert list(board(cast, unhandled=True).page) == []
    assert [row.tone for row in rising(cast.actor("sari"), clock.now())] == ["plain"]


def test_withdrawn_content_is_no_answer(cast: Cast, about_it: ContentItem, approve: Callable[..., ContentItem]) -> None:
    item = approve(cast.actor("hendra"), about_it)
    actions.withdraw(cast.actor("dewi"), item.pk)
    assert board(cast).next_step is not None


def test_the_board_says_that_content_answers(
    cast: Cast, about_it: ContentItem, approve: Callable[..., ContentItem], sign_in: Callable[..., object]
) -> None:
    approve(cast.actor("hendra"), about_it)
    page = sign_in(cast.user("sari")).get("/simak/").content.decode()  # type: ignore[attr-defined]
    assert "Sudah dijawab konten" in page
    assert "belum ada penjawab" not in page


def test_the_page_of_an_issue_says_in_one_chip_who_answers_it(
    cast: Cast, about_it: ContentItem, approve: Callable[..., ContentItem], sign_in: Callable[..., Client]
) -> None:
    client = sign_in(cast.user("sari"))
    url = about_it.issue.get_absolute_url()  # type: ignore[union-attr]
    assert "Belum ditangani" in client.get(url).content.decode()
    approve(cast.actor("hendra"), about_it)
    page = client.get(url).content.decode()
    assert "Sudah dijawab konten; belum ada satuan yang menangani" in page
    assert "Belum ditangani" not in page
