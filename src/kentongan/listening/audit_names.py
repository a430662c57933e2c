"""What the audit log calls the acts of this app."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import verbs

verbs.name(
    {
        "listening.source.add": _("added the source"),
        "listening.posts.append": _("brought posts in"),
        "listening.posts.remove": _("took imported posts back"),
        "listening.posts.purge": _("purged deleted posts"),
        "listening.post.open": _("opened the original of a post"),
        "listening.post.forget": _("had a post forgotten"),
        "listening.stream.advance": _("processed new posts"),
        "listening.issue.follow": _("followed the issue"),
        "listening.issue.unfollow": _("unfollowed the issue"),
        "listening.issue.rename": _("renamed the issue"),
        "listening.issue.assign": _("assigned the issue to a unit"),
        "listening.issue.close": _("closed the issue"),
        "listening.issue.reopen": _("reopened the issue"),
        "listening.issue.merge": _("merged the issue into another"),
    }
)
