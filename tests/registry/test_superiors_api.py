"""What superiors do with official accounts, through the API: handovers, rules, audits, routine sign-offs.

Each role, bad input, and two at once where the action has a race.
"""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from kentongan.core import clock, jobs, ticks
from kentongan.core.models import AuditEntry, User
from kentongan.registry import actions
from kentongan.registry.actions.custody import Correction
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Audit, Handover, Letter, Person, SignOff
from named_cast import SYSTEM, Cast
from registry.calling import Caller, fault

ALL = {"password_changed": True, "recovery_changed": True, "second_factor_moved": True}


def today(days: int = 0) -> date:
    return clock.now().date() + timedelta(days=days)


def staff(cast: Cast, name: str) -> Person:
    return actions.add_person(SYSTEM, NewPerson(name, cast.tambun_selatan.pk, "Staf", "SK 1/2026"))


@pytest.fixture
def account(cast: Cast) -> Account:
    """An official account of Tambun Selatan, kept by Rini and Budi."""
    made = actions.declare_account(SYSTEM, cast.tambun_selatan.pk, handle="kectambun", platform="x")
    wanted = Correction(custodian_id=staff(cast, "Rini").pk, deputy_id=staff(cast, "Budi").pk)
    return actions.correct_account(SYSTEM, made.pk, wanted)


def together(*calls: Any) -> list[int]:
    """Call all at the same instant; return the statuses, sorted."""
    start, said = threading.Barrier(len(calls)), list[int]()

    def work(call: Any) -> None:
        try:
            start.wait(20)
            said.append(call())
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(said)


# ---- handovers ----


def test_an_account_is_handed_over_step_by_step(cast: Cast, account: Account) -> None:
    joko, next_one = Caller(cast, "joko"), staff(cast, "Sinta")
    body = {"giver_id": account.custodian_id, "receiver_id": next_one.pk, "due_on": today(7).isoformat()}
    begun = joko("post", f"accounts/{account.pk}/handovers", body)
    assert begun.status_code == 201, begun.content
    path = f"handovers/{begun.json()['id']}"
    assert [one["id"] for one in joko("get", "handovers").json()["items"]] == [begun.json()["id"]]
    half = joko("post", f"{path}/check", {"password_changed": True}).json()
    assert (half["password_changed"], half["recovery_changed"], half["done_at"]) == (True, False, None)
    kept = joko("post", f"{path}/check", {"password_changed": False}).json()
    assert kept["password_changed"], "what was checked off is not taken back"
    letter = {"number": "12/SK/2026", "dated": "2026-11-01"}
    done = joko("post", f"{path}/check", {**ALL, "letter": letter}).json()
    assert done["done_at"]
    account.refresh_from_db()
    assert account.custodian == next_one
    assert account.letter == Letter.objects.get(number="12/SK/2026")
    assert joko.status("post", f"{path}/check", ALL) == 409
    assert joko("get", "handovers").json()["total"] == 0


def test_a_handover_with_bad_people_or_days_is_refused(cast: Cast, account: Account) -> None:
    joko, sinta = Caller(cast, "joko"), staff(cast, "Sinta")
    good = {"giver_id": account.custodian_id, "receiver_id": sinta.pk, "due_on": today(7).isoformat()}
    for change in (
        {"giver_id": sinta.pk},
        {"receiver_id": account.deputy_custodian_id},
        {"receiver_id": 2**60},
        {"due_on": "besok"},
        {"due_on": today(-400).isoformat()},
    ):
        refused = joko("post", f"accounts/{account.pk}/handovers", {**good, **change})
        assert refused.status_code in {404, 409, 422}, change
        assert fault(refused)["message"]
    assert not Handover.objects.exists()
    assert joko.status("post", f"accounts/{account.pk}/handovers", good) == 201
    assert joko.status("post", f"accounts/{account.pk}/handovers", good) in {409, 422}, "one handover a seat"
    path = f"handovers/{Handover.objects.get().pk}"
    assert joko.status("post", f"{path}/cancel", {}) == 200
    assert joko.status("post", f"{path}/cancel", {}) == 409


@pytest.mark.parametrize("who", ["wulan", "dewi", "hendra", "sari", "maman", "tono", "euis"])
def test_who_does_not_administer_the_unit_hands_nothing_over(cast: Cast, account: Account, who: str) -> None:
    given = actions.begin_handover(
        SYSTEM, account.pk, account.custodian_id or 0, staff(cast, "Sinta").pk, due_on=today(7)
    )
    caller = Caller(cast, who)
    body = {"giver_id": account.deputy_custodian_id, "receiver_id": staff(cast, "Tuti").pk, "due_on": str(today(7))}
    assert caller("get", "handovers").json()["items"] == []
    assert caller.status("post", f"accounts/{account.pk}/handovers", body) in {403, 404}
    assert caller.status("post", f"handovers/{given.pk}/check", ALL) == 404
    assert caller.status("post", f"handovers/{given.pk}/cancel", {}) == 404
    given.refresh_from_db()
    assert given.is_open


def test_the_receiver_checks_off_but_names_nobody_else(cast: Cast, account: Account) -> None:
    receiver = Person.objects.get(user=cast.user("euis"))
    given = actions.begin_handover(SYSTEM, account.pk, account.custodian_id or 0, receiver.pk, due_on=today(7))
    euis, path = Caller(cast, "euis"), f"handovers/{given.pk}"
    assert euis.status("post", f"{path}/check", {"receiver_id": staff(cast, "Tuti").pk}) == 403
    assert euis.status("post", f"{path}/cancel", {}) == 403
    assert euis("post", f"{path}/check", ALL).json()["done_at"]
    account.refresh_from_db()
    assert account.custodian == receiver


@pytest.mark.django_db(transaction=True)
def test_of_completing_and_cancelling_at_once_one_happens(cast: Cast, account: Account) -> None:
    given = actions.begin_handover(
        SYSTEM, account.pk, account.custodian_id or 0, staff(cast, "Sinta").pk, due_on=today(7)
    )
    joko, arif, path = Caller(cast, "joko"), Caller(cast, "arif"), f"handovers/{given.pk}"
    said = together(
        lambda: joko.status("post", f"{path}/check", ALL), lambda: arif.status("post", f"{path}/cancel", {})
    )
    assert said == [200, 409]
    given.refresh_from_db()
    assert (given.done_at is None) != (given.cancelled_at is None)


# ---- rules and audits ----


@pytest.mark.parametrize("who", ["wulan", "dewi", "hendra", "sari", "maman", "tono", "euis", "joko"])
def test_only_an_administrator_of_the_root_sets_rules(cast: Cast, who: str) -> None:
    assert Caller(cast, who).status("put", "rules/posted_lately", {"enabled": False}) in {403, 404}
    assert not AuditEntry.objects.filter(verb="registry.rule.set").exists()


def test_rules_are_listed_and_set(cast: Cast) -> None:
    arif = Caller(cast, "arif")
    shipped = {rule["id"]: rule for rule in arif("get", "rules").json()}
    assert shipped["posted_lately"]["enabled"]
    assert shipped["posted_lately"]["days"]
    changed = arif("put", "rules/posted_lately", {"enabled": True, "days": 7}).json()
    assert changed["days"] == 7
    assert {rule["id"]: rule["days"] for rule in arif("get", "rules").json()}["posted_lately"] == 7
    for body in ({"enabled": True, "days": 0}, {"enabled": True, "days": 4000}, {"days": 7}, {"enabled": "mungkin"}):
        assert arif.status("put", "rules/posted_lately", body) == 422, body
    assert arif.status("put", "rules/two_custodians", {"enabled": True, "days": 7}) == 422, "it has no days"
    assert arif.status("put", "rules/tidak_ada", {"enabled": True}) == 404
    entry = AuditEntry.objects.get(verb="registry.rule.set")
    assert entry.after == {"rule": "posted_lately", "enabled": True, "days": 7}


def audited(cast: Cast, who: str = "joko") -> Audit:
    """Run an audit of Tambun Selatan to its end, begun through the API."""
    begun = Caller(cast, who)("post", "audits", {"unit_id": cast.tambun_selatan.pk, "title": "Sebelum pelatihan"})
    assert begun.status_code == 202, begun.content
    audit = Audit.objects.get(pk=begun.json()["id"])
    assert audit.job is not None
    assert jobs.run_now(audit.job).state == jobs.Job.State.DONE
    return audit


def test_an_audit_is_begun_read_filled_in_and_compared(cast: Cast, account: Account) -> None:
    joko = Caller(cast, "joko")
    first, second = audited(cast), audited(cast)
    assert {one["id"] for one in joko("get", f"audits?unit_id={cast.tambun_selatan.pk}").json()["items"]} == {
        first.pk,
        second.pk,
    }
    shares = {one["rule"]: one for one in joko("get", f"audits/{second.pk}").json()}
    assert (shares["two_custodians"]["passed"], shares["two_custodians"]["share"]) == (1, 1.0)
    failed = joko("get", f"audits/{second.pk}/results?verdict=failed").json()["items"]
    assert failed
    rule = failed[0]["rule"]
    finding = {"account_id": account.pk, "rule": rule, "verdict": "passed", "link": "https://x.com/kectambun"}
    seen = joko("post", f"audits/{second.pk}/results", {**finding, "note": "Sudah diperbaiki"}).json()
    assert (seen["verdict"], seen["note"]) == ("passed", "Sudah diperbaiki")
    moved = {one["rule"]: one for one in joko("get", f"audits/{second.pk}/compared/{first.pk}").json()}
    assert (moved[rule]["better"], moved[rule]["worse"]) == (1, 0)
    assert moved["two_custodians"]["same"] == 1


def test_bad_findings_and_unknown_audits_are_refused(cast: Cast, account: Account) -> None:
    joko, audit = Caller(cast, "joko"), audited(cast)
    rule = audit.results.values_list("rule", flat=True)[0]
    good = {"account_id": account.pk, "rule": rule, "verdict": "passed"}
    for change, status in (
        ({"verdict": "mungkin"}, 422),
        ({"link": "javascript:alert(1)"}, 422),
        ({"note": "x" * 501}, 422),
        ({"rule": "tidak_ada"}, 404),
        ({"account_id": 2**62}, 404),
    ):
        assert joko.status("post", f"audits/{audit.pk}/results", {**good, **change}) == status, change
    assert joko.status("get", f"audits/{2**63 + 5}") == 404
    assert joko.status("post", "audits", {"unit_id": cast.tambun_selatan.pk, "title": "x" * 121}) == 422
    assert joko.status("post", "audits", {"unit_id": 2**62}) == 404


@pytest.mark.parametrize(("who", "may"), [("wulan", True), ("arif", True), ("joko", True), ("dewi", False),
                                          ("hendra", False), ("sari", False), ("maman", False), ("tono", False),
                                          ("euis", False)])  # fmt: skip
def test_who_may_audit_begins_and_fills_in_nobody_else(cast: Cast, account: Account, who: str, may: bool) -> None:
    audit = audited(cast, "arif")
    caller, rule = Caller(cast, who), audit.results.values_list("rule", flat=True)[0]
    finding = {"account_id": account.pk, "rule": rule, "verdict": "passed"}
    begun = caller.status("post", "audits", {"unit_id": cast.tambun_selatan.pk})
    filled = caller.status("post", f"audits/{audit.pk}/results", finding)
    assert (begun, filled) == (202, 200) if may else (begun in {403, 404}, filled in {403, 404}) == (True, True)
    if who == "maman":
        assert caller.status("get", f"audits/{audit.pk}") == 404


# ---- routine sign-offs ----


def waiting(cast: Cast) -> SignOff:
    """Return the check of Tambun Selatan that a routine at the root made due."""
    actions.set_routine(
        SYSTEM, cast.root.pk, every_days=30, rises_days=7, starts_on=today(), chosen=["proven", "two_custodians"]
    )
    while ticks.run_once("registry.sign_offs"):
        pass
    return SignOff.objects.get(unit=cast.tambun_selatan, signed_at=None)


def test_a_superior_signs_off_once_and_says_what_to_mend(cast: Cast, account: Account) -> None:
    row, wulan = waiting(cast), Caller(cast, "wulan")
    assert [one["id"] for one in wulan("get", "sign-offs").json()["items"]] == [row.pk]
    refused = wulan("post", f"sign-offs/{row.pk}", {})
    assert (refused.status_code, set(fault(refused)["fields"])) == (422, {"remarks"})
    assert wulan.status("post", f"sign-offs/{row.pk}", {"remarks": "x" * 1001}) == 422
    signed = wulan("post", f"sign-offs/{row.pk}", {"remarks": "Buktikan akunnya"}).json()
    assert signed["signed_at"]
    assert signed["findings"]["proven"] == {"failed": 1}
    assert wulan.status("post", f"sign-offs/{row.pk}", {"remarks": "Lagi"}) == 409
    assert wulan.status("post", f"sign-offs/{2**63 + 1}", {"remarks": "x"}) == 404
    done = wulan("get", "sign-offs?view=done").json()["items"]
    assert [one["id"] for one in done] == [row.pk]


@pytest.mark.parametrize("who", ["joko", "dewi", "hendra", "sari", "maman", "tono", "euis"])
def test_nobody_signs_off_themselves_or_without_the_right(cast: Cast, account: Account, who: str) -> None:
    row = waiting(cast)
    assert Caller(cast, who).status("post", f"sign-offs/{row.pk}", {"remarks": "Baik"}) in {403, 404}
    row.refresh_from_db()
    assert row.signed_at is None


@pytest.mark.django_db(transaction=True)
def test_of_two_who_sign_at_once_one_is_told(cast: Cast, account: Account) -> None:
    row, signers = waiting(cast), [Caller(cast, who) for who in ("wulan", "arif")]
    body = {"remarks": "Buktikan akunnya"}
    said = together(*(lambda one=one: one.status("post", f"sign-offs/{row.pk}", body) for one in signers))
    assert said == [200, 409]
    row.refresh_from_db()
    assert row.signed_by in set(User.objects.filter(email__in=["wulan@example.id", "arif@example.id"]))
    assert AuditEntry.objects.filter(verb="registry.sign_off.sign").count() == 1
