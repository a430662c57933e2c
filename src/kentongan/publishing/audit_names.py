"""What the audit log calls the acts of this app."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import verbs

verbs.name(
    {
        "publishing.schedule": _("scheduled the delivery"),
        "publishing.book": _("booked accounts for the item"),
        "publishing.sheet.take": _("brought in posts from a spreadsheet"),
        "publishing.sheet.tell": _("told approvers of a spreadsheet"),
        "publishing.sheet.take_back": _("took posts of a spreadsheet back"),
        "publishing.stagger": _("scheduled the deliveries one after the other"),
        "publishing.respread": _("spread the deliveries anew"),
        "publishing.pause": _("paused publishing"),
        "publishing.resume": _("resumed publishing"),
        "publishing.connections.tell": _("told of connections that need somebody"),
        "publishing.app.set": _("entered the organisation's app at a platform"),
        "publishing.app.forget": _("removed the organisation's app at a platform"),
        "publishing.app.audited": _("said that the platform has audited the organisation's app"),
        "publishing.sign_in.begin": _("began to sign in at a platform"),
        "publishing.sign_in.take": _("came back from signing in at a platform"),
        "publishing.recall.many": _("recalled many deliveries at once"),
        "publishing.recall.part": _("recalled a part of very many deliveries"),
        "publishing.recall.tell": _("told who has to delete posts"),
        "publishing.recall.rise": _("told a level above of posts that are not deleted"),
        "publishing.recall.bind": _("opened the link to a recall on a device"),
        "publishing.recall.see": _("read that a post has to be deleted"),
        "publishing.recall.done": _("said that the post is deleted"),
        "publishing.recall.decline": _("said that the post cannot be deleted"),
        "publishing.recall.call_off": _("called the recall off"),
        "publishing.card.drop": _("threw away the picture of a link card that nothing shows any longer"),
        "publishing.delivery.check": _("checked the delivery before sending"),
        "publishing.delivery.begin": _("was about to send the delivery"),
        "publishing.delivery.hold": _("held the delivery"),
        "publishing.delivery.finish": _("recorded how the sending went"),
        "publishing.clock.renew": _("let waits begin anew, since the clock was moved"),
        "publishing.delivery.lapse": _("noted that a worker had ended"),
        "publishing.delivery.miss": _("noted that it was too late to send"),
        "publishing.delivery.reconcile": _("looked for the post on the platform"),
        "publishing.delivery.view": _("looked whether everybody sees the post"),
        "publishing.delivery.view_now": _("had it looked at whether everybody sees the post"),
        "publishing.delivery.recalled": _("recorded how the recall went"),
        "publishing.delivery.reconnect": _("let go on what was held for want of a sign-in"),
        "publishing.delivery.resolve": _("settled what became of the delivery"),
        "publishing.delivery.release": _("let the held delivery go out"),
        "publishing.delivery.reschedule": _("changed the time of the delivery"),
        "publishing.delivery.send_again": _("put the delivery back into the queue"),
        "publishing.delivery.recall": _("recalled the delivery"),
    }
)
