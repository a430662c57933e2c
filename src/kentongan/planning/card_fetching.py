"""Fetching the link cards that were asked for: a job, since pages of others take seconds, or do not answer."""

from kentongan.core import jobs
from kentongan.core.actor import Actor
from kentongan.core.errors import KentonganError
from kentongan.core.jobs import Progress
from kentongan.planning import cards
from kentongan.planning.actions.cards import KIND, keep_card
from kentongan.planning.models import LinkCard

WORKER = Actor.system("link cards")


@jobs.handler(KIND, resumable=True)
def work(progress: Progress, *, item_id: int) -> dict[str, object]:
    """Fetch each card that is asked for; one that fails is kept with its reason, and the others go on."""
    asked = list(LinkCard.objects.filter(item=item_id, state=LinkCard.State.ASKED))
    progress.total(len(asked))
    failed = 0
    for card in asked:
        progress.check()
        progress.say(card.url)
        try:
            found, problem = cards.fetch(card.url), ""
        except KentonganError as error:
            found, problem, failed = None, str(error.message)[: cards.LONGEST], failed + 1
        keep_card(WORKER, card.pk, asked_at=card.asked_at, found=found, problem=problem)
        progress.advance()
    return {"known": len(asked) - failed, "failed": failed}
