"""What the audit log calls the acts of this app."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import verbs

verbs.name(
    {
        "listening.source.add": _("added the source"),
        "listening.source.open": _("added the source"),
        "listening.source.change": _("changed the source"),
        "listening.source.pause": _("paused the source"),
        "listening.source.resume": _("resumed the source"),
        "listening.source.remove": _("removed the source"),
        "listening.source.ask": _("had the source read"),
        "listening.source.renew_link": _("gave the form another link"),
        "listening.complaint.bring": _("brought a complaint"),
        "listening.source.trouble": _("could not take a file of the source"),
        "listening.samples.claim": _("claimed posts to look after"),
        "listening.samples.put_off": _("put off looking after posts"),
        "listening.post.absent": _("took out a post that was deleted at its source"),
        "listening.source.claim": _("claimed sources"),
        "listening.source.read": _("read the source"),
        "listening.source.fail": _("could not read the source"),
        "listening.quarantine.open": _("opened an item that could not be read"),
        "listening.quarantine.retry": _("had an item read once more"),
        "listening.quarantine.discard": _("discarded an item"),
        "listening.quarantine.forget": _("forgot items that nobody decided on"),
        "listening.posts.expire": _("let old posts go"),
        "listening.posts.append": _("brought posts in"),
        "listening.posts.remove": _("took imported posts back"),
        "listening.posts.purge": _("purged deleted posts"),
        "listening.post.open": _("opened the original of a post"),
        "listening.post.forget": _("had a post forgotten"),
        "listening.stream.advance": _("processed new posts"),
        "listening.alert_rule.save": _("saved the alert rule"),
        "listening.alert_rule.state": _("paused, resumed or ended the alert rule"),
        "listening.alert.watch": _("noticed something unusual"),
        "listening.alert.judge": _("said whether the alert was of use"),
        "listening.issue.follow": _("followed the issue"),
        "listening.issue.unfollow": _("unfollowed the issue"),
        "listening.issue.rename": _("renamed the issue"),
        "listening.issue.assign": _("assigned the issue to a unit"),
        "listening.issue.close": _("closed the issue"),
        "listening.issue.reopen": _("reopened the issue"),
        "listening.issue.merge": _("merged the issue into another"),
    }
)
