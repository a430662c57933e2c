"""What people do with issues: follow, name, hand on, merge, close, open an original, take a post out."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, secrets
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.permissions import Capability
from kentongan.listening import access, writer
from kentongan.listening.actions.removal import bury
from kentongan.listening.models import Issue, IssueFollow
from kentongan.registry import access as registry

State = Issue.State
# Whoever works with issues: analysts, and editors who answer them.
WORKERS = (Capability.ANALYSE, Capability.EDIT, Capability.PUBLISH)


def _workable(actor: Actor, issue_id: int) -> Issue:
    """Return the issue, locked, for somebody who works with issues there."""
    issue = access.issue(actor, issue_id)
    if not actor.is_system and not any(registry.allows(actor, needed, issue.unit) for needed in WORKERS):
        raise NotAllowed()
    return Issue.objects.select_for_update().get(pk=issue.pk)


@action("listening.issue.follow", may_do_nothing=True)
def follow(actor: Actor, issue_id: int) -> Issue:
    """Put the issue on the actor's own list."""
    issue = access.issue(actor, issue_id)
    if actor.user_id is None:
        raise NotAllowed(_("Only somebody with an account can follow."))
    if IssueFollow.objects.get_or_create(issue=issue, user_id=actor.user_id)[1]:
        audit.record(actor, issue, after={"followed": True})
    return issue


@action("listening.issue.unfollow", may_do_nothing=True)
def unfollow(actor: Actor, issue_id: int) -> Issue:
    """Take the issue off the actor's own list."""
    issue = access.issue(actor, issue_id)
    if IssueFollow.objects.filter(issue=issue, user_id=actor.user_id or 0).delete()[0]:
        audit.record(actor, issue, after={"followed": False})
    return issue


def _change(actor: Actor, issue: Issue, note: str = "", **values: object) -> Issue:
    before = audit.snapshot(issue, *values)
    for name, value in values.items():
        setattr(issue, name, value)
    issue.save(update_fields=list(values))
    audit.record(actor, issue, before=before, after=audit.snapshot(issue, *values), note=note)
    return issue


@action("listening.issue.rename")
def rename(actor: Actor, issue_id: int, title: str) -> Issue:
    """Give the issue a title of one's own; it stays when more posts come."""
    title = " ".join(title.split())
    if not 3 <= len(title) <= 160:
        raise Invalid(fields={"title": [_("A title has 3 to 160 characters.")]})
    return _change(actor, _workable(actor, issue_id), title=title, titled_by_person=True)


@action("listening.issue.assign")
def assign(actor: Actor, issue_id: int, unit_id: int) -> Issue:
    """Hand the issue to a unit that answers it."""
    issue = _workable(actor, issue_id)
    unit = registry.get_unit(actor, Capability.VIEW, pk=unit_id)
    return _change(actor, issue, handler=unit, state=State.HANDLED)


@action("listening.issue.close")
def close(actor: Actor, issue_id: int, note: str = "") -> Issue:
    """Say that nothing more is to be done; its posts go on being counted."""
    issue = _workable(actor, issue_id)
    if issue.state == State.CLOSED:
        raise Conflict(_("This issue is closed already."))
    return _change(actor, issue, note=note[:500], state=State.CLOSED)


@action("listening.issue.reopen")
def reopen(actor: Actor, issue_id: int) -> Issue:
    """Open a closed issue again."""
    issue = _workable(actor, issue_id)
    if issue.state == State.OPEN:
        raise Conflict(_("This issue is open already."))
    return _change(actor, issue, state=State.OPEN, handler=None)


@action("listening.issue.merge")
def merge(actor: Actor, issue_id: int, into_id: int) -> Issue:
    """Bring one issue into another of the same unit; later posts follow."""
    gone, kept = _workable(actor, issue_id), _workable(actor, into_id)
    if gone.pk == kept.pk or gone.unit_id != kept.unit_id:
        raise Invalid(fields={"into": [_("Choose another issue of the same unit.")]})
    before = {"posts": gone.posts, "title": gone.title}
    writer.merge([(gone.pk, kept.pk)])
    kept.refresh_from_db()
    audit.record(actor, gone, before=before, after={"merged_into": kept.pk})
    audit.record(actor, kept, after={"posts": kept.posts}, note=gone.title)
    return kept


@action("listening.post.open")
def open_link(actor: Actor, sample_id: int) -> str:
    """Return the address of a post's original; for analysts only, and written down each time."""
    sample = access.sample(actor, sample_id, Capability.ANALYSE)
    if not sample.link:
        raise NotFound(_("The source gave no link for this post."))
    audit.record(actor, sample.issue, note=sample.post_id)
    return secrets.decrypt(sample.link)


@action("listening.post.forget")
def forget_post(actor: Actor, sample_id: int, reason: str) -> None:
    """Take a post out on request or because its source deleted it: from every read now, from the file within a day."""
    sample = access.sample(actor, sample_id, Capability.ANALYSE)
    if not reason.strip():
        raise Invalid(fields={"reason": [_("Say why the post is taken out.")]})
    issue = sample.issue
    audit.record(actor, issue, note=f"{sample.post_id}: {reason.strip()[:300]}")
    bury(actor, issue, [sample.post_id], reason.strip())
