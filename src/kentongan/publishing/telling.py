"""Telling those who keep an account that it cannot publish, or not for much longer: one letter a morning for each."""

from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.messages import Draft
from kentongan.core.models import User
from kentongan.core.models.messages import Message
from kentongan.publishing import queries
from kentongan.registry import queries as registry
from kentongan.registry.models import Account, Connection
from kentongan.registry.serving import SEATS

PURPOSE = "publishing.connections"
HOUR, NAMED, BATCH = 7, 12, 5_000

messages.declare_purpose(PURPOSE, gettext_lazy("Connections that need somebody"))


def tell_of_connections(actor: Actor) -> int:
    """Queue the letters of the day, from seven in the morning on; return how many accounts they tell of."""
    organisation = registry.organisation()
    if organisation is None:
        return 0
    local = clock.now().astimezone(clock.zone(organisation.timezone))
    if local.hour < HOUR or queries.told_since(local.replace(hour=0, minute=0, second=0, microsecond=0)):
        return 0
    return tell(actor)


@action("publishing.connections.tell", may_do_nothing=True)
def tell(actor: Actor) -> int:
    """Queue one letter for each who keeps accounts in trouble; where no custodian signs in here, to administrators.

    Race: two workers; the second finds the rows locked, or told of.
    """
    accounts = list(queries.in_trouble().select_for_update(of=("self",), skip_locked=True)[:BATCH])
    if not accounts:
        return 0
    drafts = [_draft(user, kept) for user, kept in _readers(accounts).items()]
    if drafts:
        messages.queue_many(actor, drafts)
    Connection.objects.filter(account__in=accounts).update(told_at=clock.now())
    audit.record(actor, accounts[0], after={"accounts": len(accounts), "letters": len(drafts)})
    return len(accounts)


def _readers(accounts: Sequence[Account]) -> dict[User, list[Account]]:
    nearest = registry.nearest_administrators([account.unit for account in accounts])
    readers: dict[User, list[Account]] = defaultdict(list)
    for account in accounts:
        for user in _keepers(account) or nearest[account.unit_id]:
            readers[user].append(account)
    return readers


def _keepers(account: Account) -> list[User]:
    """Return the custodians who are still there and sign in here: those who may connect it anew."""
    serving = [getattr(account, seat) for seat in SEATS if getattr(account, f"{seat}_serves")]
    return [person.user for person in serving if person.user is not None and person.user.is_active]


def _draft(user: User, accounts: Sequence[Account]) -> Draft:
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject = ngettext(
            "%(n)s account needs to be connected anew", "%(n)s accounts need to be connected anew", len(accounts)
        ) % {"n": len(accounts)}
        lines = [_line(account) for account in accounts[:NAMED]]
        if len(accounts) > NAMED:
            lines.append(_("and %(n)s more") % {"n": len(accounts) - NAMED})
        intro = _("%(name)s, these accounts cannot publish, or not for much longer:") % {"name": user.name}
        only = reverse("publishing:connect", args=[accounts[0].pk]) if len(accounts) == 1 else ""
        return Draft(
            channel=Message.Channel.EMAIL,
            purpose=PURPOSE,
            address=user.email,
            recipient=user.name,
            unit_id=accounts[0].unit_id,
            subject=subject,
            body="\n".join([intro, "", *lines]),
            link=f"{settings.PUBLIC_URL}{only or reverse('publishing:accounts')}",
            dedupe_key=f"connections:{user.pk}:{clock.now().isoformat()}",
        )


def _line(account: Account) -> str:
    stored = account.connection
    why = stored.problem
    if stored.healthy and stored.ends_at:
        day = date_format(stored.ends_at.astimezone(clock.zone(account.unit.timezone)), "DATE_FORMAT")
        why = _("its sign-in ends on %(day)s") % {"day": day}
    return f"- {account.known_as} ({account.platform}), {account.unit.name}: {why}"
