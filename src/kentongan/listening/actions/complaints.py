"""Complaints that people bring: influencers by a link, desk officers signed in. What is said about whom is not kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, secrets
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.ids import public_id
from kentongan.core.imports.values import readable
from kentongan.core.permissions import Capability
from kentongan.listening import access
from kentongan.listening.actions.ingest import append, prepare
from kentongan.listening.actions.issues import WORKERS
from kentongan.listening.actions.sources import locked_source, named, saved
from kentongan.listening.models import Source
from kentongan.listening.posts import RawPost
from kentongan.listening.scrubbing import scrub
from kentongan.registry import access as registry
from kentongan.registry import areas

PURPOSE = "listening.complaint"
SHORTEST, LONGEST = 10, 4000
OLDEST = timedelta(days=60)
SYSTEM = Actor.system("listening.complaints")
NO_LINK = _("Only a form has a link.")


class Heard(models.TextChoices):
    """How whoever brings a complaint knows of it."""

    SEEN = "seen", _("I saw it myself")
    TOLD = "told", _("Somebody told me")
    GROUP = "group", _("From a chat group")
    LETTER = "letter", _("By letter or call")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What somebody brings. `key` is the form's own, so that it comes in once; `said_by` is kept as a keyed hash."""

    key: str
    text: str
    heard: str
    place: str = ""
    happened_at: datetime | None = None
    said_by: str = ""


@action("listening.source.open")
def open_form(actor: Actor, unit_id: int, name: str, retention_days: int | None = None) -> Source:
    """Add a form with a link of its own, for people who bring complaints."""
    unit = registry.get_unit(actor, Capability.ANALYSE, pk=unit_id)
    named(name.strip(), retention_days)
    source = Source(
        unit=unit, name=name.strip(), kind=Source.Kind.FORM, retention_days=retention_days, cursor=public_id(20)
    )
    return saved(actor, source, "name", "kind", "retention_days")


@action("listening.source.renew_link")
def renew_link(actor: Actor, source_id: int) -> Source:
    """Give a form another link; the one before opens it no more."""
    source = locked_source(actor, source_id)
    if source.kind != Source.Kind.FORM:
        raise Conflict(NO_LINK)
    source.cursor = public_id(20)
    source.save(update_fields=["cursor"])
    audit.record(actor, source, after={"link": "renewed"})
    return source


def token_of(source: Source) -> str:
    """Return what the address of a form's link ends in."""
    return secrets.sign(PURPOSE, [source.pk, source.cursor])


def by_link(token: str) -> Source:
    """Return the form that a link opens; NotFound where it opens none any more."""
    try:
        number, mark = secrets.unsign(PURPOSE, token)
    except (secrets.BadSignature, TypeError, ValueError) as error:
        raise NotFound() from error
    found = Source.objects.filter(pk=number, cursor=mark, kind=Source.Kind.FORM).exclude(state=Source.State.REMOVED)
    source = found.select_related("unit").first()
    if source is None:
        raise NotFound()
    return source


def for_worker(actor: Actor, source_id: int) -> Source:
    """Return the form for somebody who works with issues there; NotFound or NotAllowed."""
    source = access.source(actor, source_id)
    if source.kind != Source.Kind.FORM:
        raise NotFound()
    if not any(registry.allows(actor, needed, source.unit) for needed in WORKERS):
        raise NotAllowed()
    return source


def bring(actor: Actor, source: Source, complaint: Complaint) -> bool:
    """Take a complaint in; return whether it was new. `source` comes from `by_link` or `for_worker`.

    Raises Invalid, which says where, and Conflict while the form is paused.
    """
    return _bring(actor, source.pk, prepare(source, [_post(source, complaint)]))


@action("listening.complaint.bring", may_do_nothing=True)
def _bring(actor: Actor, source_id: int, posts: pa.Table) -> bool:
    source = Source.objects.select_for_update(of=("self",)).get(pk=source_id)
    if not append(SYSTEM, source_id, posts).added:
        return False
    audit.record(actor, source, after={"complaints": 1})
    return True


def _post(source: Source, complaint: Complaint) -> RawPost:
    text, wrong = scrub(readable(complaint.text).strip()), {}
    if not SHORTEST <= len(text) <= LONGEST:
        wrong["text"] = [_("Between 10 and 4,000 characters.")]
    now = clock.now()
    at = complaint.happened_at or now
    if not now - OLDEST <= at <= now + timedelta(minutes=5):
        wrong["happened_at"] = [_("Within the last two months.")]
    if complaint.heard not in Heard.values:
        wrong["heard"] = [_("Choose one of them.")]
    if complaint.place and not _is_inside(complaint.place, source):
        wrong["place"] = [_("Choose one of them.")]
    if wrong:
        raise Invalid(fields=wrong)
    who = f"{source.pk}/{complaint.said_by.strip().casefold() or complaint.key}"
    return RawPost(complaint.key, at, who, text, None, f"form.{complaint.heard}", place_hint=complaint.place or None)


def _is_inside(code: str, source: Source) -> bool:
    return code in dict(places_of(source))


def places_of(source: Source) -> list[tuple[str, str]]:
    """Return (code, name) of the areas that a complaint may name: those one level below the unit's own."""
    return [(one.code, one.name) for one in areas.children(source.unit.area_code)]
