"""A post that people are asked to delete, for tests of what other rooms keep about a person."""

from datetime import timedelta
from typing import Any

from kentongan.core import clock
from kentongan.publishing.models import RecallTask
from named_cast import Cast
from publishing.desk import Desk


def recall(cast: Cast, **more: Any) -> RecallTask:
    """Return a task to delete a post, of an account that is nobody's seat."""
    desk = Desk(cast)
    delivery = desk.schedule(desk.account())
    now = clock.now()
    values = {"reason": "Salah tanggal", "asked_at": now, "due_at": now + timedelta(days=1)}
    return RecallTask.objects.create(delivery=delivery, unit=cast.root, **(values | more))
