"""Rules that are answered from what the registry knows: one small function each, from an account with its facts.

An account comes from `queries.audits.facts`: with `custodians_left`, `custodian_stays` and `deputy_custodian_stays`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kentongan.core import clock
from kentongan.registry.models import Account, AccountVisit, AuditResult
from kentongan.registry.rules import Check, Rule

Verdict = AuditResult.Verdict
# Words of an institution's name that tell nothing apart, and the short forms that people write in handles.
SHORT = {
    "kabupaten": ("kabupaten", "kab"),
    "kota": ("kota",),
    "kecamatan": ("kecamatan", "kec"),
    "kelurahan": ("kelurahan", "kel"),
    "desa": ("desa",),
    "provinsi": ("provinsi", "prov"),
    "republik": ("republik", "r"),
    "indonesia": ("indonesia", "i"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule gives: the verdict, and the evidence in words."""

    verdict: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules need beside the account: the organisation's short name, and the moment of the audit."""

    short_name: str
    now: datetime


def _when(good: bool, evidence: str) -> Answer:
    return Answer(Verdict.PASSED if good else Verdict.FAILED, evidence)


def _proven(account: Account, rule: Rule, context: Context) -> Answer:
    if not account.proof or account.proven_at is None:
        return Answer(Verdict.FAILED, _("Only declared, never proven."))
    return Answer(Verdict.PASSED, f"{account.get_proof_display()}, {date_format(account.proven_at, 'j F Y')}")


def _page(account: Account, rule: Rule, context: Context) -> Answer:
    if not account.form:
        return Answer(Verdict.OPEN, _("The address does not tell whether it is a Page or a profile."))
    return _when(account.form == Account.Form.PAGE, account.get_form_display())


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _spellings(word: str) -> str:
    return "(?:" + "|".join(re.escape(form) for form in SHORT.get(word, (word,))) + ")"


def name_pattern(unit_name: str, short_name: str) -> re.Pattern[str]:
    """Return what an institution's real name looks like in a name or handle without blanks and points.

    "KPU Kabupaten Bekasi" is found as "kpukabupatenbekasi" and "kpukabbekasi"; where the unit's own name lacks the
    organisation's ("Kecamatan Tambun Selatan"), the short name may stand before it.
    """
    words = re.findall(r"[a-z0-9]+", unit_name.lower())
    prefix = "".join(re.findall(r"[a-z0-9]+", short_name.lower().split(" ")[0])) if short_name else ""
    body = "".join(_spellings(word) for word in words)
    own = f"(?:{re.escape(prefix)})?" if prefix and words[:1] != [prefix] else ""
    return re.compile(own + body)


def carries_name(account: Account, short_name: str) -> bool:
    """Whether the name shown or the handle is the unit's real name."""
    pattern = name_pattern(account.unit.name, short_name)
    return any(pattern.search(_plain(text)) for text in (account.display_name, account.handle))


def _real_name(account: Account, rule: Rule, context: Context) -> Answer:
    shown = account.display_name or account.handle
    if carries_name(account, context.short_name):
        return Answer(Verdict.PASSED, shown)
    expected = account.unit.name
    return Answer(Verdict.FAILED, _("“%(shown)s”, expected “%(expected)s”") % {"shown": shown, "expected": expected})


def _two_custodians(account: Any, rule: Rule, context: Context) -> Answer:
    left = account.custodians_left
    return _when(left == 2, ngettext("%(n)s custodian serves", "%(n)s custodians serve", left) % {"n": left})


def _term(account: Any, rule: Rule, context: Context) -> Answer:
    if not account.custodians_left:
        return Answer(Verdict.IRRELEVANT, _("Nobody keeps it."))
    pairs = (
        (account.custodian_serves, account.custodian_stays, account.custodian),
        (account.deputy_custodian_serves, account.deputy_custodian_stays, account.deputy_custodian),
    )
    ending = [str(person) for serves, stays, person in pairs if serves and not stays]
    return _when(not ending, ", ".join(ending))


def _letter(account: Account, rule: Rule, context: Context) -> Answer:
    if account.letter is None:
        return Answer(Verdict.FAILED, _("No letter is noted."))
    return Answer(Verdict.PASSED, f"{account.letter.number}, {date_format(account.letter.dated, 'j F Y')}")


def _posted(account: Account, rule: Rule, context: Context) -> Answer:
    """Return what the last post says; a look that failed says nothing, so that an old date stays open then."""
    last, visit = account.last_posted_at, getattr(account, "visit", None)
    shown = date_format(last, "j F Y") if last else ""
    if last is not None and context.now - last <= timedelta(days=rule.days or 0):
        return Answer(Verdict.PASSED, _with_source(shown, visit))
    if visit is None and last is None:
        return Answer(Verdict.OPEN, _("The platform does not tell us when it last posted."))
    if visit is None:
        return Answer(Verdict.FAILED, shown)
    if visit.failed or visit.read_at is None:
        why = visit.said or _("not visited yet")
        return Answer(Verdict.OPEN, _("Its posts could not be read: %(why)s") % {"why": why})
    return Answer(Verdict.FAILED, _with_source(shown or _("No post yet"), visit))


def _with_source(shown: str, visit: AccountVisit | None) -> str:
    """Return a day with where it was read, and when."""
    if visit is None or visit.read_at is None:
        return shown
    read = _("read on %(day)s") % {"day": date_format(visit.read_at, "j F Y")}
    return " · ".join(part for part in (shown, visit.post_url or visit.host_id, read) if part)


def _dormant(account: Account, rule: Rule, context: Context) -> Answer:
    return _when(account.state != Account.State.DORMANT, account.get_state_display())


Answerer = Callable[[Any, Rule, Context], Answer]
ANSWERERS: Mapping[str, Answerer] = {
    "proven": _proven,
    "page_not_profile": _page,
    "real_name": _real_name,
    "two_custodians": _two_custodians,
    "custodian_term": _term,
    "decision_letter": _letter,
    "posted_lately": _posted,
    "not_dormant": _dormant,
}


def answer(account: Account, rule: Rule, context: Context) -> Answer:
    """Return what a rule gives for an account; what nothing here can tell is open, for a person to check."""
    if not rule.applies(account):
        return Answer(Verdict.IRRELEVANT)
    if rule.check != Check.DATA:
        return Answer(Verdict.OPEN)
    return ANSWERERS[rule.id](account, rule, context)


def context_now(short_name: str) -> Context:
    """Return the context of an audit that happens now."""
    return Context(short_name, clock.now())
