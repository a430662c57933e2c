"""What the audit log calls the acts of this app."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import verbs

verbs.name(
    {
        "safeguards.rule.add": _("added a rule"),
        "safeguards.rule.change": _("changed a rule"),
        "safeguards.rule.remove": _("removed a rule"),
        "safeguards.rules.load": _("loaded the shipped rules"),
        "safeguards.release": _("let something held go out"),
    }
)
