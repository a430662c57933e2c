"""What other rooms show of publishing: on an issue, an item, a campaign, and among the things that safeguards hold."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Count, Model, Q, QuerySet
from django.urls import reverse

from kentongan.channels import registry as channels
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.listening.models import Issue
from kentongan.planning.likeness import Twin
from kentongan.planning.models import Campaign, ContentItem
from kentongan.planning.panels import Panel
from kentongan.planning.remedies import Offers
from kentongan.planning.states import OPEN, ItemState
from kentongan.publishing import access, planner, queries
from kentongan.publishing.actions import alikeness
from kentongan.publishing.actions.scheduling import LATE_MINUTES
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import ENDS, State
from kentongan.registry import access as rights
from kentongan.registry.models import Account
from kentongan.safeguards.held import HeldItem

SHOWN, LISTED = 12, 300
"""How many stand on a page at once, and of bookings how many more unfold, since an approver asks for each of them."""
M = TypeVar("M", bound=Model)


def _first(rows: QuerySet[M], most: int) -> tuple[list[M], int]:
    """Return the first rows and how many there are in all."""
    found = list(rows[: most + 1])
    return found[:most], len(found) if len(found) <= most else rows.count()


class IssuePanel:
    """On an issue's page: what was published about it."""

    order = 40
    template = "publishing/_panel.html"

    def context(self, actor: Actor, issue: Issue) -> Mapping[str, Any] | None:
        """Return the latest deliveries about the issue; None before there is one."""
        deliveries, count = _first(queries.about_issue(actor, issue.pk), SHOWN)
        more = count - len(deliveries)
        return {"deliveries": deliveries, "more": more, "about_issue": True} if deliveries else None


class ItemPanel:
    """On an item's page: where it goes."""

    def panel(self, actor: Actor, item: ContentItem) -> Panel | None:
        """Return the item's deliveries and what is or may be booked for it; None where there is nothing of it."""
        held = rights.capabilities(actor, item.unit)
        if Capability.LISTEN not in held:
            return None
        deliveries, count = _first(queries.of_item(actor, item.pk), SHOWN)
        bookings, booked = _first(queries.bookings(item), LISTED)
        pauses = list(queries.pauses_of_campaign(item.campaign)) if item.campaign is not None else []
        may_book = Capability.EDIT in held and item.state in OPEN
        if not deliveries and not bookings and not pauses and not may_book:
            return None
        context = {
            "item": item,
            "pauses": pauses,
            "may_book": may_book,
            "recallable": len(deliveries) > 1 and Capability.PUBLISH in held,
            "deliveries": deliveries,
            "more": count - len(deliveries),
            "bookings": bookings[:SHOWN],
            "rest": bookings[SHOWN:],
            "booked": booked,
            "unlisted": booked - len(bookings),
        }
        return Panel("publishing/_panel.html", context)


class CostPanel:
    """On an item's page until it is scheduled: what it would cost, and how long it would take."""

    def panel(self, actor: Actor, item: ContentItem) -> Panel | None:
        """Return the forecast; None where nothing limits it, or it is scheduled already."""
        if item.state == ItemState.WITHDRAWN or Capability.LISTEN not in rights.capabilities(actor, item.unit):
            return None
        if queries.of_item(actor, item.pk).exists():
            return None
        forecasts = planner.before_approval(actor, item, LATE_MINUTES)
        booked = item.bookings.exists()
        context = {"item": item, "forecasts": forecasts, "booked": booked}
        return Panel("publishing/_forecast_panel.html", context) if forecasts else None


class RepostOffers:
    """Beside texts that are alike: to repost what one account posts, instead of posting it as well."""

    def offers(self, actor: Actor, item: ContentItem, twins: Sequence[Twin]) -> Offers:
        """Return where one schedules that, as far as the actor publishes to other accounts there."""
        kinds = {twin.rendition.kind for twin in twins if channels.get(twin.rendition.kind).reposter is not None}
        if not kinds or access.READ not in rights.capabilities(actor):
            return Offers()
        posts = self._posts(actor, [twin.rendition.pk for twin in twins if twin.seen and twin.rendition.kind in kinds])
        besides = Count("pk", filter=~Q(pk__in=[post.account_id for post in posts.values()]))
        mine = queries.accounts_for(actor, kinds).order_by().values_list("platform")
        found = {kind: (every, others) for kind, every, others in mine.annotate(n=Count("pk"), besides=besides)}
        theirs = {
            pk: _scheduling(post.item_id, repost=post.account_id, unit=item.unit_id)
            for pk, post in posts.items()
            if found.get(post.account.platform, (0, 0))[1]
        }
        several = [kind for kind, (every, _others) in found.items() if every > 1 and item.state == ItemState.APPROVED]
        return Offers(theirs, {kind: _scheduling(item.pk, one=kind) for kind in several})

    def _posts(self, actor: Actor, renditions: Sequence[int]) -> dict[int, Delivery]:
        """Return the first post of each version that can be reposted, as far as the actor sees it: one query."""
        rows = access.deliveries(actor).filter(alikeness.repostable(), rendition__in=renditions)
        rows = rows.filter(item__state=ItemState.APPROVED).select_related("account")
        return {one.rendition_id: one for one in rows.order_by("-pk")} if renditions else {}


def _scheduling(item_id: int, **chosen: object) -> str:
    return f"{reverse('publishing:schedule', args=[item_id])}?{urlencode(chosen)}"


class CampaignPanel:
    """On a campaign's page: what was planned of it and what became of that, and whether it is stopped."""

    def panel(self, actor: Actor, campaign: Campaign) -> Panel | None:
        """Return the campaign's ledger; None before anything is scheduled or stopped."""
        may = rights.capabilities(actor, campaign.unit)
        total = queries.ledger(actor, queries.Filter(campaign_id=campaign.pk))
        pauses = list(queries.pauses_of_campaign(campaign))
        context = {
            "campaign": campaign,
            "total": total,
            "ends": [(state.value, state.label, total.counts.get(state, 0)) for state in ENDS],
            "pauses": pauses,
            "whole": any(pause.unit_id == campaign.unit_id for pause in pauses),
            "may_publish": Capability.PUBLISH in may,
        }
        return Panel("publishing/_campaign.html", context)


class AccountPause:
    """On an account's page: whether it is paused, and the switch."""

    template = "publishing/_account_pause.html"

    def context(self, actor: Actor, account: Account) -> Mapping[str, Any] | None:
        """Return the pauses that hold; None for an account that nothing goes out on anyway."""
        if not hasattr(account, "connection"):
            return None
        pauses = list(queries.pauses_of(account))
        own = next((pause for pause in pauses if pause.account_id), None)
        may_publish = Capability.PUBLISH in rights.capabilities(actor, account.unit)
        return {"account": account, "pauses": pauses, "own": own, "may_publish": may_publish}


class HeldDeliveries:
    """Among the things that are held: deliveries that would have gone out."""

    def _held(self, actor: Actor) -> QuerySet[Delivery]:
        """Return what is held back; what is there already, where nobody sees it, is not."""
        return access.deliveries(actor).filter(state=State.HELD, remote_id="")

    def count(self, actor: Actor) -> int:
        """Return how many are held."""
        return self._held(actor).count()

    def held(self, actor: Actor, limit: int) -> Iterable[HeldItem]:
        """Return the earliest due."""
        rows = self._held(actor).select_related("account").order_by("due_at")[:limit]
        for row in rows:
            yield HeldItem(
                title=row.content["item_title"],
                where=f"{channels.label(row.account.platform)} · {row.account.known_as}",
                due_at=row.due_at,
                reason=row.reason,
                until=None,
                url=reverse("publishing:delivery", args=[row.pk]),
            )
