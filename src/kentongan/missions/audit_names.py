"""What the audit log calls the acts of this app."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import verbs

verbs.name(
    {
        "missions.instruction.draft": _("drafted the instruction"),
        "missions.instruction.send": _("sent the instruction"),
        "missions.instruction.remind": _("reminded those who had not answered"),
        "missions.instruction.close": _("closed the instruction"),
        "missions.instruction.recall": _("recalled the instruction"),
        "missions.receipt.see": _("read the instruction"),
        "missions.receipt.answer": _("answered the instruction"),
        "missions.receipt.relink": _("sent a new link to a recipient"),
        "missions.link.bind": _("opened the link on a device"),
        "missions.mission.draft": _("drafted the mission"),
        "missions.mission.open": _("opened the mission"),
        "missions.mission.close": _("closed the mission"),
        "missions.mission.close_due": _("closed a mission whose time was over"),
        "missions.invitation.open": _("opened the invitation"),
        "missions.invitation.word": _("wrote it in their own words"),
        "missions.invitation.share": _("said that they shared it"),
        "missions.invitation.decline": _("declined the invitation"),
        "missions.invitation.erase": _("had their data in the mission erased"),
        "missions.invitation.relink": _("sent a new link to somebody invited"),
    }
)
