"""Drafts and items of the cast: Dewi writes, Hendra approves."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.listening.models import Issue, IssueDistrict, IssueSample
from kentongan.planning import actions
from kentongan.planning.drafts import BriefDraft, FactDraft, ItemDraft, RenditionDraft
from kentongan.planning.models import Brief, ContentItem
from kentongan.safeguards import actions as safeguards
from kentongan.safeguards import queries as rules
from kentongan.safeguards.purposes import Purpose
from named_cast import SYSTEM, Cast

ROAD = "Jalan Raya Tegal Danas diperbaiki mulai Senin, selesai dalam tiga hari. Lewat Jalan Industri selama itu."


@pytest.fixture
def rules_loaded(db: None) -> None:
    """The shipped rules, also where a transactional test emptied the tables before."""
    safeguards.load_rules(SYSTEM)


@pytest.fixture
def draft() -> ItemDraft:
    """An item that could be submitted."""
    return ItemDraft(
        title="Perbaikan Jalan Tegal Danas",
        text=ROAD,
        purpose=Purpose.SERVICE,
        renditions={
            "newsroom": RenditionDraft(ROAD, title="Jalan Tegal Danas diperbaiki Senin"),
            "bluesky": RenditionDraft(ROAD + " #BekasiSiaga"),
            "mastodon": RenditionDraft(ROAD),
        },
    )


@pytest.fixture
def brief_draft() -> BriefDraft:
    """A brief with two facts."""
    return BriefDraft(
        title="Jalan Tegal Danas berlubang",
        message="Perbaikan dimulai Senin dan selesai Rabu.",
        audience="Pengendara di Cikarang Pusat",
        deadline=clock.now() + timedelta(days=1),
        facts=(
            FactDraft("Panjang ruas yang diperbaiki 1,2 km.", "Dinas SDABMBK", "https://bekasikab.go.id/jalan"),
            FactDraft("Jalur pengganti: Jalan Industri.", "Dishub Kab. Bekasi"),
        ),
    )


@pytest.fixture
def issue(cast: Cast) -> Issue:
    """An issue about a road, with places and samples."""
    now = clock.now()
    found = Issue.objects.create(
        unit=cast.root,
        title="Jalan Raya Tegal Danas berlubang, pengendara jatuh",
        topic="jalan",
        first_at=now - timedelta(days=2),
        last_at=now,
        posts=1284,
        complaints=1100,
        judged=1200,
        authors=412,
    )
    IssueDistrict.objects.create(issue=found, area_code="32.16.20", posts=900, complaints=800)
    IssueDistrict.objects.create(issue=found, area_code="32.16.06", posts=30, complaints=20)
    for n in range(4):
        IssueSample.objects.create(
            issue=found,
            post_id=f"p{n}",
            near_key=n // 2,
            created_at=now,
            text=f"Lubang ke-{n} di Tegal Danas, hati-hati",
        )
    return found


@pytest.fixture
def item(cast: Cast, draft: ItemDraft, rules_loaded: None) -> ContentItem:
    """Dewi's draft at the root."""
    return actions.create_item(cast.actor("dewi"), draft, unit_id=cast.root.pk)


@pytest.fixture
def submitted(cast: Cast, item: ContentItem) -> ContentItem:
    """Dewi's item, in review."""
    return actions.submit(cast.actor("dewi"), item.pk)


@pytest.fixture
def approve() -> Callable[..., ContentItem]:
    """Return a function that approves an item with the whole checklist ticked."""

    def run(actor: Actor, item: ContentItem, **extra: object) -> ContentItem:
        codes = [rule.code for rule in rules.checklist(item.purpose)]
        values: dict[str, object] = {"version": item.version, "checklist": codes}
        return actions.approve(actor, item.pk, **values | extra)  # type: ignore[arg-type]

    return run


@pytest.fixture
def approved(cast: Cast, submitted: ContentItem, approve: Callable[..., ContentItem]) -> ContentItem:
    """Dewi's item, approved by Hendra."""
    return approve(cast.actor("hendra"), submitted)


@pytest.fixture
def brief(cast: Cast, brief_draft: BriefDraft) -> Brief:
    """Dewi's brief at the root."""
    return actions.create_brief(cast.actor("dewi"), cast.root.pk, brief_draft)


def shorter(draft: ItemDraft, **extra: object) -> ItemDraft:
    """Return the draft with something changed."""
    return replace(draft, **extra)  # type: ignore[arg-type]
