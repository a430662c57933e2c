"""Adding a source of any kind, and where people and tools bring posts to one that we do not read ourselves."""

from django.conf import settings
from django.urls import reverse

from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict
from kentongan.core.permissions import Capability
from kentongan.listening import access, folders
from kentongan.listening.actions import NewSource, complaints, open_folder, open_source
from kentongan.listening.models import Source

BROUGHT = {Source.Kind.FOLDER.value: open_folder, Source.Kind.FORM.value: complaints.open_form}


def open_any(actor: Actor, unit_id: int, new: NewSource) -> Source:
    """Add a source: one that is read, a watched folder, or a form; raises as the action of its kind does."""
    if new.kind not in BROUGHT:
        return open_source(actor, unit_id, new)
    return BROUGHT[new.kind](actor, unit_id, new.name, new.pace.retention_days)


def entrance(actor: Actor, source_id: int) -> str:
    """Return the address of a form's link, or the path of a watched folder; Conflict for what has neither.

    For analysts only: whoever has a form's link can bring complaints.
    """
    source = access.source(actor, source_id, Capability.ANALYSE)
    if source.kind == Source.Kind.FOLDER:
        return str(folders.folder_of(source))
    if source.kind != Source.Kind.FORM:
        raise Conflict(complaints.NO_LINK)
    return f"{settings.PUBLIC_URL}{reverse('listening:complaint_door', args=(complaints.token_of(source),))}"
