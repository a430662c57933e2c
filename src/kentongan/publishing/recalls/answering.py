"""What is done with an answer to a recall, on the page of who signs in and on the page of a link."""

from kentongan.core import files
from kentongan.core.actor import Actor
from kentongan.core.sniff import IMAGES
from kentongan.publishing import access, actions
from kentongan.publishing.actions.recalling import Proof
from kentongan.publishing.models import RecallTask
from kentongan.publishing.recalls import looking
from kentongan.publishing.recalls.forms import GoneForm

LARGEST_PICTURE = 12 * 1024 * 1024


def answer(actor: Actor, found: RecallTask, form: GoneForm, *, deleted: bool) -> None:
    """Look the address up first, outside any transaction; then note the answer. Raises Invalid or Conflict."""
    given = form.cleaned_data
    if not deleted:
        actions.decline(actor, found.pk, note=given["note"])
        return
    picture = None
    if given["picture"]:
        picture = files.store(
            actor,
            given["picture"],
            given["picture"].name,
            unit_id=found.unit_id,
            capability=access.READ,
            allowed=IMAGES,
            max_bytes=LARGEST_PICTURE,
        )
    actions.done(actor, found.pk, Proof(looking.look_for(found.delivery), given["note"], picture))
