"""What is done with an answer to a recall, on the page of who signs in and on the page of a link."""

from django.utils.translation import gettext as _

from kentongan.core import clock, files
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, KentonganError
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
    if not found.is_open:  # before a picture is stored that nothing would refer to
        raise Conflict(_("This is “%(state)s” already.") % {"state": found.get_state_display()})
    if not deleted:
        actions.decline(actor, found.pk, note=given["note"])
        return
    picture, began = None, clock.now()
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
    try:
        actions.done(actor, found.pk, Proof(looking.look_for(found), given["note"], picture))
    except KentonganError:  # race: somebody was quicker
        if picture and picture.created_at >= began:  # else it is kept for something else
            files.drop(picture)
        raise
