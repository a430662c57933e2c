"""Why there is an alert, in words."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kentongan.core import clock
from kentongan.listening.models import Alert, AlertRule

LISTED = 20
"""So many alerts one message names."""


def why(alert: Alert) -> str:
    """Return what was counted in the hour, against what."""
    counted = (
        ngettext("%(n)s complaint in one hour", "%(n)s complaints in one hour", alert.observed)
        if alert.complaints_only
        else ngettext("%(n)s post in one hour", "%(n)s posts in one hour", alert.observed)
    ) % {"n": number_format(alert.observed, use_l10n=True, force_grouping=True)}
    usual = number_format(round(alert.expected, 1), use_l10n=True)
    if alert.first_at is not None:
        local = timezone.localtime(alert.first_at, clock.zone(alert.rule.unit.timezone))
        first = ", ".join((date_format(local, "j F"), date_format(local, _("H:i"))))
        return _("%(counted)s; first seen on %(first)s, %(usual)s an hour on the day before.") % {
            "counted": counted,
            "first": first,
            "usual": usual,
        }
    return ngettext(
        "%(counted)s, %(usual)s are usual at this hour (%(days)s day, the same weekday counts most).",
        "%(counted)s, %(usual)s are usual at this hour (%(days)s days, the same weekday counts most).",
        alert.days,
    ) % {"counted": counted, "usual": usual, "days": alert.days}


def letter(rule: AlertRule, alerts: Sequence[Alert], *, most: int, last: bool) -> tuple[str, str, str]:
    """Return subject, text and what to open of new alerts of one rule; `last` of `most` messages in this hour."""
    if len(alerts) == 1:
        subject = _("%(rule)s: %(what)s") % {"rule": rule.name, "what": str(alerts[0])[:110]}
        lines, link = [why(alerts[0])], alerts[0].get_absolute_url()
    else:
        subject = ngettext("%(rule)s: %(n)s alert", "%(rule)s: %(n)s alerts", len(alerts)) % {
            "rule": rule.name,
            "n": number_format(len(alerts), use_l10n=True, force_grouping=True),
        }
        highest = sorted(alerts, key=lambda alert: -alert.score)
        lines, link = [f"{alert}: {why(alert)}" for alert in highest[:LISTED]], reverse("listening:alerts")
        if len(alerts) > LISTED:
            lines.append(_("More are on the screen: %(n)s.") % {"n": len(alerts) - LISTED})
    if last:
        lines.append(
            _("This rule wrote %(n)s times in an hour: what it raises until that is over is on the screen only.")
            % {"n": most}
        )
    return subject, "\n\n".join(lines), link
