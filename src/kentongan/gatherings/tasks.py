"""Names under which people opt out of this room's messages."""

from django.utils.translation import gettext_lazy as _

from kentongan.core.messages import declare_purpose
from kentongan.gatherings.actions import PURPOSE, TRAINING

declare_purpose(PURPOSE, _("Invitations to meetings"))
declare_purpose(TRAINING, _("Training for one's task"))
