"""What people do with sources: add, change, pause, resume, read now, remove, and decide on what could not be read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Channel, Credentials, Rejected
from kentongan.channels.hearing import Listener, Needs, Unreadable
from kentongan.channels.services import address
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.imports.values import readable
from kentongan.core.permissions import Capability
from kentongan.listening import access
from kentongan.listening.actions.ingest import append, prepare, usable
from kentongan.listening.models import QuarantinedItem, Source
from kentongan.listening.posts import RawPost, raw_post
from kentongan.registry import access as registry
from kentongan.registry.models import Account

State = Source.State
SHORTEST, LONGEST = 1, 7 * 24 * 60
LEASE = timedelta(minutes=10)
KEPT = timedelta(days=30)
PACE = ("name", "every_minutes", "retention_days", "budget_posts", "budget_requests")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a source is read, for how long its posts are kept (None: no end), and what it may read in a day."""

    every_minutes: int = 15
    retention_days: int | None = None
    budget_posts: int = 20_000
    budget_requests: int = 2_000


@dataclass(frozen=True, slots=True)
class NewSource:
    """What to read: `kind` names a way to listen; `service` is a server's address, `account_id` one of ours."""

    kind: str
    name: str
    query: str = ""
    service: str = ""
    account_id: int | None = None
    pace: Pace = Pace()


@dataclass(frozen=True, slots=True)
class Checked:
    """A new source as it would be kept."""

    channel: Channel
    listener: Listener
    query: str
    service: str
    account: Account | None

    @property
    def host(self) -> str:
        """Return the server that is asked."""
        return self.listener.host(self.query, Credentials("", self.service))[:253]


def way(kind: str) -> tuple[Channel, Listener]:
    """Return the channel and the listener of a kind of source; Invalid where there is none of that name."""
    try:
        return channels.listeners()[kind]
    except KeyError:
        raise Invalid(fields={"kind": [_("There is no such kind of source.")]}) from None


def checked(actor: Actor, new: NewSource) -> Checked:
    """Return a new source in the form in which it is kept; Invalid says what to correct. Asks no platform."""
    channel, listener = way(new.kind)
    account = _account(actor, new, channel) if listener.way.needs == Needs.ACCOUNT else None
    try:
        service = address(new.service).geturl() if listener.way.needs == Needs.SERVER else ""
    except Rejected as error:
        raise Invalid(fields={"service": [error.message]}) from error
    try:
        query = listener.normal(new.query.strip())
    except Rejected as error:
        raise Invalid(fields={"query": [error.message]}) from error
    return Checked(channel, listener, query, service or _service(account), account)


def _service(account: Account | None) -> str:
    return account.connection.service_url if account is not None else ""


def _account(actor: Actor, new: NewSource, channel: Channel) -> Account:
    """Return the account to read with: rights are needed there too."""
    if new.account_id is None:
        raise Invalid(fields={"account": [_("Choose a connected account to read with.")]})
    found = Account.objects.filter(kind=Account.Kind.OFFICIAL).select_related("unit", "connection")
    account = registry.get(found, actor, Capability.ANALYSE, pk=new.account_id)
    if account.platform != channel.kind or not account.in_use or not hasattr(account, "connection"):
        raise Invalid(fields={"account": [_("Choose a connected account of this platform.")]})
    return account


def _check_pace(name: str, pace: Pace) -> None:
    wrong: dict[str, list[object]] = {}
    if not name or len(name) > 120:
        wrong["name"] = [_("A name has 1 to 120 characters.")]
    if not SHORTEST <= pace.every_minutes <= LONGEST:
        wrong["every_minutes"] = [_("Between a minute and a week.")]
    if pace.retention_days is not None and not 1 <= pace.retention_days <= 36_500:
        wrong["retention_days"] = [_("At least a day.")]
    for field in ("budget_posts", "budget_requests"):
        if not 1 <= getattr(pace, field) <= 10_000_000:
            wrong[field] = [_("At least 1, at most 10,000,000.")]
    if wrong:
        raise Invalid(fields=wrong)  # type: ignore[arg-type]


def _check_term(listener: Listener, pace: Pace) -> None:
    """Raise Invalid where posts would be kept for longer than their platform's terms allow."""
    most = listener.way.keep_days
    if most is not None and (pace.retention_days is None or pace.retention_days > most):
        text = _("The terms of this platform allow %(days)d days at most.") % {"days": most}
        raise Invalid(fields={"retention_days": [text]})


def named(name: str, retention_days: int | None) -> None:
    """Raise Invalid where a source cannot be called that, or its posts not be kept for so long."""
    _check_pace(name, Pace(retention_days=retention_days))


def _taken() -> Invalid:
    return Invalid(fields={"name": [_("There is a source of this name.")]})


@action("listening.source.open")
def open_source(actor: Actor, unit_id: int, new: NewSource) -> Source:
    """Add a source that is read from now on; Invalid where what was entered cannot be, or the name is taken."""
    unit = registry.get_unit(actor, Capability.ANALYSE, pk=unit_id)
    name = new.name.strip()
    _check_pace(name, new.pace)
    found = checked(actor, new)
    _check_term(found.listener, new.pace)
    source = Source(
        unit=unit,
        name=name,
        kind=new.kind,
        query=found.query,
        service=found.service,
        account=found.account,
        host=found.host,
        due_at=clock.now(),
        **{field: getattr(new.pace, field) for field in PACE[1:]},
    )
    return saved(actor, source, *PACE, "kind", "query", "service")


@action("listening.source.open")
def open_folder(actor: Actor, unit_id: int, name: str, retention_days: int | None = None) -> Source:
    """Add a folder that is watched from now on; Invalid where the name is taken or the days are none."""
    unit = registry.get_unit(actor, Capability.ANALYSE, pk=unit_id)
    named(name.strip(), retention_days)
    source = Source(unit=unit, name=name.strip(), kind=Source.Kind.FOLDER, retention_days=retention_days)
    return saved(actor, source, "name", "kind", "retention_days")


def saved(actor: Actor, source: Source, *fields: str) -> Source:
    """Save a new source, as part of the action that makes it; Invalid where its name is taken."""
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError as error:
        raise _taken() from error
    audit.record(actor, source, after=audit.snapshot(source, *fields))
    return source


@action("listening.source.trouble", may_do_nothing=True)
def note_trouble(actor: Actor, source_id: int, reason: str) -> None:
    """Keep why something of a watched folder did not come in; the next file that does takes it off."""
    source = locked_source(actor, source_id)
    if not actor.is_system or source.last_error == readable(reason)[:300]:
        return
    before = audit.snapshot(source, "last_error")
    source.last_error = readable(reason)[:300]
    source.save(update_fields=["last_error"])
    audit.record(actor, source, before=before, after=audit.snapshot(source, "last_error"))


def locked_source(actor: Actor, source_id: int) -> Source:
    """Return the source for a change; Conflict where it was removed."""
    access.source(actor, source_id, Capability.ANALYSE)
    source = Source.objects.select_for_update(of=("self",)).select_related("unit").get(pk=source_id)
    if source.state == State.REMOVED:
        raise Conflict(_("This source was removed."))
    return source


def _read_by_us(source: Source) -> Source:
    if not source.is_read:
        raise Conflict(
            _("Nobody reads this source: posts are brought to it."), remedy=_("Import a file, or use the API.")
        )
    return source


def _soonest(source: Source) -> datetime:
    """Return when a source may be read at the soonest: now, or when its server wants to be asked again."""
    return max(clock.now(), source.patient_until or clock.now())


@action("listening.source.change")
def change_source(actor: Actor, source_id: int, name: str, pace: Pace) -> Source:
    """Change a source's name and pace; one that rests and may read more now does so at once."""
    source = locked_source(actor, source_id)
    _check_pace(name.strip(), pace)
    if source.is_read and source.kind in channels.listeners():
        _check_term(way(source.kind)[1], pace)
    before, rested = audit.snapshot(source, *PACE), source.is_spent
    source.name = name.strip()
    for field in PACE[1:]:
        setattr(source, field, getattr(pace, field))
    if source.is_read and ((rested and not source.is_spent) or source.due_at is None):
        source.due_at = _soonest(source)
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError as error:
        raise _taken() from error
    audit.record(actor, source, before=before, after=audit.snapshot(source, *PACE))
    return source


@action("listening.source.pause", may_do_nothing=True)
def pause_source(actor: Actor, source_id: int) -> Source:
    """Take nothing more in from a source until somebody resumes it."""
    return _to(actor, locked_source(actor, source_id), State.PAUSED)


@action("listening.source.resume", may_do_nothing=True)
def resume_source(actor: Actor, source_id: int) -> Source:
    """Take posts in again; a source that we read goes on where it was."""
    source = locked_source(actor, source_id)
    if source.is_read and source.state == State.PAUSED:
        source.due_at, source.failures, source.last_error = _soonest(source), 0, ""
        source.save(update_fields=["due_at", "failures", "last_error"])
    return _to(actor, source, State.ACTIVE)


def _to(actor: Actor, source: Source, state: State) -> Source:
    if source.state != state:
        before = audit.snapshot(source, "state")
        source.state, source.claimed_at = state, None
        source.save(update_fields=["state", "claimed_at"])
        audit.record(actor, source, before=before, after={"state": state})
    return source


@action("listening.source.remove")
def remove_source(actor: Actor, source_id: int) -> Source:
    """Read a source no more and list it no more; its posts stay as long as they are kept, its quarantine goes."""
    source = locked_source(actor, source_id)
    source.quarantine.all().delete()
    source.cursor = ""
    source.save(update_fields=["cursor"])
    return _to(actor, source, State.REMOVED)


@action("listening.source.ask")
def ask_reading(actor: Actor, source_id: int) -> Source:
    """Make a source due now; Conflict where it is paused, nobody reads it, or its budget of the day is spent."""
    source = _read_by_us(locked_source(actor, source_id))
    if source.state == State.PAUSED:
        raise Conflict(_("This source is paused."), remedy=_("Resume it first."))
    if source.is_spent:
        raise Conflict(
            _("This source has read what it may in a day."), remedy=_("It goes on at midnight; or raise its budget.")
        )
    if (soonest := _soonest(source)) > clock.now():
        until = date_format(soonest.astimezone(clock.zone(source.unit.timezone)), "DATETIME_FORMAT")
        raise Conflict(
            _("Its server asked not to be asked again before %(time)s.") % {"time": until},
            remedy=_("It is read again by itself then."),
        )
    source.due_at = clock.now()
    source.save(update_fields=["due_at"])
    audit.record(actor, source, after={"reading": "asked"})
    return source


def _item(actor: Actor, item_id: int) -> QuarantinedItem:
    """Return an item, locked after its source as everywhere: a reading holds the source when it waits to append."""
    found = access.quarantined(actor, item_id)
    locked_source(actor, found.source_id)
    access.quarantined(actor, item_id)  # somebody else may have decided on it meanwhile
    return QuarantinedItem.objects.select_for_update(of=("self",)).select_related("source__unit").get(pk=found.pk)


@action("listening.quarantine.open")
def open_item(actor: Actor, item_id: int) -> str:
    """Return an item as it came; for analysts only, and written down each time, since its author may stand in it."""
    item = access.quarantined(actor, item_id)
    audit.record(actor, item.source, note=f"{item.pk}: {item.reason}")
    return str(item.raw)


@action("listening.quarantine.discard")
def discard_item(actor: Actor, item_id: int) -> Source:
    """Throw an item away that could not be read; only its digest stays, so that it does not come again."""
    item = _item(actor, item_id)
    item.raw, item.state = "", QuarantinedItem.State.DISCARDED
    item.save(update_fields=["raw", "state"])
    audit.record(actor, item.source, after={"discarded": item.pk}, note=item.reason)
    return item.source


@action("listening.quarantine.retry")
def retry_item(actor: Actor, item_id: int) -> Source:
    """Read an item once more; it comes in, or Conflict says why it still cannot be read."""
    item = _item(actor, item_id)
    post = _again(item)
    if not usable(post):
        raise Conflict(_("It has no words, or no possible time."), remedy=_("Discard it."))
    if append(actor, item.source_id, prepare(item.source, [post])).rejected:
        raise Conflict(_("It is older than what this source keeps."), remedy=_("Discard it."))
    audit.record(actor, item.source, after={"read after all": item.pk}, note=item.reason)
    item.delete()
    return item.source


def _again(item: QuarantinedItem) -> RawPost:
    channel, listener = way(item.source.kind)
    try:
        return raw_post(channel.kind, listener.again(item.raw))
    except Unreadable as error:
        raise Conflict(
            _("It still cannot be read: %(reason)s") % {"reason": error.reason}, remedy=_("Discard it.")
        ) from error


@action("listening.quarantine.forget", may_do_nothing=True)
def forget_quarantine(actor: Actor) -> int:
    """Throw away what nobody decided on in time, and the digests of what was discarded; return how many."""
    return QuarantinedItem.objects.filter(created_at__lt=clock.now() - KEPT).delete()[0]
