"""Watching over official accounts: the job of an audit, and what comes round about custody, checks and silence."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.core import clock, jobs, messages
from kentongan.core.actor import Actor
from kentongan.core.ticks import every
from kentongan.registry import actions, activity, auditing, queries, rules
from kentongan.registry.actions.audits import AUDIT
from kentongan.registry.actions.handovers import ALARM
from kentongan.registry.actions.routines import SIGN_OFF
from kentongan.registry.rules.data import context_now

AUDITED_AT_ONCE = 40
# Longer than any pause of the worker that we expect: what was posted while it stood still is noted too.
ACTIVITY_WINDOW = timedelta(days=7)

messages.declare_purpose(SIGN_OFF, gettext_lazy("Routine checks of accounts that are late"))
messages.declare_purpose(ALARM, gettext_lazy("Alarms about the custodians of accounts"))


@jobs.handler(AUDIT, resumable=True)
def run_audit(progress: jobs.Progress, *, audit_id: int) -> dict[str, int]:
    """Answer the rules for every account of an audit; run again, it goes on after the last account it wrote."""
    found = queries.audit(progress.actor, audit_id)
    wanted, context = rules.live(), context_now(queries.short_name())
    last = queries.audited_up_to(found)
    progress.total(queries.to_audit(found.unit, last).count())
    unread = 0
    with auditing.client() as calls:
        while accounts := list(queries.to_audit(found.unit, last)[:AUDITED_AT_ONCE]):
            progress.check()
            sites = queries.sites_of(accounts)
            rows = []
            for account in accounts:
                given = auditing.answers(account, wanted, context, sites[account.unit_id], calls)
                rows += [auditing.row(found, account, rule, answer, context) for rule, answer in given]
                progress.advance()
            unread += sum(auditing.is_unread(row) for row in rows)
            actions.write_results(progress.actor, audit_id, rows)
            last = accounts[-1].pk
            progress.result = {"accounts": progress.done, "unread": unread}
    actions.finish_audit(progress.actor, audit_id, accounts=progress.done)
    progress.say(
        _("%(n)s accounts audited; %(unread)s profiles could not be read.") % {"n": progress.done, "unread": unread}
    )
    return {"accounts": progress.done, "unread": unread}


@every(seconds=900, name="registry.custody")
def watch_custody() -> int:
    """Raise and clear alarms about custodians, make handovers due, and tell of what is new."""
    system = Actor.system("registry.custody")
    return actions.sweep_custody(system) + actions.tell_alarms(system)


@every(seconds=300, name="registry.sign_offs")
def watch_sign_offs() -> int:
    """Make routine checks due, let late ones rise, and tell who is responsible."""
    system = Actor.system("registry.sign_offs")
    return actions.sweep_sign_offs(system) + actions.tell_sign_offs(system)


@every(seconds=1800, name="registry.activity")
def watch_activity() -> int:
    """Note when accounts last posted; let the silent ones rest and wake the others."""
    system = Actor.system("registry.activity")
    noted = actions.note_posts(system, activity.latest(clock.now() - ACTIVITY_WINDOW))
    return actions.sweep_silent(system) + noted
