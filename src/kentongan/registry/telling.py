"""Telling administrators, once a day and in one letter, which accounts were reported."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.messages import Draft
from kentongan.core.models import User
from kentongan.core.models.messages import Message
from kentongan.registry.models import ImpostorCase, ImpostorReport, Organisation
from kentongan.registry.queries import impostors
from kentongan.registry.queries.administrators import nearest_administrators

PURPOSE = "registry.impostors"
HOUR = 7
NAMED = 12
BATCH = 2000

messages.declare_purpose(PURPOSE, gettext_lazy("Reports of impostors"))


def tell_of_impostors(actor: Actor) -> int:
    """Queue the letters of the day, from seven in the morning on; return how many reports they tell of."""
    organisation = Organisation.objects.first()
    if organisation is None:
        return 0
    local = clock.now().astimezone(clock.zone(organisation.timezone))
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if local.hour < HOUR or impostors.told_since(start):
        return 0
    return tell(actor, start)


@action("registry.impostor.tell", may_do_nothing=True)
def tell(actor: Actor, day: datetime) -> int:
    """Queue one letter for each administrator nearest to a case with new reports; each report is told once.

    Race: two workers; the second finds the reports locked, and the letters of the day have keys of their own.
    """
    rows = impostors.untold().select_for_update(of=("self",), skip_locked=True)
    reports = list(rows[:BATCH])
    if not reports:
        return 0
    cases = {one.case_id: one.case for one in reports}
    drafts = [_draft(user, told, day) for user, told in _readers(list(cases.values())).items()]
    if drafts:
        messages.queue_many(actor, drafts)
    ImpostorReport.objects.filter(pk__in=[one.pk for one in reports]).update(told_at=clock.now())
    audit.record(actor, reports[0].case, after={"reports": len(reports), "letters": len(drafts)})
    return len(reports)


def _readers(cases: Sequence[ImpostorCase]) -> dict[User, list[ImpostorCase]]:
    """Return for each administrator the cases that are theirs: those of the nearest unit upward that has any."""
    nearest = nearest_administrators([case.unit for case in cases])
    readers: dict[User, list[ImpostorCase]] = defaultdict(list)
    for case in cases:
        for user in nearest[case.unit_id]:
            readers[user].append(case)
    return readers


def _draft(user: User, cases: Sequence[ImpostorCase], day: datetime) -> Draft:
    with translation.override(user.language):
        subject = ngettext(
            "%(n)s account was reported as an impostor", "%(n)s accounts were reported as impostors", len(cases)
        ) % {"n": len(cases)}
        lines = [f"- {case} · {case.unit.name}" for case in cases[:NAMED]]
        if len(cases) > NAMED:
            lines.append(_("and %(n)s more") % {"n": len(cases) - NAMED})
        intro = _("%(name)s, these accounts were reported. Please look at them and decide.") % {"name": user.name}
    return Draft(
        channel=Message.Channel.EMAIL,
        purpose=PURPOSE,
        address=user.email,
        recipient=user.name,
        unit_id=cases[0].unit_id,
        subject=subject,
        body="\n".join([intro, "", *lines]),
        link=f"{settings.PUBLIC_URL}{reverse('registry:impostors')}?state=open",
        dedupe_key=f"impostors:{day:%Y-%m-%d}:{user.pk}",
    )
