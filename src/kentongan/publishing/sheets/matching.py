"""What would become of rows: to which accounts they go, whether they are new, changed or there already."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import KentonganError
from kentongan.core.imports import Row, RowError, Verdict
from kentongan.core.permissions import Capability
from kentongan.core.sniff import IMAGES
from kentongan.planning import queries as planning
from kentongan.planning.actions.campaigns import check_fits
from kentongan.planning.actions.items import check_moment
from kentongan.planning.campaigns import queries as campaigns
from kentongan.planning.counting import measure
from kentongan.planning.drafts import ItemDraft, RenditionDraft
from kentongan.planning.models import Brief, ItemAsset
from kentongan.planning.states import OPEN
from kentongan.publishing.models import SheetPost
from kentongan.publishing.sheets.entries import PostEntry
from kentongan.registry import access as rights
from kentongan.registry.models import Account, Unit

NEW, CHANGED, SAME, REJECTED = "new", "changed", "same", "rejected"


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored file as an item carries it."""

    file_id: int
    alt: str
    ai_generated: bool


@dataclass(frozen=True, slots=True)
class Post:
    """A row with everything found that it names."""

    draft: ItemDraft
    accounts: tuple[int, ...]
    key: str
    digest: str
    brief_id: int | None = None
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a row, why, and with what; `known` is the post that it means."""

    row: Row
    outcome: str
    note: str = ""
    post: Post | None = None
    known: SheetPost | None = None
    where: str = ""

    @property
    def the_post(self) -> Post:
        """The row with what it names; there is one for all that is not rejected."""
        if self.post is None:
            raise ValueError(self.note)
        return self.post

    @property
    def the_known(self) -> SheetPost:
        """The post that a changed row means."""
        if self.known is None:
            raise ValueError(self.outcome)
        return self.known

    def verdict(self) -> Verdict:
        """Return it as the preview shows it."""
        return Verdict(self.outcome, self.note, meant=self.where)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, default=str).encode()).hexdigest()


class Matcher:
    """Matches rows of a unit's spreadsheet; what it needs to know is read once for many rows."""

    def __init__(self, actor: Actor, unit: Unit, purpose: str) -> None:
        self.actor, self.unit, self.purpose = actor, unit, purpose
        self.zone = clock.zone(unit.timezone)
        self._seen: set[str] = set()

    def decide(self, rows: Sequence[Row]) -> list[Decision]:
        """Return what becomes of each row, in their order, in a constant number of queries."""
        self._purposes = dict(planning.purposes())
        self._accounts = self._accounts_of()
        self._briefs = self._named(row.clean.brief for row in rows)
        self._campaigns = campaigns.named(self.actor, {row.clean.campaign for row in rows})
        self._pictures = self._files(row.clean.picture for row in rows)
        found = [self._post(row) for row in rows]
        keys = [one.key for one in found if isinstance(one, Post)]
        known = SheetPost.objects.filter(unit=self.unit, key__in=keys).select_related("item", "run")
        known = known.prefetch_related("item__bookings")
        by_key = {one.key: one for one in known}
        return [
            Decision(row, REJECTED, one) if isinstance(one, str) else self._decide(row, one, by_key.get(one.key))
            for row, one in zip(rows, found, strict=True)
        ]

    def _decide(self, row: Row, post: Post, known: SheetPost | None) -> Decision:
        where = self._where(post)
        if post.key in self._seen:
            return Decision(row, REJECTED, _("This post stands in the file twice."))
        self._seen.add(post.key)
        if known is None:
            late = post.draft.planned_for
            if late is not None and late < clock.now():
                return Decision(row, REJECTED, _("This time has passed."))
            return Decision(row, NEW, post=post, where=where)
        if known.digest == post.digest:
            return Decision(row, SAME, post=post, known=known, where=where)
        if known.item.state not in OPEN:
            note = _("It is “%(state)s” already; change it on its own page.")
            return Decision(row, REJECTED, note % {"state": known.item.get_state_display()})
        if not known.is_as_left():
            return Decision(row, REJECTED, _("Somebody has changed it by hand since; change it on its own page."))
        if post.brief_id != known.item.brief_id:
            note = _("A post stays with the brief that it was made from: give the row another code.")
            return Decision(row, REJECTED, note)
        return Decision(row, CHANGED, post=post, known=known, where=where)

    def _where(self, post: Post) -> str:
        names = [self._accounts[pk] for pk in post.accounts]
        shown = ", ".join(f"{channels.label(one.platform)} {one.known_as}" for one in names[:3])
        return shown if len(names) <= 3 else _("%(some)s and %(n)s more") % {"some": shown, "n": len(names) - 3}

    # ---- what rows name ----

    def _accounts_of(self) -> dict[int, Account]:
        connected = Account.objects.filter(
            kind=Account.Kind.OFFICIAL,
            connection__isnull=False,
            platform__in=[channel.kind for channel in channels.publishing()],
        ).select_related("unit", "connection")
        found = {one.pk: one for one in rights.scope_below(connected, self.actor, Capability.EDIT, self.unit)}
        self._by_name: dict[str, list[Account]] = defaultdict(list)
        self._by_unit: dict[str, list[Account]] = defaultdict(list)
        for one in found.values():
            names = (one.handle, one.display_name, one.url)
            for name in {name.casefold().removeprefix("@") for name in names} - {""}:
                self._by_name[name].append(one)
            for name in {one.unit.code.casefold(), one.unit.name.casefold()}:
                self._by_unit[name].append(one)
        return found

    def _named(self, titles: Iterable[str]) -> dict[str, list[int]]:
        wanted = {title.casefold() for title in titles if title}
        briefs: dict[str, list[int]] = defaultdict(list)
        if wanted:
            rows = Brief.objects.annotate(lower=Lower("title")).filter(lower__in=wanted)
            for pk, title in rights.scope_below(rows, self.actor, Capability.EDIT, self.unit).values_list(
                "pk", "lower"
            ):
                briefs[title].append(pk)
        return briefs

    def _files(self, names: Iterable[str]) -> dict[str, dict[str, tuple[int, bool]]]:
        """Return by name, and by content, the pictures of items that the actor writes; no other file of the unit.

        Each is its id, and whether any item says that AI made or changed it.
        """
        wanted = {name for name in names if name}
        found: dict[str, dict[str, tuple[int, bool]]] = defaultdict(dict)
        if wanted:
            rows = ItemAsset.objects.filter(
                file__name__in=wanted, file__media_type__in=IMAGES, file__erased_at=None
            ).order_by("-file_id")
            rows = rights.scope_below(rows, self.actor, Capability.EDIT, self.unit, "item__unit")
            for name, sha256, pk, made in rows.values_list("file__name", "file__sha256", "file_id", "ai_generated"):
                found[name][sha256] = (pk, made or found[name].get(sha256, (pk, False))[1])
        return found

    # ---- one row ----

    def _post(self, row: Row) -> Post | str:
        entry: PostEntry = row.clean
        try:
            return self._read(entry)
        except RowError as error:
            return str(error.reason)
        except KentonganError as error:
            return error.reason

    def _read(self, entry: PostEntry) -> Post:
        due_at = entry.due_at(self.zone)
        check_moment(due_at)
        accounts = self._goes_to(entry)
        draft = self._draft(entry, due_at, accounts)
        numbers = tuple(sorted(one.pk for one in accounts))
        texts = sorted((kind, version.title, version.text, version.link) for kind, version in draft.renditions.items())
        said = (
            due_at.isoformat(),
            numbers,
            texts,
            draft.title,
            draft.purpose,
            entry.brief,
            entry.picture,
            entry.alt,
            *filter(None, [entry.campaign]),
        )
        key = _digest("code", entry.code) if entry.code else _digest(due_at.isoformat(), numbers, texts)
        return Post(draft, numbers, key, _digest(*said), self._brief(entry), self._picture(entry))

    def _goes_to(self, entry: PostEntry) -> list[Account]:
        """Return the accounts of a row: those it names, or those of its unit; narrowed to its channels."""
        if entry.accounts:
            found = [self._account(name, entry) for name in entry.accounts]
        else:
            at = entry.unit.casefold() or self.unit.code.casefold()
            found = self._by_unit.get(at, [])
            found = [one for one in found if not entry.kinds or one.platform in entry.kinds]
            units = {one.unit_id for one in found}
            if len(units) > 1:
                raise RowError(_("Several units are called “%(name)s”: write the unit's code.") % {"name": entry.unit})
        if not found:
            raise RowError(_("No connected account of your units fits: check unit, account and channel."))
        return found

    def _account(self, name: str, entry: PostEntry) -> Account:
        at = entry.unit.casefold()
        found = [
            one
            for one in self._by_name.get(name.casefold().removeprefix("@"), [])
            if (not entry.kinds or one.platform in entry.kinds)
            and (not at or at in (one.unit.code.casefold(), one.unit.name.casefold()))
        ]
        if not found:
            raise RowError(_("“%(name)s” is no connected account of your units.") % {"name": name[:60]})
        if len(found) > 1:
            raise RowError(_("Several accounts are called “%(name)s”: write the channel too.") % {"name": name[:60]})
        return found[0]

    def _draft(self, entry: PostEntry, due_at: datetime, accounts: Sequence[Account]) -> ItemDraft:
        purpose = entry.purpose or self.purpose
        if not purpose:
            raise RowError(_("Say what it is for, “public service” or “electioneering”: there is no default."))
        if purpose not in self._purposes:
            raise RowError(_("This organisation is neutral by law: it has no electioneering."))
        versions = {}
        for one in accounts:
            text = entry.text_for(one.platform)
            measured = measure(one.platform, text, entry.link, one.connection.limits)
            if measured.over:
                raise RowError(measured.problem)
            versions[one.platform] = RenditionDraft(text, title=entry.title, link=entry.link)
        return ItemDraft(
            title=entry.title,
            text=entry.text,
            purpose=purpose,
            planned_for=due_at,
            campaign_id=self._campaign(entry, purpose),
            renditions=versions,
        )

    def _campaign(self, entry: PostEntry, purpose: str) -> int | None:
        if not entry.campaign:
            return None
        found = self._campaigns.get(entry.campaign.casefold(), [])
        if len(found) != 1:
            text = (
                _("No campaign called “%(name)s” runs in your units: open it first.")
                if not found
                else _("Several campaigns are called “%(name)s”: give one of them another name.")
            )
            raise RowError(text % {"name": entry.campaign[:60]})
        check_fits(found[0], purpose)
        return found[0].pk

    def _brief(self, entry: PostEntry) -> int | None:
        if not entry.brief:
            return None
        found = self._briefs.get(entry.brief.casefold(), [])
        if len(found) != 1:
            text = (
                _("There is no brief called “%(name)s” in your units.")
                if not found
                else _("Several briefs are called “%(name)s”.")
            )
            raise RowError(text % {"name": entry.brief[:60]})
        return found[0]

    def _picture(self, entry: PostEntry) -> Picture | None:
        if not entry.picture:
            return None
        if "://" in entry.picture:
            raise RowError(
                _("Pictures are not fetched from addresses: upload it to an item once, then write its file name.")
            )
        found = list(self._pictures.get(entry.picture, {}).values())
        if len(found) != 1:
            text = (
                _("No picture called “%(name)s” was uploaded to an item of your units.")
                if not found
                else _("Several different pictures are called “%(name)s”: upload the right one under another name.")
            )
            raise RowError(text % {"name": entry.picture[:60]})
        (number, made_by_ai), *_rest = found
        return Picture(number, entry.alt, made_by_ai)
