"""Telling approvers of a submission and authors of its verdict, through the one outbox; part of the action."""

from collections.abc import Iterable

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.core import messages
from kentongan.core.actor import Actor
from kentongan.core.messages import Draft
from kentongan.core.models import User
from kentongan.core.models.messages import Message
from kentongan.core.permissions import Capability, roles_with
from kentongan.planning.models import ContentItem, Review
from kentongan.registry.models import Grant

REVIEW = "planning.review"
VERDICT = "planning.verdict"

VERDICTS: dict[str, str | Promise] = {
    Review.Verdict.APPROVED: _("%(name)s, %(by)s approved “%(title)s”."),
    Review.Verdict.CHANGES_REQUESTED: _("%(name)s, %(by)s asks for changes in “%(title)s”: %(note)s"),
}


def tell_approvers(actor: Actor, item: ContentItem, by: User) -> int:
    """Queue one e-mail for each approver of the nearest unit upward that has any; once for each submission."""
    if item.submitted_at is None:
        raise ValueError(item.pk)
    occasion = f"review:{item.pk}:{item.submitted_at:%Y%m%d%H%M%S%f}"
    shape = _("%(name)s, %(by)s submitted “%(title)s” of %(unit)s. It waits for your review.")
    return _queue(actor, item, _approvers(item), REVIEW, occasion, shape, by=str(by), unit=item.unit.name)


def tell_of_many(actor: Actor, item: ContentItem, by: User, count: int, occasion: str) -> int:
    """Queue one e-mail for each approver about very many items that were handed in together, of which this is one."""
    shape = _(
        "%(name)s, %(by)s submitted %(count)s items of %(unit)s at once, the last “%(title)s”. They wait for review."
    )
    words = {"by": str(by), "unit": item.unit.name, "count": str(count)}
    return _queue(actor, item, _approvers(item), REVIEW, f"review:{occasion}", shape, **words)


def tell_authors(actor: Actor, item: ContentItem, review: Review) -> int:
    """Queue one e-mail for each author but the reviewer: what became of their item."""
    authors = User.objects.filter(pk__in={item.created_by_id, *item.author_ids}, is_active=True).exclude(
        pk=review.by_id
    )
    shape = VERDICTS[review.verdict]
    return _queue(actor, item, authors, VERDICT, f"verdict:{review.pk}", shape, by=str(review.by), note=review.note)


def _approvers(item: ContentItem) -> list[User]:
    authors = {item.created_by_id, *item.author_ids}
    grants = (
        Grant.objects.filter(
            unit__path__covers=item.unit.path, role__in=roles_with(Capability.APPROVE), user__is_active=True
        )
        .exclude(user__in=authors)
        .select_related("user", "unit")
    )
    nearest = max((len(grant.unit.path) for grant in grants), default=0)
    return list({grant.user_id: grant.user for grant in grants if len(grant.unit.path) == nearest}.values())


def _queue(
    actor: Actor,
    item: ContentItem,
    users: Iterable[User],
    purpose: str,
    occasion: str,
    shape: str | Promise,
    **words: str,
) -> int:
    drafts = []
    for user in users:
        with translation.override(user.language):
            body = str(shape) % {"name": user.name, "title": item.title, **words}
        drafts.append(
            Draft(
                channel=Message.Channel.EMAIL,
                purpose=purpose,
                address=user.email,
                recipient=user.name,
                unit_id=item.unit_id,
                subject=item.title,
                body=body,
                link=f"{settings.PUBLIC_URL}{item.get_absolute_url()}",
                dedupe_key=f"{occasion}:{user.pk}",
            )
        )
    return messages.queue_many(actor, drafts) if drafts else 0
