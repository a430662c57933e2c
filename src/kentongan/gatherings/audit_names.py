"""What the audit log calls the acts of this app."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import verbs

verbs.name(
    {
        "gatherings.gathering.plan": _("planned the gathering"),
        "gatherings.gathering.change": _("changed the gathering"),
        "gatherings.gathering.cancel": _("called the gathering off"),
        "gatherings.gathering.record": _("wrote the note of the gathering"),
        "gatherings.gathering.invite": _("invited the participants"),
        "gatherings.participant.add": _("added a participant"),
        "gatherings.participant.add_guest": _("added a guest"),
        "gatherings.participant.remove": _("removed a participant"),
        "gatherings.participant.answer": _("answered the invitation"),
        "gatherings.participant.attend": _("noted an attendance"),
        "gatherings.participant.absent": _("took an attendance back"),
        "gatherings.training.open": _("opened the training"),
        "gatherings.training.change": _("changed the training"),
        "gatherings.training.close": _("closed the training, or opened it again"),
        "gatherings.training.remind": _("reminded those who lack the training"),
        "gatherings.wave.plan": _("planned a wave"),
        "gatherings.wave.change": _("changed the wave"),
        "gatherings.wave.fill": _("gave the free seats of a wave"),
        "gatherings.wave.result": _("noted the result of a training"),
        "gatherings.question.ask": _("wrote down a question"),
        "gatherings.question.answer": _("answered a question"),
    }
)
