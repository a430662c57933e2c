"""What is out about an issue answers it, even while its item is written anew."""

from datetime import timedelta

from kentongan.core import clock
from kentongan.listening import answers
from kentongan.listening.models import Issue
from kentongan.planning.models import ContentItem
from publishing.desk import Desk, Platform


def test_published_content_answers_until_it_is_recalled(desk: Desk, platform: Platform) -> None:
    now = clock.now()
    issue = Issue.objects.create(unit=desk.cast.root, title="Jalan", first_at=now - timedelta(days=1), last_at=now)
    item = desk.item()
    delivery = desk.schedule(desk.account(), item=item)
    desk.run()
    ContentItem.objects.filter(pk=item.pk).update(
        issue=issue, state="draft", approved_by=None, approved_at=None, version=item.version + 1
    )
    assert answers.answered([issue.pk, issue.pk + 1]) == {issue.pk}
    delivery.__class__.objects.filter(pk=delivery.pk).update(state="recalled")
    assert answers.answered([issue.pk]) == set()
