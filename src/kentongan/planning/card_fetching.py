"""Fetching the link cards that were asked for: a job, since pages of others take seconds, or do not answer."""

import logging

from django.utils.translation import gettext as _

from kentongan.core import jobs
from kentongan.core.actor import Actor
from kentongan.core.errors import KentonganError
from kentongan.core.jobs import Progress
from kentongan.planning import cards
from kentongan.planning.actions.cards import KIND, keep_card
from kentongan.planning.models import LinkCard

WORKER = Actor.system("link cards")

logger = logging.getLogger(__name__)


@jobs.handler(KIND, resumable=True)
def work(progress: Progress, *, item_id: int) -> dict[str, object]:
    """Fetch each card that is asked for; one that fails is kept with its reason, and the others go on."""
    asked = list(LinkCard.objects.filter(item=item_id, state=LinkCard.State.ASKED))
    progress.total(len(asked))
    failed = 0
    for card in asked:
        progress.check()
        progress.say(card.url)
        problem = _fetched(card)
        if problem:
            failed += 1
            keep_card(WORKER, card.pk, asked_at=card.asked_at, found=None, problem=problem)
        progress.advance()
    return {"known": len(asked) - failed, "failed": failed}


def _fetched(card: LinkCard) -> str:
    """Fetch a card and keep it; return why that did not go, else an empty text.

    Pages are written by strangers: whatever one of them breaks is its own card's failure, never that of the next ones.
    """
    try:
        keep_card(WORKER, card.pk, asked_at=card.asked_at, found=cards.fetch(card.url))
    except KentonganError as error:
        return cards.line(str(error.message), cards.LONGEST)
    except Exception:
        logger.exception("The page of link card %s could not be read.", card.pk)
        return _("The page could not be read.")
    return ""
