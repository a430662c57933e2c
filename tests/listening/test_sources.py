"""Sources: read when they are due, once, whoever is killed; what cannot be read waits; what is spent rests."""

import contextlib
import json
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from kentongan.channels import items
from kentongan.channels.contract import Rejected
from kentongan.channels.hearing import Batch, Heard
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, KentonganError, NotAllowed, NotFound, Unavailable
from kentongan.core.models import AuditEntry
from kentongan.core.permissions import Role
from kentongan.listening import actions, queries, reading, storage
from kentongan.listening.actions import Counts, NewSource, Pace
from kentongan.listening.models import ClusterState, QuarantinedItem, Segment, Source, Tombstone
from kentongan.listening.stream_state import StreamState
from kentongan.registry import actions as registry
from kentongan.registry.models import Account, Connection
from listening_texts import POTHOLE
from servers import feed
from servers.feed import FeedSite
from servers.stub import Said

SYSTEM = Actor.system("listening.sources")


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture(scope="module")
def _site() -> Iterator[FeedSite]:
    with feed.serve() as site:
        yield site


@pytest.fixture
def site(_site: FeedSite) -> FeedSite:
    """A site with an empty feed."""
    _site.items, _site.asked, _site.answer = [], [], None
    return _site


@pytest.fixture
def opened(cast, site) -> Callable[..., Source]:
    """Return a function that adds the site's feed as a source of the regency office."""

    def make(name: str = "Kabar", who: str = "sari", path: str = "/feed", **pace: int) -> Source:
        new = NewSource("website.feed", name, site.url + path, pace=Pace(**pace))
        return actions.open_source(cast.actor(who), cast.root.pk, new)

    return make


def read(source: Source) -> object:
    """Make a source due and read it; return what that gave."""
    Source.objects.filter(pk=source.pk).update(due_at=clock.now(), claimed_at=None)
    ((_source, given),) = reading.read_due(only=source.pk)
    source.refresh_from_db()
    return given


@pytest.mark.django_db
def test_a_feed_comes_in_once_and_is_asked_only_for_what_changed(opened, site):
    for text in POTHOLE:
        site.add(text[:30], f"<p>{text}</p><script>x()</script>")
    source = opened()
    assert read(source) == Counts(5, 0, 0)
    assert read(source) == Counts(0, 0, 0)
    assert site.asked[-1].headers["if-none-match"] == '"5"'
    site.add("Jembatan Setu ambles", "Warga memutar sejauh lima kilometer")
    assert read(source) == Counts(1, 5, 0)
    assert (source.posts, source.last_new, source.healthy, source.failures) == (6, 1, True, 0)
    assert source.due_at > clock.now() + timedelta(minutes=14)
    found, total = queries.search(Actor.system("t"), "ambles", clock.now().date(), clock.now().date(), "UTC")
    assert (total, found[0].text) == (1, "Jembatan Setu ambles Warga memutar sejauh lima kilometer")


@pytest.mark.django_db
def test_a_page_that_announces_its_feed_will_do(opened, site):
    site.add("Banjir di Babelan")
    source = opened(path="/")
    assert read(source) == Counts(1, 0, 0)
    assert json.loads(source.cursor)["feed"] == f"{site.url}/feed"
    assert source.requests_today == 2
    read(source)
    assert source.requests_today == 3


@pytest.mark.django_db
def test_what_cannot_be_read_waits_with_its_reason_and_the_rest_comes_in(cast, opened, site):
    site.add("Banjir di Babelan")
    site.items.append("<item><guid>tanpa-tanggal</guid><title>Jalan rusak di Setu</title></item>")
    source = opened()
    assert read(source) == Counts(1, 0, 0)
    site.items.append("<item><guid>lain</guid><pubDate>Sat, 28 Nov 2026 01:00:00 GMT</pubDate></item>")
    read(source)
    later, first = queries.quarantine(cast.actor("sari"), source.pk)
    assert (first.reason, later.reason) == (
        "It does not say when it was published.",
        "It has neither a title nor a text.",
    )
    with pytest.raises(Conflict, match="still cannot"):
        actions.retry_item(cast.actor("sari"), first.pk)
    assert "Jalan rusak di Setu" in actions.open_item(cast.actor("sari"), first.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(raw, ' ') FROM listening_quarantineditem")
        assert "Setu" not in cursor.fetchone()[0]
    actions.discard_item(cast.actor("sari"), first.pk)
    site.add("Yang baru")
    read(source)
    assert [one.pk for one in queries.quarantine(cast.actor("sari"), source.pk)] == [later.pk]
    assert QuarantinedItem.objects.get(pk=first.pk).raw == ""
    verbs = set(AuditEntry.objects.filter(object_id=str(source.pk)).values_list("verb", flat=True))
    assert {"listening.quarantine.open", "listening.quarantine.discard", "listening.source.open"} <= verbs


@pytest.mark.django_db
def test_an_item_that_a_newer_reader_understands_comes_in_after_all(cast, opened, site):
    source = opened()
    raw = {"id": "1", "host": "kabar.example", "title": "Banjir di Babelan", "at": clock.now().isoformat()}
    item = QuarantinedItem.objects.create(source=source, digest="d", raw=json.dumps(raw), reason="x")
    actions.retry_item(cast.actor("sari"), item.pk)
    source.refresh_from_db()
    assert (source.posts, QuarantinedItem.objects.count()) == (1, 0)
    with pytest.raises(NotFound):
        actions.retry_item(cast.actor("sari"), item.pk)


@pytest.mark.django_db
def test_quarantine_that_nobody_decided_on_goes_after_a_month(opened):
    item = QuarantinedItem.objects.create(source=opened(), digest="d", raw="x", reason="x")
    assert actions.forget_quarantine(SYSTEM) == 0
    QuarantinedItem.objects.filter(pk=item.pk).update(created_at=clock.now() - timedelta(days=31))
    assert actions.forget_quarantine(SYSTEM) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "reason", "least", "most"),
    [
        (Said(b"", 500), "status 500", 13, 17),
        (Said(b"", 429, {"Retry-After": "7200"}), "status 429", 119, 121),
        (Said(b"", 404), "no such page", 359, 361),
        (Said(b"<html><title>x</title></html>"), "announces none", 359, 361),
        (Said(b"\x00\xff<rss", 200, feed.XML), "none", 359, 361),
    ],
)
def test_a_source_that_fails_says_why_and_is_asked_later(opened, site, answer, reason, least, most):
    site.add("Banjir di Babelan")
    source = opened()
    cursor = source.cursor
    site.answer = answer
    assert reason in read(source).reason
    assert (source.healthy, source.failures, source.cursor) == (False, 1, cursor)
    assert timedelta(minutes=least) < source.due_at - clock.now() < timedelta(minutes=most)
    site.answer = None
    assert read(source) == Counts(1, 0, 0)
    assert (source.healthy, source.failures, source.last_error) == (True, 0, "")


@pytest.mark.django_db
def test_a_server_that_asks_for_patience_is_spared_by_all_its_sources(opened, site):
    first, second = opened("Satu"), opened("Dua", path="/")
    site.answer = Said(b"", 429, {"Retry-After": "600"})
    read(first)
    second.refresh_from_db()
    assert second.due_at > clock.now() + timedelta(minutes=9)


@pytest.mark.django_db
def test_what_may_be_read_in_a_day_is_not_exceeded_and_goes_on_at_midnight(cast, opened, site):
    for text in POTHOLE:
        site.add(text)
    source = opened(budget_posts=5)
    read(source)
    midnight = source.due_at.astimezone(clock.zone("Asia/Jakarta"))
    assert (midnight.hour, midnight.minute, midnight > clock.now()) == (0, 0, True)
    assert source.resting == source.due_at
    with pytest.raises(Conflict, match="what it may"):
        reading.read_now(cast.actor("sari"), source.pk)
    actions.change_source(cast.actor("sari"), source.pk, "Kabar", Pace(budget_posts=50))
    assert reading.read_now(cast.actor("sari"), source.pk) == Counts(0, 0, 0)
    with clock.playing(midnight + timedelta(seconds=1)):
        source.refresh_from_db()
        assert (source.posts_today, source.is_spent) == (0, False)


@pytest.mark.django_db
def test_paused_nothing_is_read_and_resumed_it_goes_on_where_it_was(cast, opened, site):
    source = opened()
    site.add("Banjir di Babelan")
    read(source)
    actions.pause_source(cast.actor("sari"), source.pk)
    site.add("Jalan rusak di Setu")
    Source.objects.update(due_at=clock.now())
    assert reading.read_due() == []
    with pytest.raises(Conflict):
        reading.read_now(cast.actor("sari"), source.pk)
    actions.resume_source(cast.actor("sari"), source.pk)
    assert reading.read_now(cast.actor("sari"), source.pk) == Counts(1, 1, 0)


@pytest.mark.django_db
def test_paused_while_it_is_read_nothing_comes_in(cast, opened, site):
    source = opened()
    site.add("Banjir di Babelan")
    (claimed,) = actions.claim_sources(SYSTEM, 1)
    heard = reading._hear((claimed, reading._credentials(claimed)))
    actions.pause_source(cast.actor("sari"), source.pk)
    assert reading._settle(SYSTEM, claimed, heard) is None
    assert not Segment.objects.exists()


@pytest.mark.django_db
def test_removed_it_is_gone_from_the_list_and_its_posts_stay(cast, opened, site):
    site.add("Banjir di Babelan")
    source = opened()
    read(source)
    actions.remove_source(cast.actor("sari"), source.pk)
    assert not queries.sources(cast.actor("sari")).exists()
    assert queries.segments_count(cast.actor("sari")) == 1
    Source.objects.update(due_at=clock.now())
    assert reading.read_due() == []
    with pytest.raises(NotFound):
        actions.resume_source(cast.actor("sari"), source.pk)
    again = opened()
    assert read(again) == Counts(0, 1, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "new"),
    [
        ("kind", NewSource("website.mail", "A", "https://example.go.id")),
        ("query", NewSource("website.feed", "A", "bukan alamat")),
        ("query", NewSource("website.feed", "A", "ftp://example.go.id/feed")),
        ("query", NewSource("website.feed", "A", "https://budi:rahasia@example.go.id/feed")),
        ("query", NewSource("website.feed", "A", "")),
        ("name", NewSource("website.feed", "  ", "https://example.go.id/feed")),
        ("every_minutes", NewSource("website.feed", "A", "https://example.go.id/feed", pace=Pace(0))),
        ("retention_days", NewSource("website.feed", "A", "https://example.go.id/feed", pace=Pace(15, 0))),
        ("budget_posts", NewSource("website.feed", "A", "https://example.go.id/feed", pace=Pace(budget_posts=0))),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_field(cast, field, new):
    with pytest.raises(Invalid) as caught:
        actions.open_source(cast.actor("sari"), cast.root.pk, new)
    assert list(caught.value.fields) == [field]
    assert not Source.objects.exists()


@pytest.mark.django_db
def test_posts_are_kept_no_longer_than_their_platforms_terms_allow(cast, mastodon_account):
    Account.objects.filter(pk=mastodon_account.pk).update(platform="youtube")
    new = NewSource("youtube.comments", "Komentar", account_id=mastodon_account.pk)
    for days in (None, 31):
        with pytest.raises(Invalid) as caught:
            actions.open_source(cast.actor("sari"), cast.root.pk, replace(new, pace=Pace(retention_days=days)))
        assert list(caught.value.fields) == ["retention_days"]
    source = actions.open_source(cast.actor("sari"), cast.root.pk, replace(new, pace=Pace(retention_days=30)))
    with pytest.raises(Invalid):
        actions.change_source(cast.actor("sari"), source.pk, "Komentar", Pace())


@pytest.mark.django_db
def test_a_name_is_taken_once(cast, opened):
    opened("Kabar")
    with pytest.raises(Invalid, match="cannot be used"):
        opened("Kabar")
    other = opened("Lain")
    with pytest.raises(Invalid):
        actions.change_source(cast.actor("sari"), other.pk, "Kabar", Pace())


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["wulan", "arif", "dewi", "hendra", "maman", "tono", "euis", "joko"])
def test_only_an_analyst_of_the_unit_has_anything_to_do_with_its_sources(cast, opened, who):
    source = opened()
    item = QuarantinedItem.objects.create(source=source, digest="d", raw="{}", reason="x")
    actor, before = cast.actor(who), Source.objects.values().get()
    tries = [
        lambda: actions.open_source(actor, cast.root.pk, NewSource("website.feed", "B", "https://example.go.id")),
        lambda: reading.preview(actor, cast.root.pk, NewSource("website.feed", "B", "https://example.go.id")),
        lambda: actions.change_source(actor, source.pk, "B", Pace()),
        lambda: actions.pause_source(actor, source.pk),
        lambda: actions.resume_source(actor, source.pk),
        lambda: actions.remove_source(actor, source.pk),
        lambda: reading.read_now(actor, source.pk),
        lambda: actions.open_item(actor, item.pk),
        lambda: actions.retry_item(actor, item.pk),
        lambda: actions.discard_item(actor, item.pk),
        lambda: actions.claim_sources(actor, 1),
    ]
    for attempt in tries:
        with pytest.raises((NotAllowed, NotFound)):
            attempt()
    assert Source.objects.values().get() == before


@pytest.fixture
def mastodon_account(cast, mastodon_server) -> Account:
    """An official account of the office, connected."""
    me = f"kab@{mastodon_server.url.removeprefix('http://')}"
    account = Account.objects.create(
        unit=cast.root, kind="official", platform="mastodon", handle=me, identity=me, state="connected"
    )
    Connection.objects.create(
        account=account, service_url=mastodon_server.url, secrets={"access_token": mastodon_server.token}
    )
    return account


@pytest.mark.django_db
def test_a_source_reads_with_an_account_of_ours_as_long_as_that_is_in_use(cast, mastodon_account, mastodon_server):
    mastodon_server.client.post(
        f"{mastodon_server.url}/api/v1/statuses",
        headers={"Authorization": f"Bearer {mastodon_server.token}"},
        json={"status": "Lampu jalan mati di #Babelan"},
    ).raise_for_status()
    new = NewSource("mastodon.hashtag_signed_in", "Babelan", "#Babelan", account_id=mastodon_account.pk)
    assert "Babelan" in reading.preview(cast.actor("sari"), cast.root.pk, new).posts[0].text
    source = actions.open_source(cast.actor("sari"), cast.root.pk, new)
    assert (source.query, source.service) == ("babelan", mastodon_server.url)
    assert read(source).added >= 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(string_agg(after::text, ' '), '') FROM core_auditentry")
        assert mastodon_server.token not in cursor.fetchone()[0]
    Account.objects.filter(pk=mastodon_account.pk).update(state="lost")
    assert "not in use" in read(source).reason
    mastodon_account.delete()
    assert "not in use" in read(source).reason


@pytest.mark.django_db
def test_rights_are_needed_at_the_account_too(cast, mastodon_account):
    registry.grant_role(SYSTEM, cast.user("euis").pk, cast.tambun_selatan.pk, Role.ANALYST)
    new = NewSource("mastodon.hashtag_signed_in", "A", "banjir", account_id=mastodon_account.pk)
    with pytest.raises((NotAllowed, NotFound)):
        actions.open_source(cast.actor("euis"), cast.tambun_selatan.pk, new)
    assert queries.accounts(cast.actor("euis"), "mastodon") == []
    assert [pk for pk, _name in queries.accounts(cast.actor("sari"), "mastodon")] == [mastodon_account.pk]
    for wrong in (replace(new, kind="bluesky.search"), replace(new, account_id=None)):
        with pytest.raises(Invalid) as caught:
            actions.open_source(cast.actor("sari"), cast.root.pk, wrong)
        assert list(caught.value.fields) == ["account"]


@pytest.mark.django_db
def test_looking_first_shows_the_newest_three_and_keeps_nothing(cast, site):
    for n, text in enumerate(POTHOLE):
        site.add(text, at=clock.now() - timedelta(hours=5 - n))
    site.items.append("<item><title>x</title></item>")
    seen = reading.preview(cast.actor("sari"), cast.root.pk, NewSource("website.feed", "", site.url + "/feed"))
    assert [post.text for post in seen.posts] == [*POTHOLE[:-4:-1]]
    assert (seen.readable, seen.unreadable) == (5, 1)
    site.answer = Said(b"", 404)
    with pytest.raises(Invalid, match="cannot be used"):
        reading.preview(cast.actor("sari"), cast.root.pk, NewSource("website.feed", "", site.url + "/feed"))
    site.answer = Said(b"", 500)
    with pytest.raises(Unavailable):
        reading.preview(cast.actor("sari"), cast.root.pk, NewSource("website.feed", "", site.url + "/feed"))
    assert not Source.objects.exists()
    assert not Segment.objects.exists()


@pytest.mark.django_db
def test_an_address_inside_is_not_called(cast, site, settings):
    settings.KENTONGAN_ALLOW_LOCAL_NETWORK = False
    with pytest.raises(KentonganError):
        reading.preview(cast.actor("sari"), cast.root.pk, NewSource("website.feed", "", site.url + "/feed"))
    assert site.asked == []


@pytest.mark.django_db
def test_one_post_that_two_sources_meet_is_one_post(opened, site):
    site.add("Banjir di Babelan")
    assert read(opened("Satu")) == Counts(1, 0, 0)
    assert read(opened("Dua", path="/")) == Counts(0, 1, 0)


@pytest.mark.django_db
def test_a_post_that_its_source_deleted_is_gone_at_once_and_does_not_come_again(opened, site):
    for n, text in enumerate(POTHOLE):
        site.add(text, guid=f"https://kabar.example/{n}")
    source = opened()
    read(source)
    actions.catch_up(source.unit_id)
    (claimed,) = claim(source)
    deleted = Batch(cursor=source.cursor, gone=["127.0.0.1|https://kabar.example/0", "127.0.0.1|never-met"])
    reading._settle(SYSTEM, claimed, deleted)
    day = clock.now().date()
    assert queries.search(SYSTEM, "", day - timedelta(days=1), day, "UTC")[1] == 4
    assert Tombstone.objects.get().purged_at is None
    assert (actions.purge(SYSTEM), actions.purge(SYSTEM)) == (1, 0)
    Source.objects.update(cursor="")
    assert read(source) == Counts(0, 5, 0)
    assert Tombstone.objects.get().purged_at is not None


def claim(source: Source) -> list[Source]:
    """Make a source due and claim it."""
    Source.objects.filter(pk=source.pk).update(due_at=clock.now(), claimed_at=None)
    return actions.claim_sources(SYSTEM, 1, source.pk)


@pytest.mark.django_db
def test_files_without_the_deleted_posts_replace_the_old_ones_on_disk(opened, site):
    site.add("Banjir di Babelan", guid="https://kabar.example/0")
    site.add("Jalan rusak di Setu")
    source = opened()
    read(source)
    lake = storage.lake()
    before = lake.root / Segment.objects.get().path
    (claimed,) = claim(source)
    reading._settle(SYSTEM, claimed, Batch(gone=["127.0.0.1|https://kabar.example/0"]))
    actions.purge(SYSTEM)
    after = lake.root / Segment.objects.get().path
    assert (after != before, before.exists()) == (True, True)
    with clock.playing(clock.now() + timedelta(hours=2)):
        actions.sweep()
    assert (before.exists(), after.exists()) == (False, True)


@pytest.mark.django_db
def test_posts_are_kept_as_long_as_their_source_says_and_do_not_come_again(opened, site):
    site.add("Banjir di Babelan", at=clock.now() - timedelta(days=9))
    site.add("Jalan rusak di Setu")
    source = opened()
    read(source)
    assert actions.expire(SYSTEM) == 0
    Source.objects.update(retention_days=7, cursor="")
    assert actions.expire(SYSTEM) == 1
    assert queries.segments_count(SYSTEM) == 1
    assert read(source) == Counts(0, 1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("said", [2, 5])
def test_what_is_kept_no_longer_does_not_come_back_as_a_sample(opened, site, said):
    for text in POTHOLE[:said]:
        site.add(text, at=clock.now() - timedelta(days=3))
    source = opened()
    read(source)
    actions.catch_up(source.unit_id)
    state = StreamState.load(bytes(ClusterState.objects.get().state))
    assert len(state.pending) + len(state.recent) == said
    Source.objects.update(retention_days=2)
    assert actions.expire(SYSTEM) == 1
    state = StreamState.load(bytes(ClusterState.objects.get().state))
    assert (len(state.pending), len(state.recent)) == (0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "added"), [(6, 1), (7, 0)])
def test_a_reading_takes_in_the_days_that_are_kept_and_no_others(opened, site, days, added):
    site.add("Banjir di Babelan", at=clock.now().replace(hour=0, minute=0, second=0) - timedelta(days=days))
    assert read(opened(retention_days=7)) == Counts(added, 0, 1 - added)
    assert actions.expire(SYSTEM) == 0
    with clock.playing(clock.now() + timedelta(days=1)):
        assert actions.expire(SYSTEM) == added


def first(queries: CaptureQueriesContext, *parts: str) -> int:
    """Return the place of the first query that has all these parts."""
    return next(n for n, one in enumerate(queries) if all(part in one["sql"] for part in parts))


@pytest.mark.django_db
def test_an_item_is_read_again_in_the_order_of_locks_in_which_a_reading_settles(cast, opened, site, monkeypatch):
    source = opened()
    site.items.append("<item><title>Banjir di Babelan</title><guid>g</guid></item>")
    read(source)
    item = source.quarantine.get()
    with CaptureQueriesContext(connection) as queries, contextlib.suppress(Conflict):
        actions.retry_item(cast.actor("sari"), item.pk)
    assert first(queries, 'FROM "listening_source"', "FOR UPDATE") < first(queries, "quarantined", "FOR UPDATE")


@pytest.mark.django_db
def test_a_deletion_waits_for_the_writer_before_it_touches_samples(opened, site):
    for n, text in enumerate(POTHOLE):
        site.add(text, guid=f"https://kabar.example/{n}")
    source = opened()
    read(source)
    actions.catch_up(source.unit_id)
    (claimed,) = claim(source)
    with CaptureQueriesContext(connection) as queries:
        reading._settle(SYSTEM, claimed, Batch(gone=["127.0.0.1|https://kabar.example/0"]))
    assert first(queries, "advisory", str(storage.STREAM_LOCK)) < first(queries, 'DELETE FROM "listening_issuesample"')


@pytest.mark.django_db
def test_nobody_reads_before_the_server_asked_to_be_left_alone(cast, opened, site):
    source, other = opened(), opened("Dua", path="/")
    site.answer = Said(b"", 429, {"Retry-After": "3600"})
    read(source)
    site.answer = None
    for one in (source, other):
        with pytest.raises(Conflict, match="not to be asked again"):
            reading.read_now(cast.actor("sari"), one.pk)
    actions.pause_source(cast.actor("sari"), source.pk)
    assert actions.resume_source(cast.actor("sari"), source.pk).due_at > clock.now() + timedelta(minutes=59)
    with clock.playing(clock.now() + timedelta(minutes=61)):
        assert reading.read_now(cast.actor("sari"), source.pk) == Counts()


@pytest.mark.django_db
@pytest.mark.parametrize("error", [Invalid("The account is of no use."), RuntimeError("a key is lost")])
def test_a_source_that_cannot_be_signed_in_says_so_and_holds_up_no_other(opened, site, monkeypatch, error):
    site.add("Banjir di Babelan")
    bad, good = opened("Satu"), opened("Dua", path="/")
    Source.objects.filter(pk=bad.pk).update(host="lain.example")
    known = reading.way

    def way(kind: str) -> object:
        if not broken:
            return known(kind)
        raise broken.pop()

    broken = [error]
    monkeypatch.setattr(reading, "way", way)
    results = dict(reading.read_due())
    assert results[good] == Counts(1, 0, 0)
    bad.refresh_from_db()
    assert bad.last_error
    assert (bad.claimed_at, bad.failures) == (None, 1)


@pytest.mark.django_db
def test_what_cannot_be_kept_fails_with_its_reason(opened, site, monkeypatch):
    source = opened()
    post = Heard("a", "", "budi", "Banjir di Babelan", clock.now(), language="\ud800")
    monkeypatch.setattr(reading, "hear", lambda *_asked: Batch([post]))
    assert "could not be kept" in read(source).reason
    assert "could not be kept" in source.last_error
    assert (source.claimed_at, source.failures) == (None, 1)


@pytest.mark.django_db
def test_a_page_that_is_refused_begins_the_list_again(opened, site, monkeypatch):
    source = opened()
    Source.objects.update(cursor=items.cursor_of(since="2026-11-20T00:00:00Z", top="2026-11-21T00:00:00Z", page="p"))
    source.refresh_from_db()
    channel, listener = reading.way(source.kind)

    def refuse(*_asked: object) -> None:
        raise Rejected("There is no such page.")

    refusing = SimpleNamespace(way=listener.way, read=refuse)
    monkeypatch.setattr(reading, "way", lambda _kind: (channel, refusing))
    read(source)
    assert source.cursor == items.cursor_of(since="2026-11-20T00:00:00Z")
    assert source.due_at < clock.now() + timedelta(hours=1)
    read(source)
    assert source.due_at > clock.now() + timedelta(hours=5)


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_read_the_same(cast, opened, site):
    for n in range(4):
        source = opened(f"S{n}")
        Source.objects.filter(pk=source.pk).update(host=f"h{n}.example")
    start, taken = threading.Barrier(2), []

    def work() -> None:
        start.wait()
        taken.extend(source.pk for source in actions.claim_sources(SYSTEM, 3))
        connections.close_all()

    threads = [threading.Thread(target=work) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken += [source.pk for source in actions.claim_sources(SYSTEM, 9)]
    assert sorted(taken) == sorted(Source.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_a_server_is_asked_by_one_worker_at_a_time(opened):
    opened("Satu")
    opened("Dua", path="/")
    (_first,) = actions.claim_sources(SYSTEM, 5)
    assert actions.claim_sources(SYSTEM, 5) == []
    with clock.playing(clock.now() + timedelta(minutes=11)):
        assert len(actions.claim_sources(SYSTEM, 5)) == 1


@pytest.mark.django_db
def test_what_is_being_read_is_not_read_again_because_somebody_asks(cast, opened):
    source = opened()
    Source.objects.update(host="")
    assert len(actions.claim_sources(SYSTEM, 1)) == 1
    with pytest.raises(Conflict, match="just now"):
        reading.read_now(cast.actor("sari"), source.pk)


@pytest.mark.django_db
def test_a_worker_that_comes_back_after_its_claim_lapsed_brings_nothing_in(opened, site):
    site.add("Banjir di Babelan")
    source = opened()
    (late,) = claim(source)
    heard = reading._hear((late, reading._credentials(late)))
    assert read(source) == Counts(1, 0, 0)
    assert reading._settle(SYSTEM, late, heard) is None
    source.refresh_from_db()
    assert source.posts == 1


KILLED = """
import os, signal, sys
from kentongan.listening import reading

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

module, name, after = {
    "claimed": (reading, "_hear", False),
    "heard": (reading, "_settle", False),
    "file written": (sys.modules["kentongan.listening.actions.ingest"], "_segment", True),
    "registered": (sys.modules["kentongan.listening.actions.readings"], "_quarantine", False),
    "cursor moved": (sys.modules["kentongan.listening.actions.readings"], "_settled", True),
    "committed": (reading, "_settle", True),
}[sys.argv[1]]
real = getattr(module, name)
setattr(module, name, (lambda *a, **k: (real(*a, **k), die())) if after else die)
reading.read_due()
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", ["claimed", "heard", "file written", "registered", "cursor moved", "committed"])
def test_killed_between_any_two_stages_nothing_is_lost_or_doubled(opened, site, point, killed):
    for text in POTHOLE:
        site.add(text)
    site.items.append("<item><title>x</title></item>")
    source = opened()
    assert killed.run(KILLED, point) == -signal.SIGKILL
    assert bool(Source.objects.get().cursor) == (point == "committed") == Segment.objects.exists()

    with clock.playing(clock.now() + timedelta(minutes=20)):
        # The database may need a moment to see that the killed one is gone; until then its row is locked, and skipped.
        assert any(reading.read_due() for _try in range(1000))
    source.refresh_from_db()
    assert (source.posts, source.cursor != "", source.quarantine.count()) == (5, True, 1)
    assert sum(Segment.objects.values_list("rows", flat=True)) == 5
