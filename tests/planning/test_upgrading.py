"""Upgrades of an installation that has content, and the way back."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from kentongan.core import clock
from kentongan.planning import actions
from kentongan.planning.drafts import CampaignDraft
from kentongan.planning.models import Rendition
from kentongan.publishing import actions as publishing
from kentongan.publishing.models import Pause
from kentongan.safeguards.authenticity import bands
from kentongan.safeguards.purposes import Purpose
from named_cast import Cast
from publishing.desk import Desk

BEFORE = [("planning", "0004_calendar_feeds")]


def _migrate(targets: list[tuple[str, str]]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)


@pytest.fixture
def and_back(transactional_db: None) -> Iterator[None]:
    yield
    _migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True)
def test_approved_content_gets_its_keys_and_no_pause_grows(cast: Cast, and_back: None) -> None:
    item = Desk(cast).item(kinds=["mastodon"])
    for number in range(2):
        draft = CampaignDraft(name=f"Program {number}", purpose=Purpose.SERVICE, starts_on=clock.now().date())
        campaign = actions.open_campaign(cast.actor("dewi"), cast.root.pk, draft)
        publishing.pause(cast.actor("hendra"), campaign_id=campaign.pk, reason="Salah info")
    _migrate(BEFORE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM publishing_pause WHERE ended_at IS NULL")
        assert cursor.fetchone() == (0,)
    _migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())
    rendition = Rendition.objects.get(item=item)
    assert rendition.bands == bands(rendition.text, "mastodon")
    assert Pause.objects.count() == 2
    with pytest.raises(Exception, match="part of approved content"):
        rendition.save()
