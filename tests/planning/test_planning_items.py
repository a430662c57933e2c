"""Briefs and items: what is written, counted, audited, and what a change does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from kentongan.core import audit, clock
from kentongan.core.errors import Conflict, Invalid, KentonganError, NotAllowed, NotFound
from kentongan.core.models import MediaFacts, StoredFile
from kentongan.core.permissions import Role
from kentongan.listening.models import Issue
from kentongan.planning import actions, prefill, queries
from kentongan.planning.counting import measure
from kentongan.planning.drafts import BriefDraft, FactDraft, ItemDraft, RenditionDraft
from kentongan.planning.models import Brief, ContentItem, Fact
from kentongan.planning.states import ItemState
from kentongan.registry import actions as registry
from kentongan.safeguards.purposes import Purpose
from named_cast import SYSTEM, Cast

from .conftest import ROAD, shorter

pytestmark = pytest.mark.django_db
EVERYBODY = ("wulan", "arif", "dewi", "hendra", "sari", "maman", "tono", "euis", "joko")


# Briefs


def test_a_brief_keeps_its_facts_in_order_and_its_issue(cast: Cast, brief_draft: BriefDraft, issue: Issue) -> None:
    draft = shorter(brief_draft, issue_id=issue.pk)
    brief = actions.create_brief(cast.actor("dewi"), cast.root.pk, draft)
    assert brief.issue == issue
    assert [fact.source for fact in brief.facts.all()] == ["Dinas SDABMBK", "Dishub Kab. Bekasi"]
    assert audit.trail(brief).get().verb == "planning.brief.create"


def test_a_merged_issue_gives_the_one_it_lives_on_in(cast: Cast, brief_draft: BriefDraft, issue: Issue) -> None:
    old = Issue.objects.create(
        unit=cast.root, title="Lubang", first_at=issue.first_at, last_at=issue.last_at, merged_into=issue
    )
    brief = actions.create_brief(cast.actor("dewi"), cast.root.pk, shorter(brief_draft, issue_id=old.pk))
    assert brief.issue == issue


def test_a_changed_brief_says_what_it_said_before(cast: Cast, brief: Brief, brief_draft: BriefDraft) -> None:
    changed = shorter(brief_draft, message="Selesai Selasa.", facts=(FactDraft("Selesai Selasa.", "SDABMBK"),))
    actions.change_brief(cast.actor("dewi"), brief.pk, changed)
    entry = audit.trail(brief).first()
    assert entry is not None
    changes = {name: (before, after) for name, before, after in entry.changes}
    assert changes["message"] == ("Perbaikan dimulai Senin dan selesai Rabu.", "Selesai Selasa.")
    assert len(changes["facts"][0]) == 2
    assert Fact.objects.filter(brief=brief).count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", " "), ("message", ""), ("audience", ""), ("facts", (FactDraft("Ada lubang", ""),))],
)
def test_an_incomplete_brief_is_refused(cast: Cast, brief_draft: BriefDraft, field: str, value: object) -> None:
    with pytest.raises(Invalid) as caught:
        actions.create_brief(cast.actor("dewi"), cast.root.pk, shorter(brief_draft, **{field: value}))
    assert field in caught.value.fields
    assert not Brief.objects.exists()


def test_an_issue_fills_the_brief_in(issue: Issue) -> None:
    start = prefill.from_issue(issue)
    assert start.brief["title"] == issue.title
    assert start.brief["places"] == "Cikarang Pusat, Tambun Selatan"
    assert "1.284" in start.brief["situation"]
    assert "92%" in start.brief["situation"]
    assert "412" in start.facts[0]["text"]
    # Of posts that are nearly equal only one is quoted.
    assert len(start.facts) == 3
    assert all(fact["source"] for fact in start.facts)


# Items


def test_an_item_is_a_draft_with_its_author(cast: Cast, item: ContentItem) -> None:
    assert item.state == ItemState.DRAFT
    assert item.author_ids == [cast.user("dewi").pk]
    assert {row.kind for row in item.renditions.all()} == {"newsroom", "bluesky", "mastodon"}
    assert audit.trail(item).get().after["renditions"]["mastodon"]["text"] == ROAD


def test_an_item_from_a_brief_takes_over_unit_and_issue(
    cast: Cast, brief_draft: BriefDraft, draft: ItemDraft, issue: Issue
) -> None:
    brief = actions.create_brief(cast.actor("dewi"), cast.cikarang_pusat.pk, shorter(brief_draft, issue_id=issue.pk))
    item = actions.create_item(cast.actor("dewi"), draft, brief_id=brief.pk)
    assert (item.unit, item.issue, item.brief) == (cast.cikarang_pusat, issue, brief)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "  "),
        ("purpose", ""),
        ("purpose", "advertising"),
        ("language", "xx"),
        ("renditions", {"fax": RenditionDraft("Halo")}),
    ],
)
def test_an_item_that_cannot_be_is_refused(cast: Cast, draft: ItemDraft, field: str, value: object) -> None:
    with pytest.raises(Invalid) as caught:
        actions.create_item(cast.actor("dewi"), shorter(draft, **{field: value}), unit_id=cast.root.pk)
    assert (field if field != "renditions" else "fax") in caught.value.fields


def test_a_line_end_counts_once(cast: Cast, draft: ItemDraft) -> None:
    draft = shorter(draft, renditions={"bluesky": RenditionDraft("satu\r\ndua\r\n")})
    item = actions.create_item(cast.actor("dewi"), draft, unit_id=cast.root.pk)
    assert item.renditions.get().text == "satu\ndua"


def test_saving_the_same_again_changes_nothing(cast: Cast, item: ContentItem, draft: ItemDraft) -> None:
    same = actions.change_item(cast.actor("dewi"), item.pk, draft, version=1)
    assert same.version == 1
    assert audit.trail(item).count() == 1


def test_a_change_makes_a_new_version_and_a_new_author(cast: Cast, item: ContentItem, draft: ItemDraft) -> None:
    actions_before = audit.trail(item).count()
    renditions = dict(draft.renditions) | {"mastodon": RenditionDraft("")}
    registry.grant_role(SYSTEM, cast.user("wulan").pk, cast.root.pk, Role.EDITOR)
    changed = actions.change_item(
        cast.actor("wulan"), item.pk, shorter(draft, text="Lain.", renditions=renditions), version=1
    )
    assert changed.version == 2
    assert changed.author_ids == [cast.user("dewi").pk, cast.user("wulan").pk]
    assert {row.kind for row in changed.renditions.all()} == {"newsroom", "bluesky"}
    assert audit.trail(item).count() == actions_before + 1


def test_nobody_overwrites_what_they_have_not_seen(cast: Cast, item: ContentItem, draft: ItemDraft) -> None:
    actions.change_item(cast.actor("dewi"), item.pk, shorter(draft, text="Pertama."), version=1)
    with pytest.raises(Conflict):
        actions.change_item(cast.actor("dewi"), item.pk, shorter(draft, text="Kedua."), version=1)
    item.refresh_from_db()
    assert item.text == "Pertama."


def test_a_change_of_the_wanted_day_is_no_change_of_content(
    cast: Cast, approved: ContentItem, draft: ItemDraft
) -> None:
    day = clock.now() + timedelta(days=3)
    item = actions.change_item(cast.actor("dewi"), approved.pk, shorter(draft, planned_for=day), version=1)
    assert (item.state, item.version, item.planned_for) == (ItemState.APPROVED, 1, day)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Judul lain"},
        {"text": "Teks lain."},
        {"language": "su"},
        {"renditions": {"newsroom": RenditionDraft(ROAD, title="Jalan Tegal Danas diperbaiki Senin")}},
        {"renditions": {"bluesky": RenditionDraft("Lain.")}},
    ],
)
def test_a_change_after_approval_needs_another_one(
    cast: Cast, approved: ContentItem, draft: ItemDraft, change: dict[str, object]
) -> None:
    item = actions.change_item(cast.actor("dewi"), approved.pk, shorter(draft, **change), version=1)
    assert item.state == ItemState.DRAFT
    assert item.approved_by is None
    assert item.approved_at is None
    assert not queries.is_publishable(item)


def test_a_withdrawn_item_rests_until_it_is_taken_up_again(cast: Cast, item: ContentItem, draft: ItemDraft) -> None:
    actions.withdraw(cast.actor("dewi"), item.pk, "Jalan sudah selesai.")
    with pytest.raises(Conflict):
        actions.change_item(cast.actor("dewi"), item.pk, shorter(draft, text="Lain."), version=1)
    with pytest.raises(Conflict):
        actions.submit(cast.actor("dewi"), item.pk)
    assert actions.reopen(cast.actor("dewi"), item.pk).state == ItemState.DRAFT


# Counting


@pytest.mark.parametrize(
    ("kind", "text", "link", "used", "over"),
    [
        ("bluesky", "a" * 300, "", 300, 0),
        ("bluesky", "a" * 307, "", 307, 7),
        ("bluesky", "👨‍👩‍👧‍👦" * 300, "", 300, 0),
        ("bluesky", "a" * 300, "https://bekasikab.go.id/berita", 300, 0),
        ("mastodon", "a" * 500, "", 500, 0),
        ("mastodon", "a" * 476, "https://bekasikab.go.id/berita/jalan-tegal-danas-diperbaiki", 501, 1),
        ("mastodon", "lihat https://bekasikab.go.id/berita", "https://bekasikab.go.id/berita", 29, 0),
        ("newsroom", "kata " * 5000, "", 5000, 0),
    ],
)
def test_each_platform_counts_by_its_own_rule(kind: str, text: str, link: str, used: int, over: int) -> None:
    measured = measure(kind, text, link)
    assert (measured.count.used, measured.over) == (used, over)
    assert bool(measured.problem) is bool(over)


def test_too_long_is_refused_on_submit_with_how_many_too_many(cast: Cast, draft: ItemDraft) -> None:
    long = shorter(draft, renditions={"bluesky": RenditionDraft("a" * 312), "mastodon": RenditionDraft("a" * 500)})
    item = actions.create_item(cast.actor("dewi"), long, unit_id=cast.root.pk)
    with pytest.raises(Invalid) as caught:
        actions.submit(cast.actor("dewi"), item.pk)
    assert list(caught.value.fields) == ["bluesky"]
    assert "12" in caught.value.fields["bluesky"][0]
    item.refresh_from_db()
    assert item.state == ItemState.DRAFT


def test_an_item_without_a_version_is_not_submitted(cast: Cast, draft: ItemDraft) -> None:
    item = actions.create_item(cast.actor("dewi"), shorter(draft, renditions={}), unit_id=cast.root.pk)
    with pytest.raises(Invalid):
        actions.submit(cast.actor("dewi"), item.pk)


@pytest.mark.parametrize(
    ("count", "media_type", "size", "refused"),
    [
        (4, "image/png", 1000, set()),
        (5, "image/png", 1000, {"bluesky", "mastodon"}),
        (1, "image/gif", 1000, set()),
        (1, "image/jpeg", 20_000_001, set()),
        (1, "video/mp4", 150_000_000, {"bluesky", "mastodon"}),
    ],
)
def test_pictures_that_a_platform_does_not_take_are_refused_on_submit(
    cast: Cast, item: ContentItem, count: int, media_type: str, size: int, refused: set[str]
) -> None:
    for n in range(count):
        file = StoredFile.objects.create(sha256=f"{n:064x}", size=size, media_type=media_type, name=f"{n}.png")
        MediaFacts.objects.create(sha256=file.sha256, width=96, height=64)
        actions.add_asset(cast.actor("dewi"), item.pk, file, alt="Alat berat di jalan", ai_generated=False)
    if not refused:
        assert actions.submit(cast.actor("dewi"), item.pk).state == ItemState.IN_REVIEW
        return
    with pytest.raises(Invalid) as caught:
        actions.submit(cast.actor("dewi"), item.pk)
    assert set(caught.value.fields) == refused


# Who may


@pytest.mark.parametrize("name", EVERYBODY)
def test_only_editors_of_the_unit_write(
    cast: Cast, name: str, draft: ItemDraft, brief_draft: BriefDraft, item: ContentItem, brief: Brief
) -> None:
    actor, may = cast.actor(name), name == "dewi"
    tries: list[Callable[[], object]] = [
        lambda: actions.create_item(actor, draft, unit_id=cast.root.pk),
        lambda: actions.create_brief(actor, cast.root.pk, brief_draft),
        lambda: actions.change_brief(actor, brief.pk, shorter(brief_draft, topic="Jalan")),
        lambda: actions.change_item(actor, item.pk, shorter(draft, text="Lain."), version=1),
        lambda: actions.submit(actor, item.pk),
        lambda: actions.withdraw(actor, item.pk),
        lambda: actions.reopen(actor, item.pk),
    ]
    for attempt in tries:
        if may:
            attempt()
        else:
            with pytest.raises((NotAllowed, NotFound)):
                attempt()


@pytest.mark.parametrize(
    ("name", "sees"), [(name, name not in ("maman", "tono", "euis", "joko")) for name in EVERYBODY]
)
def test_who_sees_the_drafts_of_the_root(cast: Cast, name: str, sees: bool, item: ContentItem, brief: Brief) -> None:
    actor = cast.actor(name)
    assert queries.items(actor).filter(pk=item.pk).exists() is sees
    assert queries.briefs(actor).filter(pk=brief.pk).exists() is sees
    if not sees:
        with pytest.raises(NotFound):
            queries.item_page(actor, item.pk)


def test_the_neighbour_writes_at_home_and_not_next_door(cast: Cast, draft: ItemDraft) -> None:
    own = actions.create_item(cast.actor("euis"), draft, unit_id=cast.tambun_selatan.pk)
    assert own.unit == cast.tambun_selatan
    with pytest.raises(KentonganError):
        actions.create_item(cast.actor("euis"), draft, unit_id=cast.cikarang_pusat.pk)


def test_the_system_writes_nothing_by_itself(cast: Cast, draft: ItemDraft) -> None:
    with pytest.raises(NotAllowed):
        actions.create_item(SYSTEM, draft, unit_id=cast.root.pk)
    assert not ContentItem.objects.exists()


# Lists


def test_the_board_costs_the_same_with_many_items(
    cast: Cast, draft: ItemDraft, django_assert_num_queries: Callable[..., object]
) -> None:
    for n in range(15):
        actions.create_item(cast.actor("dewi"), shorter(draft, title=f"Materi {n}"), unit_id=cast.root.pk)
    with django_assert_num_queries(4):  # type: ignore[attr-defined]
        lanes = queries.board(cast.actor("dewi"))
        kinds = [item.kinds for lane in lanes for item in lane.items]
    drafts = lanes[0]
    assert (drafts.total, len(drafts.items), drafts.more) == (15, 12, 3)
    assert drafts.items[0].title == "Materi 14"
    assert all(sorted(each) == ["bluesky", "mastodon", "newsroom"] for each in kinds)


def test_purposes_are_counted_apart(party: Cast, draft: ItemDraft) -> None:
    actions.create_item(party.actor("dewi"), draft, unit_id=party.root.pk)
    actions.create_item(party.actor("dewi"), shorter(draft, purpose=Purpose.CAMPAIGN), unit_id=party.root.pk)
    assert queries.items(party.actor("dewi"), purpose=Purpose.CAMPAIGN).count() == 1
    assert queries.state_counts(party.actor("dewi")) == {"draft": 2}


@pytest.mark.parametrize("moment", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_nothing_is_wanted_at_a_time_that_overflows(
    cast: Cast, item: ContentItem, draft: ItemDraft, moment: datetime
) -> None:
    dewi, far = cast.actor("dewi"), shorter(draft, planned_for=moment)
    for write in (
        lambda: actions.create_item(dewi, far, unit_id=cast.root.pk),
        lambda: actions.change_item(dewi, item.pk, far, version=item.version),
        lambda: actions.plan_item(dewi, item.pk, moment),
    ):
        with pytest.raises(Invalid) as refused:
            write()
        assert "planned_for" in refused.value.fields
