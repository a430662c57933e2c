"""Accounts that pretend to be ours: reported by anybody, decided by the administrators of the unit concerned."""

from dataclasses import dataclass
from typing import Protocol

from django.db import connection
from django.utils.translation import gettext_lazy as _

from kentongan.channels.addresses import Identity
from kentongan.core import audit, clock, files
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.models import StoredFile
from kentongan.core.permissions import Capability
from kentongan.core.sniff import IMAGES
from kentongan.registry import access
from kentongan.registry.models import Account, ImpostorCase, ImpostorReport, Unit
from kentongan.registry.queries import checks

State = ImpostorCase.State
LARGEST_PICTURE = 8 << 20
LONGEST = 2000
# From which states a case may go to which; a decision can be taken back by looking again.
NEXT: dict[str, frozenset[str]] = {
    State.NEW: frozenset({State.LOOKING, State.CONFIRMED, State.GENUINE, State.NOT_OURS, State.DUPLICATE}),
    State.LOOKING: frozenset({State.CONFIRMED, State.GENUINE, State.NOT_OURS, State.DUPLICATE}),
    **{state: frozenset({State.LOOKING}) for state in (State.CONFIRMED, State.GENUINE, State.NOT_OURS)},
    State.DUPLICATE: frozenset({State.LOOKING}),
}


class Upload(files.Readable, Protocol):
    """A file as a form hands it over."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody tells: `pasted` as they gave it, what happened, how to reach them and the text they agreed to."""

    pasted: str
    platform: str = ""
    what: str = ""
    contact: str = ""
    consent: str = ""


def hold(platform: str, identity: str) -> None:
    """Wait for everybody else who decides about this account, until the transaction ends.

    Race: one administrator puts it on the list as official while another confirms that it is an impostor.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"account:{platform}:{identity}"])


def keep_picture(upload: files.Readable) -> files.Content:
    """Put a screenshot into the store, before the transaction of the report; raises Invalid for what is no picture."""
    return files.keep(upload, allowed=IMAGES, max_bytes=LARGEST_PICTURE)


@action("registry.impostor.report")
def report_impostor(
    actor: Actor, report: Report, *, unit_id: int | None = None, picture: tuple[files.Content, str] | None = None
) -> ImpostorReport:
    """Take a report in: reports of one account are one case, which goes to the unit that it imitates, or the root.

    `unit_id` says which unit it is when somebody of ours reports; they must see that unit. Anybody may report.
    """
    found = checks.read(report.pasted, report.platform)
    unit, imitates = _concerned(actor, found, unit_id)
    case, _made = ImpostorCase.objects.get_or_create(
        platform=found.platform,
        identity=found.key,
        defaults={
            "unit": unit,
            "imitates": imitates,
            "handle": found.shown[:200],
            "url": found.url[:500],
            "opened_at": clock.now(),
        },
    )
    # The picture belongs to the unit that decides: its administrators may open it, nobody else.
    shot = _register(actor, case, picture) if picture else None
    made = ImpostorReport.objects.create(
        case=case,
        pasted=report.pasted.strip()[:1000],
        what=report.what.strip()[:LONGEST],
        contact=report.contact or None,
        consent=report.consent if report.contact else "",
        screenshot=shot,
        reported_by_id=actor.user_id,
        reported_at=clock.now(),
    )
    audit.record(actor, case, after={"reference": made.reference, "picture": shot is not None})
    return made


def _register(actor: Actor, case: ImpostorCase, picture: tuple[files.Content, str]) -> StoredFile:
    content, name = picture
    return files.register(actor, content, name, unit_id=case.unit_id, capability=Capability.ADMINISTER)


def _concerned(actor: Actor, found: Identity, unit_id: int | None) -> tuple[Unit, Account | None]:
    """Return which unit is to decide, and which of its accounts is imitated where the name tells."""
    near = checks.resembled(found.platform, found.handle)
    if unit_id is not None:
        unit = access.get_unit(actor, Capability.VIEW, pk=unit_id)
        return unit, next((one for one in near if one.unit_id == unit.pk), None)
    if near:
        return near[0].unit, near[0]
    root = Unit.objects.filter(parent=None).first()
    if root is None:
        raise NotFound()
    return root, None


def _locked(actor: Actor, case_id: int, seen: str) -> ImpostorCase:
    """Return the case for deciding; raises Conflict when it is no longer in the state that the decider has seen."""
    cases = ImpostorCase.objects.select_for_update(of=("self",)).select_related("unit")
    case = access.get(cases, actor, Capability.ADMINISTER, seen_with=Capability.ADMINISTER, pk=case_id)
    if case.state != seen:
        raise Conflict(
            _("Somebody decided about this case in the meantime: “%(state)s”.") % {"state": case.get_state_display()}
        )
    return case


@action("registry.impostor.decide")
def decide(
    actor: Actor, case_id: int, state: str, *, seen: str, reason: str = "", same_as: int | None = None
) -> ImpostorCase:
    """Decide about a case, or look at it again; `seen` is the state that the decider saw.

    Confirming makes the public page warn of the account at once. Raises Conflict when somebody else was faster, or
    when the account is on our own list; Invalid without a reason.
    """
    case = _locked(actor, case_id, seen)
    if state not in NEXT[case.state]:
        raise Conflict(_("A case cannot go from “%(state)s” there.") % {"state": case.get_state_display()})
    if state != State.LOOKING and not reason.strip():
        raise Invalid(fields={"reason": [_("Say why; it stays in the case.")]})
    if state == State.CONFIRMED:
        _refuse_our_own(case)
    before = audit.snapshot(case, "state", "reason", "same_as_id")
    case.same_as = _other(actor, case, same_as) if state == State.DUPLICATE else None
    case.state, case.reason = state, reason.strip()[:500]
    case.decided_by_id, case.decided_at = actor.user_id, clock.now()
    case.save(update_fields=["state", "reason", "same_as", "decided_by", "decided_at"])
    for one in [case, *case.duplicates.all()]:
        checks.forget(one.platform, one.identity)
    audit.record(actor, case, before=before, after=audit.snapshot(case, "state", "reason", "same_as_id"))
    return case


def _refuse_our_own(case: ImpostorCase) -> None:
    hold(case.platform, case.identity)
    ours = checks.listed_as(Identity(case.platform, case.identity, case.url, handle=case.handle))
    if ours is not None and ours.state in checks.LIVE:
        raise Conflict(
            _("This account is on our own list, at %(unit)s.") % {"unit": ours.unit.name},
            remedy=_("If it is none of ours, that unit retires it first; if it was taken over, it reports it as lost."),
        )


def _other(actor: Actor, case: ImpostorCase, other_id: int | None) -> ImpostorCase:
    """Return the case that this one is the same as: one that the decider may decide about too, itself no duplicate."""
    wrong = Invalid(fields={"same_as": [_("Choose the other case; one that is itself a duplicate does not count.")]})
    if other_id is None or other_id == case.pk or case.duplicates.exists():
        raise wrong
    cases = ImpostorCase.objects.select_for_update(of=("self",)).exclude(state=State.DUPLICATE)
    try:
        return access.get(cases, actor, Capability.ADMINISTER, seen_with=Capability.ADMINISTER, pk=other_id)
    except NotFound as error:
        raise wrong from error


@action("registry.impostor.refer")
def refer(actor: Actor, case_id: int, unit_id: int, *, seen: str) -> ImpostorCase:
    """Hand a case, with its pictures, to another unit; the actor administers both."""
    case = _locked(actor, case_id, seen)
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    if unit.pk == case.unit_id:
        raise Invalid(fields={"unit": [_("The case is with this unit already.")]})
    before = {"unit": case.unit.name}
    case.unit = unit
    case.save(update_fields=["unit"])
    _hand_over_pictures(actor, case)
    audit.record(actor, case, before=before, after={"unit": unit.name})
    return case


def _hand_over_pictures(actor: Actor, case: ImpostorCase) -> None:
    """Register each picture for the new unit, since whoever may open a file is fixed by its row."""
    for report in case.reports.exclude(screenshot=None).select_related("screenshot"):
        old = report.screenshot
        if old is None:
            continue
        content = files.Content(old.sha256, old.size, old.media_type)
        report.screenshot = _register(actor, case, (content, old.name))
        report.save(update_fields=["screenshot"])
        _let_go(old)


def _let_go(picture: StoredFile) -> None:
    """Drop a picture that no report shows any longer: the same one may have come with several."""
    if not ImpostorReport.objects.filter(screenshot=picture).exists():
        files.drop(picture)


@action("registry.impostor.purge", may_do_nothing=True)
def purge_reports(actor: Actor, report_ids: list[int], *, whole: bool) -> int:
    """Forget how to reach the reporters; `whole` forgets what they told and showed too."""
    reports = list(ImpostorReport.objects.select_for_update().filter(pk__in=report_ids).select_related("case"))
    pictures = [one.screenshot for one in reports if whole and one.screenshot]
    if whole:
        ImpostorReport.objects.filter(pk__in=[one.pk for one in reports]).delete()
    else:
        ImpostorReport.objects.filter(pk__in=[one.pk for one in reports]).update(contact=None, consent="")
    for picture in {one.pk: one for one in pictures}.values():
        _let_go(picture)
    for case in {one.case for one in reports}:
        audit.record(actor, case, note=str(_("Personal data of reporters was deleted; the time to keep it is over.")))
    return len(reports)


@action("registry.impostor.pack")
def record_pack(actor: Actor, case_id: int) -> None:
    """Note that somebody takes the evidence of a case along: it holds what others told."""
    cases = ImpostorCase.objects.all()
    case = access.get(cases, actor, Capability.ADMINISTER, seen_with=Capability.ADMINISTER, pk=case_id)
    audit.record(actor, case, after={"reports": case.reports.count()})


def take_in(actor: Actor, report: Report, upload: Upload | None, *, unit_id: int | None = None) -> ImpostorReport:
    """Keep the screenshot, then take the report in."""
    picture = (keep_picture(upload), files.clean_name(upload.name or "")) if upload is not None else None
    return report_impostor(actor, report, unit_id=unit_id, picture=picture)
