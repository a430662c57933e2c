"""Pictures of link cards that nothing shows any longer: a card was fetched again, or its link was taken out."""

from datetime import timedelta

from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from kentongan.core import audit, clock, files
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.models import StoredFile
from kentongan.planning.models import ItemAsset, LinkCard
from kentongan.publishing.models import Delivery

BATCH = 500
YOUNG = timedelta(days=1)


def unused() -> QuerySet[StoredFile]:
    """Return the pictures of cards, older than a day, that neither a card nor any delivery names."""
    here = OuterRef("pk")
    ours = StoredFile.objects.filter(name=LinkCard.PICTURE_NAME, created_by=None, created_at__lt=clock.now() - YOUNG)
    sent = Delivery.objects.filter(content__has_key="card").annotate(
        named=Cast(KT("content__card__file"), BigIntegerField())
    )
    return ours.filter(
        ~Exists(LinkCard.objects.filter(picture=here)),
        ~Exists(sent.filter(named=here)),
        ~Exists(ItemAsset.objects.filter(file=here)),  # a picture of that name by somebody who is gone
    )


@action("publishing.card.drop", may_do_nothing=True)
def drop_unused(actor: Actor) -> int:
    """Drop a batch of them; return how many.

    Race: two workers drop; and a card is given such a picture at this moment, which then is protected.
    """
    gone = list(unused().order_by("pk").select_for_update(of=("self",), skip_locked=True)[:BATCH])
    audit.record_each(actor, [(file, audit.snapshot(file, "name", "sha256"), {}) for file in gone])
    for file in gone:
        files.drop(file)
    return len(gone)
