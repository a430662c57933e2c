"""Writes of campaigns: opened, changed, closed, opened again."""

import re
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Held, Invalid
from kentongan.core.permissions import Capability
from kentongan.planning import access
from kentongan.planning.drafts import CampaignDraft, plain
from kentongan.planning.models import Campaign
from kentongan.registry import access as rights
from kentongan.registry import queries as registry
from kentongan.safeguards import queries as safeguards
from kentongan.safeguards.purposes import Purpose

FIELDS = ("name", "summary", "purpose", "starts_on", "ends_on", "hashtags", "themes")
MOST_HASHTAGS, MOST_THEMES = 10, 20
HASHTAG = re.compile(r"(?=.*[^\W\d_])\w{1,60}")


@action("planning.campaign.open")
def open_campaign(actor: Actor, unit_id: int, draft: CampaignDraft) -> Campaign:
    """Open a campaign at a unit; its content may be of the unit and of all below it."""
    unit = rights.get_unit(actor, Capability.EDIT, pk=unit_id)
    values = _checked(draft)
    made = Campaign(unit=unit, created_by_id=access.author(actor), **values)
    _save(made)
    audit.record(actor, made, after=audit.snapshot(made, *FIELDS))
    return made


@action("planning.campaign.change", may_do_nothing=True)
def change_campaign(actor: Actor, campaign_id: int, draft: CampaignDraft) -> Campaign:
    """Replace what a running campaign says; it becomes public service only where none of its content electioneers."""
    campaign = access.campaign(actor, campaign_id, Capability.EDIT, lock=True)
    _check_open(campaign)
    values = _checked(draft)
    before = audit.snapshot(campaign, *FIELDS)
    if values["purpose"] == Purpose.SERVICE and campaign.items.exclude(purpose=Purpose.SERVICE).exists():
        raise Conflict(
            _("Some of its content is electioneering."), remedy=_("Take that content out of the campaign first.")
        )
    for name, value in values.items():
        setattr(campaign, name, value)
    after = audit.snapshot(campaign, *FIELDS)
    if after != before:
        _save(campaign)
        audit.record(actor, campaign, before=before, after=after)
    return campaign


@action("planning.campaign.close")
def close_campaign(actor: Actor, campaign_id: int, reason: str) -> Campaign:
    """Close a campaign: no content is added any more; what is scheduled goes out all the same."""
    campaign = access.campaign(actor, campaign_id, Capability.EDIT, lock=True)
    _check_open(campaign)
    clean = " ".join(plain(reason).split())[:300]
    if not clean:
        raise Invalid(fields={"reason": [_("Say why it ends.")]})
    before = audit.snapshot(campaign, "state")
    campaign.state, campaign.closed_at, campaign.close_reason = Campaign.State.CLOSED, clock.now(), clean
    campaign.save(update_fields=["state", "closed_at", "close_reason", "updated_at"])
    audit.record(actor, campaign, before=before, after=audit.snapshot(campaign, "state"), note=clean)
    return campaign


@action("planning.campaign.reopen")
def reopen_campaign(actor: Actor, campaign_id: int) -> Campaign:
    """Open a closed campaign again."""
    campaign = access.campaign(actor, campaign_id, Capability.EDIT, lock=True)
    if campaign.state != Campaign.State.CLOSED:
        raise Conflict(_("This campaign is running."))
    _check_purpose(campaign.purpose)
    before = audit.snapshot(campaign, "state")
    campaign.state, campaign.closed_at, campaign.close_reason = Campaign.State.OPEN, None, ""
    _save(campaign)
    audit.record(actor, campaign, before=before, after=audit.snapshot(campaign, "state"))
    return campaign


def _check_open(campaign: Campaign) -> None:
    if campaign.state != Campaign.State.OPEN:
        raise Conflict(_("This campaign is closed."), remedy=_("Open it again first."))


def _save(campaign: Campaign) -> None:
    """Write the campaign; of those that run at a unit each has its own name."""
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as error:
        raise Invalid(fields={"name": [_("A campaign of this name runs at this unit already.")]}) from error


def _checked(draft: CampaignDraft) -> dict[str, Any]:
    """Return the values of a draft as they are stored; raises Invalid, or Held for a neutral organisation."""
    hashtags, themes = hashtags_of(draft.hashtags), _distinct(draft.themes)
    wrong: dict[str, list[Any]] = {}
    if not plain(draft.name):
        wrong["name"] = [_("Give it a name.")]
    if draft.purpose not in Purpose.values:
        wrong["purpose"] = [_("Say what it is for: there is no default.")]
    if draft.ends_on is not None and draft.ends_on < draft.starts_on:
        wrong["ends_on"] = [_("It cannot end before it begins.")]
    if bad := [tag for tag in hashtags if not HASHTAG.fullmatch(tag)]:
        wrong["hashtags"] = [_("“%(tag)s” is no hashtag: letters, digits and _ only.") % {"tag": bad[0][:60]}]
    elif len(hashtags) > MOST_HASHTAGS:
        wrong["hashtags"] = [_("%(most)s hashtags at most: people remember one.") % {"most": MOST_HASHTAGS}]
    if len(themes) > MOST_THEMES or any(len(theme) > 120 for theme in themes):
        wrong["themes"] = [_("%(most)s themes at most, each no longer than 120 characters.") % {"most": MOST_THEMES}]
    if wrong:
        raise Invalid(fields=wrong)
    _check_purpose(draft.purpose)
    return {
        "name": " ".join(plain(draft.name).split())[:200],
        "summary": plain(draft.summary)[:2000],
        "purpose": draft.purpose,
        "starts_on": draft.starts_on,
        "ends_on": draft.ends_on,
        "hashtags": hashtags,
        "themes": themes,
    }


def _check_purpose(purpose: str) -> None:
    organisation = registry.organisation()
    verdict = safeguards.check_purpose(purpose, neutral=organisation is None or organisation.neutral)
    if verdict.held:
        raise Held(verdict.reason, remedy=_("Choose “public service” if that is what it is."), code="neutral")


def _distinct(texts: Iterable[str]) -> list[str]:
    """Return the texts without spaces around them, each once, whatever its letters' size."""
    found: dict[str, str] = {}
    for text in texts:
        clean = " ".join(plain(text).split())
        found.setdefault(clean.casefold(), clean)
    return [text for text in found.values() if text]


def hashtags_of(texts: Iterable[str]) -> list[str]:
    """Return hashtags as they are stored: without the sign, each once."""
    return _distinct(text.strip().lstrip("#＃") for text in texts)


def check_fits(campaign: Campaign, purpose: str) -> None:
    """Raise Invalid where content of that purpose does not belong into the campaign."""
    if campaign.purpose == Purpose.SERVICE and purpose != Purpose.SERVICE:
        raise Invalid(
            fields={"campaign": [_("“%(name)s” is public service: it takes no electioneering.") % {"name": campaign}]}
        )


class CampaignMoves:
    """Moves of content between campaigns, each as (from, to): who moves it writes at both ends.

    What is moved into one has locked it, so that it is not closed meanwhile.
    """

    def __init__(self, actor: Actor, moves: Iterable[tuple[int | None, int | None]]) -> None:
        real = [(old, new) for old, new in moves if old != new]
        left = {old for old, _new in real if old is not None}
        entered = {new for _old, new in real if new is not None}
        self._left = access.campaigns(actor, left, Capability.EDIT)
        self._entered = access.campaigns_to_fill(actor, entered)

    def check(self, present: Campaign | None, wanted: int | None, purpose: str) -> None:
        """Raise unless content of that purpose may go from one campaign to the other, or stay in the one it is in."""
        if present is not None and present.pk != wanted:
            self._left.get(present.pk)
        if wanted is None:
            return
        if present is not None and present.pk == wanted:
            check_fits(present, purpose)
            return
        campaign = self._entered.get(wanted)
        if campaign.state != Campaign.State.OPEN:
            raise Invalid(fields={"campaign": [_("This campaign is closed.")]})
        check_fits(campaign, purpose)
