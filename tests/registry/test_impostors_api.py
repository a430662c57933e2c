"""Impostors through the API: the list, one case, the decision, handing on, the evidence; each role, races."""

import threading

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kentongan.core.actor import Actor
from kentongan.core.models import AuditEntry
from kentongan.registry import actions, queries
from kentongan.registry.models import ImpostorCase
from named_cast import Cast
from registry.calling import Caller, fault

FAKE = "https://www.instagram.com/kec_tambun_resmi"
OTHERS = ("wulan", "dewi", "hendra", "sari", "maman", "tono", "euis")


@pytest.fixture
def case(cast: Cast) -> ImpostorCase:
    """A case of Tambun Selatan, told by a citizen who left an address."""
    cache.clear()
    actions.declare_account(cast.actor("joko"), cast.tambun_selatan.pk, handle="https://www.instagram.com/kec_tambun")
    told = actions.Report(FAKE, what="Minta pulsa", contact="warga@example.id", consent="Boleh dihubungi.")
    return actions.take_in(Actor.anonymous(), told, None).case


def test_who_administers_the_unit_lists_and_sees_the_case_without_the_reporter(cast: Cast, case: ImpostorCase) -> None:
    for who in ("joko", "arif"):
        page = Caller(cast, who)("get", "impostors?state=open").json()
        assert [(one["id"], one["told"], one["state"]) for one in page["items"]] == [(case.pk, 1, "new")]
        answer = Caller(cast, who)("get", f"impostors/{case.pk}")
        seen = answer.json()
        assert (seen["unit_id"], seen["reports"][0]["what"]) == (cast.tambun_selatan.pk, "Minta pulsa")
        assert b"warga@example.id" not in answer.content, "how to reach a reporter stays on the screen"
    assert Caller(cast, "joko")("get", "impostors?state=impostor").json()["total"] == 0
    assert Caller(cast, "joko")("get", "impostors?q=tambun").json()["total"] == 1


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_sees_decides_or_takes_it_along(cast: Cast, case: ImpostorCase, who: str) -> None:
    caller, path = Caller(cast, who), f"impostors/{case.pk}"
    assert caller("get", "impostors").json()["items"] == []
    assert caller.status("get", f"impostors?unit_id={cast.tambun_selatan.pk}") in {403, 404}
    assert caller.status("get", path) == 404
    assert caller.status("post", f"{path}/decide", {"state": "impostor", "seen": "new", "reason": "x"}) == 404
    assert caller.status("post", f"{path}/refer", {"unit_id": cast.root.pk, "seen": "new"}) == 404
    assert caller.status("post", f"{path}/evidence", {}) == 404
    case.refresh_from_db()
    assert case.state == "new"
    assert not AuditEntry.objects.filter(verb="registry.impostor.pack").exists()


def test_a_decision_warns_the_public_and_bad_ones_are_refused(cast: Cast, case: ImpostorCase) -> None:
    joko, path = Caller(cast, "joko"), f"impostors/{case.pk}"
    for body, status, field in (
        ({"state": "impostor", "seen": "new"}, 422, "reason"),
        ({"state": "duplicate", "seen": "new", "reason": "Sama"}, 422, "same_as"),
        ({"state": "duplicate", "seen": "new", "reason": "Sama", "same_as": case.pk}, 422, "same_as"),
        ({"state": "menyamar", "seen": "new", "reason": "x"}, 422, "state"),
        ({"state": "impostor", "seen": "new", "reason": "x" * 501}, 422, "reason"),
    ):
        refused = joko("post", f"{path}/decide", body)
        assert refused.status_code == status, body
        assert any(field in name for name in fault(refused)["fields"])
    decided = joko("post", f"{path}/decide", {"state": "impostor", "seen": "new", "reason": "Meminta pulsa"})
    assert (decided.status_code, decided.json()["state"]) == (200, "impostor")
    cache.clear()
    assert queries.check(FAKE).verdict == "impostor"
    late = joko("post", f"{path}/decide", {"state": "genuine", "seen": "new", "reason": "Salah"})
    assert (late.status_code, fault(late)["code"]) == (409, "conflict")
    wrong = joko("post", f"{path}/decide", {"state": "genuine", "seen": "impostor", "reason": "Salah"})
    assert wrong.status_code == 409, "a decision is taken back by looking again"
    again = joko("post", f"{path}/decide", {"state": "looking", "seen": "impostor"})
    assert again.json()["state"] == "looking"


def test_a_duplicate_names_a_case_that_one_may_decide_about(cast: Cast, case: ImpostorCase) -> None:
    other = actions.take_in(Actor.anonymous(), actions.Report("https://x.com/siapa_saja"), None).case
    body = {"state": "duplicate", "seen": "new", "reason": "Orang yang sama", "same_as": other.pk}
    assert Caller(cast, "joko").status("post", f"impostors/{case.pk}/decide", body) == 422, "it is the root's"
    decided = Caller(cast, "arif")("post", f"impostors/{case.pk}/decide", body)
    assert decided.json()["same_as_id"] == other.pk


def test_a_case_is_handed_on_by_who_administers_both_ends(cast: Cast, case: ImpostorCase) -> None:
    path, body = f"impostors/{case.pk}/refer", {"unit_id": cast.root.pk, "seen": "new"}
    assert Caller(cast, "joko").status("post", path, body) in {403, 404}
    assert Caller(cast, "arif").status("post", path, {**body, "unit_id": cast.tambun_selatan.pk}) == 422
    assert Caller(cast, "arif").status("post", path, {**body, "seen": "looking"}) == 409
    assert Caller(cast, "arif")("post", path, body).json()["unit_id"] == cast.root.pk
    assert Caller(cast, "joko").status("get", f"impostors/{case.pk}") == 404


def test_the_evidence_is_a_pdf_and_taking_it_is_written_down(cast: Cast, case: ImpostorCase) -> None:
    assert Caller(cast, "joko", ("registry:read",)).status("post", f"impostors/{case.pk}/evidence", {}) == 403
    answer = Caller(cast, "joko")("post", f"impostors/{case.pk}/evidence", {})
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    entry = AuditEntry.objects.get(verb="registry.impostor.pack")
    assert (entry.object_id, entry.user_id) == (str(case.pk), cast.user("joko").pk)


def test_the_list_takes_a_fixed_number_of_queries(cast: Cast, case: ImpostorCase) -> None:
    counts = []
    for number in range(6):
        actions.take_in(Actor.anonymous(), actions.Report(f"https://x.com/palsu_{number}"), None)
        if number in {0, 5}:
            with CaptureQueriesContext(connection) as asked:
                assert Caller(cast, "arif").status("get", "impostors") == 200
            counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_is_told(cast: Cast, case: ImpostorCase) -> None:
    callers = {state: Caller(cast, who) for who, state in (("joko", "impostor"), ("arif", "genuine"))}
    start, said = threading.Barrier(2), dict[str, int]()

    def decide(state: str) -> None:
        try:
            start.wait(20)
            body = {"state": state, "seen": "new", "reason": "Sudah dilihat"}
            said[state] = callers[state].status("post", f"impostors/{case.pk}/decide", body)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(state,)) for state in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(said.values()) == [200, 409]
    case.refresh_from_db()
    assert said[case.state] == 200
