"""Why there is an alert, in words."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kentongan.listening.models import Alert


def why(alert: Alert) -> str:
    """Return what was counted in the hour, against what."""
    rule = alert.rule
    counted = (
        ngettext("%(n)s complaint in one hour", "%(n)s complaints in one hour", alert.observed)
        if rule.complaints_only
        else ngettext("%(n)s post in one hour", "%(n)s posts in one hour", alert.observed)
    ) % {"n": number_format(alert.observed, use_l10n=True, force_grouping=True)}
    if alert.is_new:
        return _("%(counted)s; nobody talked about it the day before.") % {"counted": counted}
    return ngettext(
        "%(counted)s, %(usual)s are usual at this hour (%(days)s day, the same weekday counts most).",
        "%(counted)s, %(usual)s are usual at this hour (%(days)s days, the same weekday counts most).",
        alert.days,
    ) % {"counted": counted, "usual": number_format(round(alert.expected, 1), use_l10n=True), "days": alert.days}
