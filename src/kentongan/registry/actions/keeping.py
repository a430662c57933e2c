"""People who are on the list: corrected, given and relieved of positions, merged, kept apart, removed."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ForeignKey, OneToOneField
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import access, forgetting, leaving, personal
from kentongan.registry.actions.people import rehome
from kentongan.registry.dialling import e164
from kentongan.registry.models import Account, KeptApart, Membership, Person, Unit

BATCH = 1000
TITLE_CHARS, NAME_CHARS = 120, 200


def _locked(actor: Actor, person_id: int) -> Person:
    """Return somebody with a position at a unit that the actor administers, locked."""
    seen = access.scope(Membership.objects.all(), actor, Capability.ADMINISTER).filter(person=person_id)
    if not seen.exists():
        raise NotFound()
    return Person.objects.select_for_update(of=("self",)).get(pk=person_id)


def _require_all(actor: Actor, *people: Person) -> None:
    """Raise NotAllowed unless the actor administers every unit at which these people have a position."""
    units = Membership.objects.filter(person__in=people).values_list("unit_id", flat=True)
    access.require_all(actor, set(units))


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not 0 < len(title) <= TITLE_CHARS:
        raise Invalid(fields={"title": [_("A position has 1 to %(most)s characters.") % {"most": TITLE_CHARS}]})
    return title


def _check_term(starts_on: date | None, ends_on: date | None) -> None:
    if starts_on and ends_on and ends_on < starts_on:
        raise Invalid(fields={"ends_on": [_("The last day comes before the first.")]})


@action("registry.person.correct")
def correct_person(actor: Actor, person_id: int, *, full_name: str, phone: str = "", email: str = "") -> Person:
    """Correct how somebody is called and reached; raises Invalid where they would become one who withdrew."""
    person = _locked(actor, person_id)
    before = audit.snapshot(person, "full_name", "phone", "email")
    name = " ".join(full_name.split())
    if not 0 < len(name) <= NAME_CHARS:
        raise Invalid(fields={"full_name": [_("A name has 1 to %(most)s characters.") % {"most": NAME_CHARS}]})
    values = {"full_name": name, "phone": e164(phone), "email": email.strip().lower()}
    leaving.require_welcome(person, Person(**values), units=person.memberships.values_list("unit_id", flat=True))
    person.full_name, person.phone, person.email = values.values()
    person.save(update_fields=["full_name", "name_key", "phone", "email"])
    audit.record(actor, person, before=before, after=audit.snapshot(person, "full_name", "phone", "email"))
    return person


@action("registry.person.give_post")
def give_post(
    actor: Actor,
    person_id: int,
    unit_id: int,
    *,
    title: str,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Membership:
    """Give somebody a position at a unit that the actor administers too."""
    person = _locked(actor, person_id)
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    if unit.closed_at:
        raise Conflict(_("This unit is closed."), remedy=_("Choose a unit that works."))
    _check_term(starts_on, ends_on)
    if Membership.objects.filter(person=person, unit=unit, title__iexact=_title(title)).exists():
        raise Invalid(fields={"title": [_("They hold this position at this unit already.")]})
    post = Membership.objects.create(
        person=person, unit=unit, title=_title(title), starts_on=starts_on, ends_on=ends_on
    )
    audit.record(actor, person, unit_id=unit.pk, after={"unit": unit.code, "title": post.title, "ends_on": ends_on})
    return post


def _post(actor: Actor, post_id: int) -> Membership:
    posts = Membership.objects.select_for_update(of=("self",)).select_related("person", "unit")
    return access.get(posts, actor, Capability.ADMINISTER, seen_with=Capability.ADMINISTER, pk=post_id)


@action("registry.person.correct_post")
def correct_post(
    actor: Actor, post_id: int, *, title: str, starts_on: date | None = None, ends_on: date | None = None
) -> Membership:
    """Correct a position and its term; a last day in the past ends it."""
    post = _post(actor, post_id)
    before = audit.snapshot(post, "title", "starts_on", "ends_on")
    _check_term(starts_on, ends_on)
    others = Membership.objects.filter(person=post.person, unit=post.unit, title__iexact=_title(title))
    if others.exclude(pk=post.pk).exists():
        raise Invalid(fields={"title": [_("They hold this position at this unit already.")]})
    post.title, post.starts_on, post.ends_on = _title(title), starts_on, ends_on
    post.save(update_fields=["title", "starts_on", "ends_on"])
    after = audit.snapshot(post, "title", "starts_on", "ends_on")
    audit.record(actor, post.person, unit_id=post.unit_id, before=before, after=after)
    return post


@action("registry.person.end_post")
def end_post(actor: Actor, post_id: int) -> Membership:
    """End a position today; the row stays as the history of who held it."""
    post = _post(actor, post_id)
    today = clock.now().date()
    if post.ends_on is not None and post.ends_on <= today:
        raise Conflict(_("This position has ended already."))
    before = audit.snapshot(post, "ends_on")
    post.ends_on = max(today, post.starts_on or today)
    post.save(update_fields=["ends_on"])
    rehome(post.person, post.unit_id)
    audit.record(actor, post.person, unit_id=post.unit_id, before=before, after={"ends_on": post.ends_on})
    return post


@action("registry.person.remove")
def remove_person(actor: Actor, person_id: int) -> None:
    """Remove somebody with all that is kept about them; only where all their units are the actor's to administer."""
    person = _locked(actor, person_id)
    _require_all(actor, person)
    if person.user_id is not None:
        raise Conflict(
            _("This person can sign in."),
            remedy=_("Close their sign-in before you remove them."),
        )
    units = list(person.memberships.order_by("pk").values_list("unit_id", "unit__code", "title"))
    before = {"state": person.state, "positions": [f"{title} · {code}" for _pk, code, title in units]}
    audit.record(actor, person, unit_id=units[0][0], before=before)
    messages.discard([person.pk])
    forgetting.let_go(person)
    person.delete()


@action("registry.person.purge", may_do_nothing=True)
def purge_unconfirmed(actor: Actor) -> int:
    """Remove a batch of people who were put on a list and did not confirm in time; return how many that were.

    Never those who confirmed, withdrew or can sign in. Race: two workers purge; rows that the other one holds, or that
    somebody confirms at this moment, are skipped.
    """
    before = clock.now() - timedelta(days=settings.KENTONGAN_UNCONFIRMED_DAYS)
    due = Person.objects.filter(state=Person.State.INVITED, user=None, simulated=False, created_at__lt=before)
    ids = list(due.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
    if not ids:
        return 0
    messages.discard(ids)
    forgetting.erase_evidence(ids)
    forgetting.strip_undo(ids)
    Person.objects.filter(pk__in=ids).delete()
    root = Unit.objects.get(parent=None)
    audit.record(actor, root, unit_id=root.pk, after={"people": len(ids), "days": settings.KENTONGAN_UNCONFIRMED_DAYS})
    return len(ids)


@action("registry.claim.purge", may_do_nothing=True)
def purge_claims(actor: Actor) -> int:
    """Remove a batch of accounts that a list stated and that nobody confirmed in time; return how many.

    Race: a claim that somebody confirms at this moment is skipped.
    """
    before = clock.now() - timedelta(days=settings.KENTONGAN_UNCONFIRMED_DAYS)
    due = Account.objects.filter(state=Account.State.CLAIMED, created_at__lt=before, person__simulated=False)
    locked = due.order_by("pk").select_for_update(of=("self",), skip_locked=True)
    ids = list(locked.values_list("pk", flat=True)[:BATCH])
    if not ids:
        return 0
    Account.objects.filter(pk__in=ids, state=Account.State.CLAIMED).delete()
    root = Unit.objects.get(parent=None)
    after = {"accounts": len(ids), "days": settings.KENTONGAN_UNCONFIRMED_DAYS}
    audit.record(actor, root, unit_id=root.pk, after=after)
    return len(ids)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge moved and what it dropped because the one who stays has the same, by table."""

    moved: dict[str, int]
    dropped: dict[str, int]


def _pair(actor: Actor, one_id: int, other_id: int) -> tuple[Person, Person]:
    if one_id == other_id:
        raise Invalid(fields={"other": [_("Choose another person.")]})
    # Always locked in the same order: two merges of one pair the other way round would wait for each other for ever.
    low, high = (_locked(actor, pk) for pk in sorted((one_id, other_id)))
    _require_all(actor, low, high)
    return (low, high) if low.pk == one_id else (high, low)


@action("registry.person.merge")
def merge_people(actor: Actor, keep_id: int, gone_id: int) -> Merged:
    """Make one of two people: what the second has (positions, consents, accounts, invitations ...) goes to the first.

    The second record is removed; its values fill what the first lacks. The audit log keeps what it was.
    """
    keep, gone = _pair(actor, keep_id, gone_id)
    return join(actor, keep, gone, keep.memberships.order_by("pk").values_list("unit_id", flat=True).first())


def join(actor: Actor, keep: Person, gone: Person, unit_id: int | None) -> Merged:
    """Make one of two locked records, for an action that has checked the rights at both ends."""
    if Person.State.WITHDRAWN in (keep.state, gone.state):
        raise Conflict(_("One of them withdrew."), remedy=_("Who withdrew comes back only by their own word."))
    if keep.user_id is not None and gone.user_id is not None:
        raise Conflict(_("Both can sign in."), remedy=_("Close the sign-in of one of them first."))
    before = audit.snapshot(gone, "full_name", "phone", "email", "state", "basis")
    for _name, keeper in personal.keepers():
        keeper.join(gone.pk, keep.pk)
    moved = _move_all(gone, keep)
    _take_values(keep, gone)
    after = {"into": keep.pk, "moved": moved.moved, "dropped": moved.dropped}
    audit.record(actor, keep, unit_id=unit_id, before={**before, "id": gone.pk}, after=after)
    forgetting.hand_on_steps(gone, keep)
    gone.delete()
    return moved


def _move_all(gone: Person, keep: Person) -> Merged:
    """Point every row of every room from one person to the other; what would be double goes with the record."""
    moved, dropped = dict[str, int](), dict[str, int]()
    for relation in Person._meta.get_fields(include_hidden=True):
        field = getattr(relation, "field", None)
        if not (relation.auto_created and isinstance(field, ForeignKey)) or isinstance(field, OneToOneField):
            continue
        model = field.model
        if model is KeptApart:
            continue
        for pk in model._base_manager.filter(**{field.name: gone}).values_list("pk", flat=True):
            try:
                with transaction.atomic():
                    model._base_manager.filter(pk=pk).update(**{field.name: keep})
                counts = moved
            except IntegrityError:
                counts = dropped
            counts[model._meta.label_lower] = counts.get(model._meta.label_lower, 0) + 1
    return Merged(moved, dropped)


def _take_values(keep: Person, gone: Person) -> None:
    keep.phone, keep.email = keep.phone or gone.phone, keep.email or gone.email
    if gone.state == Person.State.CONFIRMED:
        keep.state = Person.State.CONFIRMED
    if gone.user_id is not None:
        user, gone.user = gone.user, None
        gone.save(update_fields=["user"])
        keep.user = user
    keep.created_at = min(keep.created_at, gone.created_at)
    keep.save(update_fields=["phone", "email", "state", "user", "created_at"])


@action("registry.person.keep_apart", may_do_nothing=True)
def keep_apart(actor: Actor, one_id: int, other_id: int) -> KeptApart:
    """Remember that two who look like one are two; they are not offered for merging any more."""
    one, other = _pair(actor, *sorted((one_id, other_id)))
    found, made = KeptApart.objects.get_or_create(one=one, other=other)
    if made:
        audit.record(actor, one, after={"not": other.pk})
    return found
