"""The same loop without a browser: once through the API, once through the command line, on the running product."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kentongan.core import clock
from runtime.installations import Installation, wait_until

pytestmark = pytest.mark.journey
TEXT = "Tanggul sementara dipasang hari ini. Posko buka 24 jam di kantor kecamatan."


def _run(office: Installation, *words: str, text: str = "") -> Any:
    """Run a command with JSON output and return what it printed."""
    done = office.run(*words, text=text)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Client:
    """Somebody's program, with a token of theirs."""

    def __init__(self, office: Installation, name: str, *scopes: str) -> None:
        options = [word for scope in scopes for word in ("--scope", scope)]
        secret = _run(office, "tokens", "create", f"{name}@example.id", *options, "--json")["token"]
        self.calls = httpx.Client(
            base_url=f"http://127.0.0.1:{office.port}/api/v1",
            headers={"Authorization": f"Bearer {secret}"},
            timeout=30,
        )

    def get(self, path: str, **params: Any) -> Any:
        answer = self.calls.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.calls.post(path, json=body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()


def _approved(office: Installation, issue: int, unit: int) -> int:
    """From an issue to an approved item, through the API; returns its number."""
    writer = Client(office, "dewi", "planning:write")
    deadline = (clock.now() + timedelta(days=1)).isoformat()
    brief = writer.post(
        "/planning/briefs",
        unit_id=unit,
        issue_id=issue,
        title="Tanggul",
        message=TEXT,
        audience="Warga bantaran",
        deadline=deadline,
        facts=[{"text": "Tanggul sementara 120 meter.", "source": "BPBD, laporan pagi"}],
    )
    item = writer.post(
        "/planning/items",
        unit_id=unit,
        brief_id=brief["id"],
        title="Tanggul sementara",
        text=TEXT,
        purpose="service",
        renditions={"newsroom": {"title": "Tanggul sementara dipasang", "text": TEXT}},
    )
    writer.post(f"/planning/items/{item['id']}/submit")
    approver = Client(office, "hendra", "planning:write")
    shown = approver.get(f"/planning/items/{item['id']}")
    ticked = [line["code"] for line in shown["checklist"]]
    refused = writer.calls.post(
        f"/planning/items/{item['id']}/approve", json={"version": shown["version"], "checklist": ticked}
    )
    assert refused.status_code == 403
    approver.post(f"/planning/items/{item['id']}/approve", version=shown["version"], checklist=ticked)
    return int(item["id"])


def test_the_loop_through_the_api(office: Installation) -> None:
    leader = Client(
        office, "wulan", "listening:read", "registry:read", "missions:write", "gatherings:write", "insights:read"
    )
    issue = leader.get("/listening/issues")["items"][0]["id"]
    unit = leader.get("/registry/units", q="32.16")["items"][0]["id"]
    item = _approved(office, issue, unit)
    publisher = Client(office, "hendra", "publishing:write", "registry:read")
    account = next(a for a in publisher.get("/registry/accounts")["items"] if a["platform"] == "newsroom")
    publisher.post("/publishing/deliveries", item_id=item, account_ids=[account["id"]], due_at=clock.now().isoformat())

    def published() -> bool:
        rows = publisher.get("/publishing/deliveries", item_id=item)["items"]
        return [row["state"] for row in rows] == ["published"]

    wait_until(published, "publishing to the newsroom", 60)
    ledger = publisher.get("/publishing/ledger")
    parts = ("published", "rejected", "missed", "held", "unknown", "recalled", "to_come")
    assert ledger["planned"] == sum(ledger[part] for part in parts)
    _order_meet_measure(leader, issue, unit)


def _order_meet_measure(leader: Client, issue: int, unit: int) -> None:
    due = (clock.now() + timedelta(days=2)).isoformat()
    order = leader.post(
        "/missions/instructions",
        unit_id=unit,
        scope_id=unit,
        title="Cek pompa",
        text="Nyalakan dan foto.",
        due_at=due,
        level="district",
        issue_id=issue,
    )
    sent = leader.post(f"/missions/instructions/{order['id']}/send")
    assert sent["shares"]["total"] == 23
    starts = clock.now() + timedelta(days=3)
    meeting = leader.post(
        "/gatherings/gatherings",
        unit_id=unit,
        issue_id=issue,
        title="Ngobrol tanggul",
        place="Aula kecamatan",
        starts_at=starts.isoformat(),
        ends_at=(starts + timedelta(hours=2)).isoformat(),
    )
    assert meeting["issue_id"] == issue
    assert leader.get("/insights/reach")["sums"]["posts"] >= 1


def test_the_loop_through_the_command_line(office: Installation) -> None:
    issue = str(_run(office, "listen", "issues", "--json")[0]["id"])
    editor, approver, leader = (("--as", f"{name}@example.id") for name in ("dewi", "hendra", "wulan"))
    brief = _run(
        office, "plan", "brief", "--issue", issue, "--message", TEXT, "--fact", "Panjang 120 m|BPBD", *editor, "--json"
    )
    item = _run(
        office,
        *("plan", "item", "--title", "Tanggul dari terminal", "--purpose", "service", "--brief", str(brief["id"])),
        *("--text", TEXT, "--version-for", f"newsroom={TEXT}", *editor, "--json"),
    )
    number = str(item["id"])
    _run(office, "plan", "submit", number, *editor, "--json")
    shown = _run(office, "plan", "show", number, *approver, "--json")
    own = office.run("plan", "approve", number, "--version", str(shown["version"]), *editor)
    assert own.returncode == 1
    ticks = [word for line in shown["checklist"] for word in ("--tick", line["code"])]
    _run(office, "plan", "approve", number, "--version", str(shown["version"]), *ticks, *approver, "--json")
    account = next(a for a in _run(office, "accounts", "list", "--json") if a["platform"] == "newsroom")
    _run(office, "publish", "schedule", number, "--account", str(account["id"]), "--yes", *approver, "--json")

    def published() -> bool:
        rows = _run(office, "ledger", "--json")["deliveries"]
        return [row["state"] for row in rows if str(row["item"]) == number] == ["published"]

    wait_until(published, "publishing to the newsroom", 60)
    given = _run(
        office,
        *("instruct", "give", "Cek pompa", "--text", "Nyalakan.", "--unit", "32.16", "--level", "district"),
        *("--issue", issue, "--yes", *leader, "--json"),
    )
    assert given["total"] == 23
    starts = f"{clock.now() + timedelta(days=3):%Y-%m-%dT%H:%M}"
    _run(
        office,
        *("gather", "plan", "Ngobrol tanggul", "--place", "Aula", "--starts", starts, "--unit", "32.16"),
        *("--issue", issue, *leader, "--json"),
    )
    assert _run(office, "measure", "--json", *leader)


def test_the_command_line_has_the_same_rights(office: Installation) -> None:
    for words in (("listen", "issues"), ("ledger",), ("plan", "items"), ("accounts", "list")):
        mine = office.run(*words, "--json", "--as", "maman@example.id")
        assert mine.returncode == 1 or not json.loads(mine.stdout) or "Kabupaten" not in mine.stdout, words
