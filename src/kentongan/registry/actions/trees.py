"""Making the tree of a template."""

from django.utils.translation import gettext as _

from kentongan.core import jobs
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.registry import access, trees
from kentongan.registry.models import Organisation

LOAD = "registry.tree"


@action("registry.tree.load")
def load_tree(actor: Actor, wanted: trees.Wanted, *, inline: bool = False) -> jobs.Job:
    """Start the job that makes the units of a template below the root, or a part of them."""
    root = access.get_unit(actor, Capability.ADMINISTER, parent=None)
    trees.check(wanted, Organisation.objects.get(), root)
    if not wanted.tiers():
        raise Invalid(fields={"template": [_("Say when the temporary bodies start and end.")]})
    return jobs.start(
        actor,
        LOAD,
        _("Units of the organisation"),
        unit_id=root.pk,
        inline=inline,
        root_id=root.pk,
        wanted=wanted.values(),
    )
