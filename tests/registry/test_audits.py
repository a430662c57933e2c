"""Audits: what the rules give, the check sheet, two audits compared, who may do what."""

import io
from collections.abc import Callable
from datetime import date, timedelta

import httpx
import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kentongan.channels.contract import NoSuchAccount, Profile, RetryLater
from kentongan.core import clock, jobs
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry, User
from kentongan.registry import actions, auditing, queries, rules
from kentongan.registry.actions.audits import Finding
from kentongan.registry.actions.custody import Correction, GivenLetter
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Audit, AuditResult, Unit
from kentongan.registry.rules import Check, data
from kentongan.registry.rules.data import carries_name
from named_cast import Cast

SignIn = Callable[[User], Client]
Verdict = AuditResult.Verdict
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000000000500017a5eab3f"
    "0000000049454e44ae426082"
)


class Shown:
    """A platform's public profiles, as the test says; stands in for the network."""

    def __init__(self, **profiles: Profile | Exception) -> None:
        self.profiles = profiles
        self.place = "bio"

    def look(self, key: str, client: httpx.Client) -> Profile:
        """Return the profile of `key`."""
        found = self.profiles[key.split(".")[0]]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that says what public profiles show; without it no platform shows any."""

    def show(**given: Profile | Exception) -> None:
        monkeypatch.setattr(auditing, "prover", lambda platform: Shown(**given) if platform == "bluesky" else None)

    show()
    return show


def declare(cast: Cast, unit: Unit, handle: str, **extra: object) -> Account:
    """Put an account on the list."""
    return actions.declare_account(cast.actor("arif"), unit.pk, handle=handle, **extra)  # type: ignore[arg-type]


def audited(cast: Cast, unit: Unit, who: str = "arif", title: str = "") -> Audit:
    """Run an audit to its end."""
    audit = actions.begin_audit(cast.actor(who), unit.pk, title=title, inline=True)
    assert audit.job is not None
    job = jobs.run_now(audit.job)
    assert job.state == jobs.Job.State.DONE, job.error
    audit.refresh_from_db()
    return audit


def verdicts(audit: Audit, account: Account) -> dict[str, str]:
    """Return the verdicts about one account by rule."""
    return dict(audit.results.filter(account=account).values_list("rule", "verdict"))


def test_every_rule_of_data_has_an_answer_and_every_text_both_languages() -> None:

    wanted = {rule.id for rule in rules.shipped().values() if rule.check == Check.DATA}
    assert wanted == set(data.ANSWERERS)
    for rule in rules.shipped().values():
        for texts in (rule.titles, rule.advices):
            assert set(texts) == {"id", "en"}
            assert texts["id"] != texts["en"]


@pytest.mark.parametrize(
    ("unit", "short", "shown", "handle", "expected"),
    [
        ("KPU Kabupaten Bekasi", "KPU", "KPU Kabupaten Bekasi", "x", True),
        ("KPU Kabupaten Bekasi", "KPU", "", "kpukabbekasi", True),
        ("KPU Kabupaten Bekasi", "KPU", "", "kpu.kab.bekasi", True),
        ("KPU Kabupaten Bekasi", "KPU", "KPU Kota Bekasi", "kpukotabekasi", False),
        ("KPU Kabupaten Bekasi", "KPU", "Rudi Hartono", "rudi_h", False),
        ("Kecamatan Tambun Selatan", "Diskominfo Bekasi", "Kec. Tambun Selatan", "x", True),
        ("Kecamatan Tambun Selatan", "Diskominfo Bekasi", "Tambun Kita", "tambunkita", False),
        ("Desa Sukamahi", "Diskominfo Bekasi", "Pemerintah Desa Sukamahi", "x", True),
    ],
)
def test_a_real_name_is_told_from_others(unit: str, short: str, shown: str, handle: str, expected: bool) -> None:
    account = Account(unit=Unit(name=unit), display_name=shown, handle=handle)
    assert carries_name(account, short) is expected


def test_a_good_and_a_bad_account(cast: Cast, profiles: Callable[..., None]) -> None:
    good = declare(cast, cast.tambun_selatan, "https://facebook.com/kectambunselatan")
    bad = declare(cast, cast.tambun_selatan, "https://facebook.com/rudi.hartono", display_name="Rudi Hartono")
    arif = cast.actor("arif")
    keepers = [
        actions.add_person(arif, NewPerson(name, cast.tambun_selatan.pk, "Staf", "SK 1")).pk
        for name in ("Rini", "Budi")
    ]
    letter = GivenLetter("1/SK", date(2026, 1, 2))
    wanted = Correction(form="page", custodian_id=keepers[0], deputy_id=keepers[1], letter=letter)
    actions.correct_account(arif, good.pk, wanted)
    actions.correct_account(arif, bad.pk, Correction(form="profile"))
    moment = clock.now()
    Account.objects.filter(pk=good.pk).update(last_posted_at=moment, proof="code", proven_at=moment, state="proven")
    Account.objects.filter(pk=bad.pk).update(last_posted_at=moment - timedelta(days=15))
    audit = audited(cast, cast.root)
    by_data = {rule.id for rule in rules.shipped().values() if rule.check == Check.DATA}
    assert {rule: v for rule, v in verdicts(audit, good).items() if rule in by_data} == dict.fromkeys(by_data, "passed")
    assert {rule for rule, v in verdicts(audit, bad).items() if v == "failed"} == by_data - {
        "custodian_term",
        "not_dormant",
    }
    assert verdicts(audit, bad)["custodian_term"] == Verdict.IRRELEVANT
    assert verdicts(audit, good)["logo"] == Verdict.OPEN
    assert audit.finished_at is not None


def test_a_rule_speaks_only_of_its_platforms(cast: Cast, profiles: Callable[..., None]) -> None:
    account = declare(cast, cast.root, "pemkabbekasi", platform="x")
    audit = audited(cast, cast.root)
    assert verdicts(audit, account)["page_not_profile"] == Verdict.IRRELEVANT


def test_what_cannot_be_told_is_left_to_a_person(cast: Cast, profiles: Callable[..., None]) -> None:
    account = declare(cast, cast.root, "https://facebook.com/pemkabbekasi")
    found = verdicts(audited(cast, cast.root), account)
    assert {rule for rule, verdict in found.items() if verdict == "open"} >= {
        "page_not_profile",
        "posted_lately",
        "bio_site_link",
        "logo",
    }


def test_bios_are_read_where_everybody_may_and_failures_are_told(cast: Cast, profiles: Callable[..., None]) -> None:
    declare(cast, cast.root, "https://bekasikab.go.id")
    handles = ("lengkap", "kosong", "lain", "hilang", "padam")
    accounts = {name: declare(cast, cast.root, f"{name}.example.id", platform="bluesky") for name in handles}
    profiles(
        lengkap=Profile(("Pemerintah Kabupaten Bekasi. www.bekasikab.go.id",)),
        kosong=Profile(("",)),
        lain=Profile(("Info lowongan di bit.ly/kerja",)),
        hilang=NoSuchAccount("Tidak ada akun itu."),
        padam=RetryLater("Server tidak menjawab."),
    )
    audit = audited(cast, cast.root)
    found = {name: audit.results.get(account=one, rule="bio_site_link") for name, one in accounts.items()}
    assert {name: one.verdict for name, one in found.items()} == {
        "lengkap": "passed",
        "kosong": "failed",
        "lain": "failed",
        "hilang": "open",
        "padam": "open",
    }
    assert "bekasikab.go.id" in found["lengkap"].evidence
    assert "Server tidak menjawab." in found["padam"].evidence
    job = audit.job
    assert job is not None
    assert job.result["unread"] == 2


def test_a_job_that_runs_again_goes_on_and_keeps_what_people_wrote(cast: Cast, profiles: Callable[..., None]) -> None:
    first = declare(cast, cast.root, "pemkabbekasi", platform="x")
    audit = audited(cast, cast.root)
    actions.check_result(cast.actor("arif"), audit.pk, first.pk, "logo", Finding("passed", note="Sesuai"))
    later = declare(cast, cast.root, "pemkabbekasi", platform="instagram")
    again = jobs.start(cast.actor("arif"), "registry.audit", "ulang", inline=True, audit_id=audit.pk)
    assert jobs.run_now(again).result["accounts"] == 1
    assert verdicts(audit, later)
    assert audit.results.get(account=first, rule="logo").verdict == "passed"


def test_the_sheet_takes_verdict_evidence_and_note(cast: Cast, sign_in: SignIn, profiles: Callable[..., None]) -> None:
    account = declare(cast, cast.tambun_selatan, "kectambun", platform="x")
    audit = audited(cast, cast.root)
    client = sign_in(cast.user("joko"))
    address = reverse("registry:audit_account", args=[audit.pk, account.pk])
    assert client.get(address).status_code == 200
    posted = {
        "rule": "logo",
        "logo-verdict": "failed",
        "logo-note": "Foto pribadi",
        "logo-link": "https://x.com/kectambun/photo",
        "logo-file": SimpleUploadedFile("layar.png", PNG, "image/png"),
    }
    assert client.post(address, {**posted, "logo-verdict": "mungkin"}).status_code == 422
    assert client.post(address, {**posted, "logo-file": SimpleUploadedFile("a.png", b"MZ")}).status_code == 422
    posted["logo-file"] = SimpleUploadedFile("layar.png", PNG, "image/png")
    assert client.post(address, posted).status_code == 302
    result = audit.results.get(account=account, rule="logo")
    assert (result.verdict, result.note, result.checked_by) == ("failed", "Foto pribadi", cast.user("joko"))
    assert result.file is not None
    assert AuditEntry.objects.filter(verb="registry.audit.check", object_id=str(account.pk)).count() == 1
    assert sign_in(cast.user("euis")).post(address, {**posted, "logo-file": ""}).status_code == 403


def test_who_may_audit_and_see(cast: Cast, profiles: Callable[..., None]) -> None:
    mine = declare(cast, cast.tambun_selatan, "kectambun", platform="x")
    other = declare(cast, cast.cikarang_pusat, "keccikarang", platform="x")
    for who, error in (("euis", NotAllowed), ("maman", NotFound), ("tono", NotFound)):
        with pytest.raises(error):
            actions.begin_audit(cast.actor(who), cast.tambun_selatan.pk)
    audit = audited(cast, cast.root)
    joko = cast.actor("joko")
    assert list(queries.audits(joko, cast.tambun_selatan)) == [audit]
    assert {one.account_id for one in queries.results(joko, audit)} == {mine.pk}
    assert [one.pk for one in queries.audited(joko, audit)] == [mine.pk]
    with pytest.raises(NotFound):
        actions.check_result(joko, audit.pk, other.pk, "logo", Finding("passed"))
    with pytest.raises(NotFound):
        queries.audit(cast.actor("tono"), audit.pk)
    beside = audited(cast, cast.cikarang_pusat)
    with pytest.raises(NotFound):
        queries.audit(joko, beside.pk)
    with pytest.raises(Invalid):
        actions.check_result(joko, audit.pk, mine.pk, "logo", Finding("passed", link="javascript:alert(1)"))


def test_two_audits_say_what_improved(cast: Cast, sign_in: SignIn, profiles: Callable[..., None]) -> None:
    account = declare(cast, cast.tambun_selatan, "https://facebook.com/kectambunselatan")
    actions.correct_account(cast.actor("arif"), account.pk, Correction(form="profile"))
    before = audited(cast, cast.root, title="Sebelum pelatihan")
    actions.correct_account(
        cast.actor("arif"), account.pk, Correction(form="page", display_name="Akun Rudi", handle="rudihartono")
    )
    Account.objects.filter(pk=account.pk).update(last_posted_at=clock.now())
    after = audited(cast, cast.root, title="Sesudah pelatihan")
    arif = cast.actor("arif")
    changes = {one.rule: one.change for one in queries.compared(arif, before, after)}
    assert changes["page_not_profile"] == "better"
    assert changes["real_name"] == "worse"
    assert changes["two_custodians"] == "same"
    assert changes["posted_lately"] == "new"
    assert "logo" not in changes
    moved = {one.rule.id: (one.better, one.worse, one.same, one.new) for one in queries.movements(arif, before, after)}
    assert moved["real_name"] == (0, 1, 0, 0)
    client = sign_in(cast.user("arif"))
    address = reverse("registry:audit_compare", args=[after.pk])
    shown = client.get(address, {"with": before.pk, "change": "worse"}).content.decode()
    assert "nama lembaga" in shown
    assert client.get(address, {"with": before.pk, "format": "xlsx"}).status_code == 200
    for wrong in ("", "x", "999999"):
        assert client.get(address, {"with": wrong}).status_code == 404


def test_results_leave_as_a_spreadsheet_and_the_sheet_as_pdf(
    cast: Cast, sign_in: SignIn, profiles: Callable[..., None]
) -> None:
    declare(cast, cast.root, "pemkabbekasi", platform="x", display_name="=HYPERLINK(1)")
    audit = audited(cast, cast.root)
    client = sign_in(cast.user("arif"))
    answer = client.get(audit.get_absolute_url(), {"format": "xlsx"})
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    rows = book.get_sheet_by_index(0).to_python()
    assert len(rows) == 1 + len(rules.shipped())
    paper = client.get(reverse("registry:audit_sheet", args=[audit.pk]))
    assert paper.content.startswith(b"%PDF")
    assert paper["Content-Disposition"].endswith('.pdf"')


def test_the_organisation_changes_rules(cast: Cast, sign_in: SignIn, profiles: Callable[..., None]) -> None:
    account = declare(cast, cast.root, "pemkabbekasi", platform="x")
    Account.objects.filter(pk=account.pk).update(last_posted_at=clock.now() - timedelta(days=20))
    client = sign_in(cast.user("arif"))
    posted = {"posted_lately-enabled": "on", "posted_lately-days": 30}
    assert client.post(reverse("registry:rule_set", args=["posted_lately"]), posted).status_code == 302
    assert client.post(reverse("registry:rule_set", args=["logo"]), {}).status_code == 302
    found = verdicts(audited(cast, cast.root), account)
    assert found["posted_lately"] == "passed"
    assert "logo" not in found
    wrong = {"posted_lately-enabled": "on", "posted_lately-days": 0}
    assert client.post(reverse("registry:rule_set", args=["posted_lately"]), wrong).status_code == 422
    assert client.post(reverse("registry:rule_set", args=["karangan"]), {}).status_code == 404
    with pytest.raises(Invalid):
        actions.set_rule(cast.actor("arif"), "logo", enabled=True, days=5)
    for who in ("joko", "euis"):
        assert sign_in(cast.user(who)).post(reverse("registry:rule_set", args=["logo"]), {}).status_code in {403, 404}
        assert reverse("registry:rule_set", args=["logo"]) not in client.get(reverse("registry:rules")).content.decode()


def test_an_audit_by_no_rules_is_refused(cast: Cast) -> None:
    for rule in rules.shipped():
        actions.set_rule(cast.actor("arif"), rule, enabled=False)
    with pytest.raises(Conflict):
        actions.begin_audit(cast.actor("arif"), cast.root.pk)


def test_an_audit_of_60_accounts_asks_as_often_as_one_of_20(
    cast: Cast, sign_in: SignIn, profiles: Callable[..., None], django_assert_max_num_queries
) -> None:
    for number in range(20):
        declare(cast, cast.root, f"akun{number}", platform="x")
    small = audited(cast, cast.root)
    client = sign_in(cast.user("wulan"))
    client.get(small.get_absolute_url())
    with django_assert_max_num_queries(40) as few:
        client.get(small.get_absolute_url())
    for number in range(20, 60):
        declare(cast, cast.root, f"akun{number}", platform="x")
    large = audited(cast, cast.root)
    with django_assert_max_num_queries(len(few) + 1):
        shown = client.get(large.get_absolute_url()).content.decode()
    assert "akun59" in shown or "60" in shown
