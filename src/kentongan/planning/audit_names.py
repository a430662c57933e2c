"""What the audit log calls the acts of this app."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import verbs

verbs.name(
    {
        "planning.asset.add": _("added a file"),
        "planning.asset.remove": _("took a file out"),
        "planning.brief.create": _("wrote the brief"),
        "planning.brief.change": _("changed the brief"),
        "planning.card.ask": _("had its link cards fetched"),
        "planning.card.keep": _("kept a link card"),
        "planning.campaign.open": _("opened the campaign"),
        "planning.campaign.change": _("changed the campaign"),
        "planning.campaign.close": _("closed the campaign"),
        "planning.campaign.reopen": _("opened the campaign again"),
        "planning.item.create": _("made the item"),
        "planning.item.change": _("changed the item"),
        "planning.feed.create": _("made an address of their calendar"),
        "planning.feed.end": _("ended the address of their calendar"),
        "planning.brief.move": _("moved the deadline of the brief"),
        "planning.item.fit": _("had its pictures made ready"),
        "planning.item.convert": _("had its videos converted"),
        "planning.item.plan": _("moved the item to another time"),
        "planning.item.withdraw": _("withdrew the item"),
        "planning.item.reopen": _("took the item up again"),
        "planning.item.submit": _("handed the item in for review"),
        "planning.item.approve": _("approved the item"),
        "planning.item.request_changes": _("asked for changes"),
        "planning.item.comment": _("left a remark"),
    }
)
