"""Texts that are alike on one platform: caught before anybody approves them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kentongan.core import clock
from kentongan.core.errors import Invalid
from kentongan.core.models import User
from kentongan.planning import actions, likeness, queries
from kentongan.planning.drafts import ItemDraft, RenditionDraft
from kentongan.planning.models import ContentItem, Rendition
from kentongan.planning.states import ItemState
from kentongan.registry.models import Unit
from kentongan.safeguards.purposes import Purpose
from named_cast import Cast

pytestmark = pytest.mark.django_db
Approve = Write = Callable[..., ContentItem]
MARKET = (
    "Pasar murah digelar Sabtu pagi di halaman kantor kecamatan. Beras, minyak, dan gula dijual di bawah harga pasar. "
    "Bawa kantong belanja sendiri, datang sebelum pukul sepuluh."
)
LOCAL = MARKET.replace("kantor kecamatan", "balai desa Sukamahi")
OTHER = "Mulai Senin jalan Tegal Danas ditutup tiga hari untuk perbaikan; lewatlah Jalan Industri, petugas berjaga."


@pytest.fixture
def write(cast: Cast, rules_loaded: None) -> Write:
    """Return a function that writes an item with one version and hands it in."""

    def make(
        text: str, unit: Unit, who: str = "dewi", kind: str = "bluesky", state: str = ItemState.IN_REVIEW
    ) -> ContentItem:
        draft = ItemDraft(
            title="Pasar murah", text=text, purpose=Purpose.SERVICE, renditions={kind: RenditionDraft(text)}
        )
        item = actions.create_item(cast.actor(who), draft, unit_id=unit.pk)
        return actions.submit(cast.actor(who), item.pk) if state == ItemState.IN_REVIEW else item

    return make


def test_nearly_the_same_text_of_another_unit_is_found(cast: Cast, write: Write) -> None:
    other = write(LOCAL, cast.cikarang_pusat)
    write(OTHER, cast.cikarang_pusat)
    item = write(MARKET, cast.root)
    (twin,) = likeness.twins(cast.actor("hendra"), item)
    assert twin.rendition.item == other
    assert 0.6 <= twin.score < 1
    assert twin.seen
    assert not twin.forbidden


def test_what_does_not_count(cast: Cast, write: Write) -> None:
    item, hendra = write(MARKET, cast.root), cast.actor("hendra")
    write(MARKET, cast.root)  # the unit's own
    write(MARKET, cast.cikarang_pusat, kind="mastodon")  # on another platform
    write(MARKET, cast.cikarang_pusat, state=ItemState.DRAFT)  # nobody handed it in
    assert likeness.twins(hendra, item) == []
    old = write(MARKET, cast.cikarang_pusat)
    assert len(likeness.twins(hendra, item)) == 1
    actions.withdraw(cast.actor("dewi"), old.pk)
    assert likeness.twins(hendra, item) == []
    actions.reopen(cast.actor("dewi"), old.pk)
    actions.submit(cast.actor("dewi"), old.pk)
    Rendition.objects.filter(item=old).update(updated_at=clock.now() - timedelta(days=91))
    assert likeness.twins(hendra, item) == []


def test_the_keys_follow_the_text(cast: Cast, write: Write) -> None:
    item, other = write(MARKET, cast.root), write(OTHER, cast.cikarang_pusat)
    assert likeness.twins(cast.actor("hendra"), item) == []
    draft = ItemDraft(title="Pasar", text=LOCAL, purpose=Purpose.SERVICE, renditions={"bluesky": RenditionDraft(LOCAL)})
    actions.change_item(cast.actor("dewi"), other.pk, draft, version=other.version)
    assert len(likeness.twins(cast.actor("hendra"), item)) == 1


def test_nobody_approves_without_having_compared(cast: Cast, write: Write, approve: Approve) -> None:
    write(LOCAL, cast.cikarang_pusat)
    item, hendra = write(MARKET, cast.root), cast.actor("hendra")
    with pytest.raises(Invalid) as refused:
        approve(hendra, item)
    assert str(likeness.line()) in refused.value.fields["checklist"]
    codes = [line.code for line in queries.item_page(hendra, item.pk).checklist]
    assert codes[-1] == likeness.CODE
    assert approve(hendra, item, checklist=codes).state == ItemState.APPROVED
    assert item.reviews.get().checklist[-1] == likeness.CODE


def test_the_title_of_what_one_may_not_open_is_not_told(
    cast: Cast, write: Write, sign_in: Callable[[User], Client]
) -> None:
    hidden = write(LOCAL, cast.root)
    ContentItem.objects.filter(pk=hidden.pk).update(title="Rahasia kabupaten")
    item = write(MARKET, cast.tambun_selatan, who="euis")
    page = sign_in(cast.user("euis")).get(item.get_absolute_url()).content.decode()
    assert "Teks yang mirip" in page
    assert "Rahasia kabupaten" not in page
    assert hidden.get_absolute_url() not in page
    seen = sign_in(cast.user("hendra")).get(item.get_absolute_url()).content.decode()
    assert "Rahasia kabupaten" in seen


def test_many_twins_are_not_many_queries(cast: Cast, write: Write) -> None:
    item, hendra = write(MARKET, cast.root), cast.actor("hendra")
    write(LOCAL, cast.cikarang_pusat)
    with CaptureQueriesContext(connection) as few:
        assert len(likeness.twins(hendra, item)) == 1
    for _number in range(14):
        write(LOCAL, cast.cikarang_pusat)
    with CaptureQueriesContext(connection) as many:
        assert len(likeness.twins(hendra, item)) == likeness.SHOWN
    assert len(many) == len(few)
