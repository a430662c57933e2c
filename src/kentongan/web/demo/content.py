"""Briefs, items in every state, what was published in the days before, and who read it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from kentongan.channels.newsroom import writing
from kentongan.core import clock
from kentongan.insights import tasks as insights
from kentongan.insights.models import Snapshot
from kentongan.planning.actions import briefs, items, reviews
from kentongan.planning.drafts import BriefDraft, FactDraft, ItemDraft, RenditionDraft
from kentongan.planning.models import Brief, ContentItem
from kentongan.publishing import worker
from kentongan.publishing.actions import firing, scheduling
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry import queries as registry
from kentongan.safeguards import queries as safeguards
from kentongan.web.demo import stream
from kentongan.web.demo.organisation import actor, live_account
from kentongan.web.demo.script import Row, anchor, at, rows, section

HOURS = timedelta(hours=6)


def tell_stories() -> None:
    """Play every brief and item of the script, each whole or not at all."""
    made = [_brief(row) for row in rows("briefs")]
    for row in rows("items"):
        if not ContentItem.objects.filter(title=row["title"]).exists():
            with transaction.atomic():
                _play(row, made)


def item(number: int) -> ContentItem:
    """Return an item by its place in the script."""
    return ContentItem.objects.get(title=rows("items")[number]["title"])


def _root_id() -> int:
    root = registry.root()
    if root is None:
        raise RuntimeError("the organisation is founded first")
    return root.pk


def _brief(row: Row) -> Brief:
    found = Brief.objects.filter(title=row["title"]).first()
    if found is not None:
        return found
    texts = {name: row[name] for name in ("title", "situation", "message", "audience", "topic", "places")}
    draft = BriefDraft(
        **texts,
        deadline=at(row["deadline"]),
        issue_id=stream.issue_id(row["issue"]),
        facts=tuple(FactDraft(*fact) for fact in row["facts"]),
    )
    return briefs.create_brief(actor("dewi"), _root_id(), draft)


def _play(row: Row, made: list[Brief]) -> None:
    published = at(row["published"]) if "published" in row else None
    begun = (published or anchor()) - timedelta(hours=5)
    with clock.playing(begun):
        written = _write(row, made)
    if published is not None:
        with clock.playing(begun + timedelta(hours=2)):
            _approve(written.pk)
            _schedule(written.pk, published)
        with clock.playing(published):
            _publish()
    elif "scheduled" in row:
        _approve(written.pk)
        _schedule(written.pk, at(row["scheduled"], row.get("hour")))
    else:
        _leave(row, written.pk)


def _write(row: Row, made: list[Brief]) -> ContentItem:
    brief = made[row["brief"]] if "brief" in row else None
    renditions = {live_account().platform: RenditionDraft(row["text"], title=row["title"])}
    renditions |= {kind: RenditionDraft(text) for kind, text in row["versions"].items()}
    draft = ItemDraft(title=row["title"], text=row["text"], purpose="service", renditions=renditions)
    return items.create_item(
        actor("dewi"),
        draft,
        unit_id=None if brief else _root_id(),
        brief_id=brief.pk if brief else None,
        issue_id=None if brief else stream.issue_id(row["issue"]),
    )


def _approve(item_id: int) -> None:
    submitted = reviews.submit(actor("dewi"), item_id)
    rules = [rule.code for rule in safeguards.checklist(submitted.purpose)]
    reviews.approve(actor("hendra"), item_id, version=submitted.version, checklist=rules)


def _schedule(item_id: int, due_at: datetime) -> None:
    scheduling.schedule(actor("hendra"), item_id, [live_account().pk], due_at)


def _publish() -> None:
    for claim in firing.claim_due():
        worker.deliver(claim)


def _leave(row: Row, item_id: int) -> None:
    """Leave the item where the script says: a draft, in review, or sent back with a note."""
    if row["state"] == "draft":
        return
    submitted = reviews.submit(actor("dewi"), item_id)
    if comment := row.get("comment"):
        reviews.comment(actor("hendra"), submitted.pk, comment)
    if row["state"] == "changes_requested":
        reviews.request_changes(actor("hendra"), submitted.pk, row["note"])


@transaction.atomic
def read_articles() -> None:
    """Let people read what was published, and let the collector read the counters, quarter day by quarter day."""
    if Snapshot.objects.exists():
        return
    out = Delivery.objects.filter(state=State.PUBLISHED, account=live_account())
    published = {int(delivery.remote_id): delivery.published_at or delivery.due_at for delivery in out}
    for moment in _quarters(min(published.values(), default=anchor())):
        with clock.playing(moment):
            for article_id, since in published.items():
                _read(article_id, since, moment)
            insights.collect()


def _quarters(begin: datetime) -> Iterator[datetime]:
    while begin < anchor():
        begin = min(begin + HOURS, anchor())
        yield begin


def _read(article_id: int, since: datetime, moment: datetime) -> None:
    daily = section("readers")["daily"]
    age = moment - since
    if age <= timedelta(0):
        return
    people = daily[min(age.days, len(daily) - 1)] * (min(age, HOURS) / timedelta(days=1))
    for _ in range(round(people)):
        writing.count_view(article_id, moment.date())
