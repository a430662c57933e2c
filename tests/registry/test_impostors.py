"""Reports of impostors: taken from anybody, decided by those concerned, told to the public only when confirmed."""

import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kentongan.channels import addresses, reporting
from kentongan.core import clock, files
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.models import AuditEntry, Message, StoredFile, User
from kentongan.registry import actions, evidence, queries, retention, telling
from kentongan.registry.models import Account, ImpostorCase, ImpostorReport
from kentongan.registry.queries.checks import Verdict
from named_cast import SYSTEM, Cast

SignIn = Callable[[User], Client]
State = ImpostorCase.State
FAKE = "https://www.instagram.com/kec_tambun_resmi"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100"
    "18dd8db00000000049454e44ae426082"
)


@pytest.fixture(autouse=True)
def _nothing_is_kept(db: None) -> None:
    cache.clear()


@pytest.fixture
def office(cast: Cast) -> Cast:
    """The cast, with an official account of the district Tambun Selatan."""
    actions.declare_account(cast.actor("joko"), cast.tambun_selatan.pk, handle="https://www.instagram.com/kec_tambun")
    return cast


def tell(pasted: str = FAKE, actor: Actor | None = None, **fields: object) -> ImpostorReport:
    """Report an account."""
    upload = fields.pop("upload", None)
    return actions.take_in(actor or Actor.anonymous(), actions.Report(pasted, **fields), upload)  # type: ignore[arg-type]


def shot(content: bytes = PNG, name: str = "bukti.png") -> SimpleUploadedFile:
    """Return a screenshot as a browser sends it."""
    return SimpleUploadedFile(name, content, content_type="image/png")


# ---- reporting ----


def test_reports_of_one_account_are_one_case_at_the_unit_that_it_imitates(office: Cast) -> None:
    first, second = tell(), tell("IG: @KEC_TAMBUN_RESMI")
    case = first.case
    assert case == second.case
    assert (case.unit, case.imitates and case.imitates.handle) == (office.tambun_selatan, "kec_tambun")
    assert case.state == State.NEW
    assert tell("https://x.com/siapa_saja").case.unit == office.root


def test_two_who_report_at_the_same_instant_make_one_case(office: Cast) -> None:
    case = tell().case
    case.pk = None
    with pytest.raises(IntegrityError, match="registry_impostor_case_once"), transaction.atomic():
        case.save()


def test_a_report_tells_nothing_to_the_public(office: Cast) -> None:
    before = queries.check(FAKE)
    tell()
    cache.clear()
    assert queries.check(FAKE) == before


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"link": ""}, "link"),
        ({"link": "https://bit.ly/3x"}, "link"),
        ({"link": "@kec_tambun"}, "link"),
        ({"link": FAKE, "contact": "warga@example.id"}, "consent"),
        ({"link": FAKE, "contact": "bukan surel", "consent": "on"}, "contact"),
        ({"link": FAKE, "platform": "friendster"}, "platform"),
        ({"link": FAKE, "what": "x" * 2001}, "what"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(office: Cast, client: Client, data: dict, field: str) -> None:
    answer = client.post("/cek/lapor/", data)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    assert not ImpostorCase.objects.exists()


def test_anybody_reports_without_script_or_cookie(office: Cast, client: Client) -> None:
    data = {"link": FAKE, "what": "Minta pulsa", "contact": "warga@example.id", "consent": "on", "screenshot": shot()}
    answer = Client(enforce_csrf_checks=True).post("/cek/lapor/", data)
    made = ImpostorReport.objects.get()
    assert answer.url == f"/cek/lapor/terima-kasih/?r={made.reference}"
    assert made.reference in client.get(answer.url).content.decode()
    assert made.contact == "warga@example.id"
    assert made.consent
    with connection.cursor() as cursor:
        cursor.execute("SELECT contact FROM registry_impostorreport")
        assert "warga" not in cursor.fetchone()[0]
    assert AuditEntry.objects.get(verb="registry.impostor.report").actor_kind == "anonymous"
    assert "warga" not in str(AuditEntry.objects.values_list("before", "after", "note"))


def test_without_an_address_no_consent_is_kept(office: Cast, client: Client) -> None:
    client.post("/cek/lapor/", {"link": FAKE, "consent": "on"})
    made = ImpostorReport.objects.get()
    assert (made.contact, made.consent) == (None, "")


def test_a_robot_is_thanked_and_forgotten(office: Cast, client: Client) -> None:
    assert client.post("/cek/lapor/", {"link": FAKE, "nickname": "Bot"}).status_code == 302
    assert not ImpostorCase.objects.exists()
    assert client.get("/cek/lapor/terima-kasih/?r=<b>").status_code == 200


@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ\x90", b"%PDF-1.7"])
def test_only_pictures_are_taken(office: Cast, client: Client, content: bytes) -> None:
    answer = client.post("/cek/lapor/", {"link": FAKE, "screenshot": shot(content)})
    assert answer.context["form"].errors.keys() == {"screenshot"}
    assert not ImpostorReport.objects.exists()


def test_a_form_that_is_too_large_is_refused_before_it_is_read(office: Cast, client: Client) -> None:
    answer = client.post("/cek/lapor/", {"link": FAKE}, CONTENT_LENGTH=str(200 << 20))
    assert answer.status_code == 422


def test_ten_reports_an_hour_are_enough(office: Cast, client: Client) -> None:
    for n in range(10):
        assert client.post("/cek/lapor/", {"link": f"{FAKE}{n}"}).status_code == 302
    refused = client.post("/cek/lapor/", {"link": FAKE})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 60


def test_staff_report_for_a_unit_that_they_see(office: Cast, sign_in: SignIn) -> None:
    here, there = office.tambun_selatan.pk, office.sukamahi.pk
    client = sign_in(office.user("euis"))
    assert client.post(f"/daftar/unit/{here}/peniru/lapor/", {"link": "https://x.com/camat_palsu"}).status_code == 302
    made = ImpostorReport.objects.get()
    assert (made.case.unit_id, made.reported_by) == (here, office.user("euis"))
    assert client.post(f"/daftar/unit/{there}/peniru/lapor/", {"link": FAKE}).status_code == 404
    with pytest.raises(NotFound):
        actions.report_impostor(office.actor("euis"), actions.Report(FAKE), unit_id=there)


# ---- who sees, who decides ----


def test_only_administrators_of_the_unit_and_above_see_a_case(office: Cast, sign_in: SignIn) -> None:
    case = tell(upload=shot(), contact="warga@example.id", consent="ya").case
    picture = ImpostorReport.objects.get().screenshot
    for who, status in {"joko": 200, "arif": 200, "euis": 404, "dewi": 404, "maman": 404, "tono": 404}.items():
        client = sign_in(office.user(who))
        assert client.get(f"/daftar/peniru/{case.pk}/").status_code == status, who
        assert client.post(f"/daftar/peniru/{case.pk}/bukti.pdf").status_code == status, who
        assert client.get(picture.get_absolute_url()).status_code == status, who
        listed = client.get(f"/daftar/unit/{office.tambun_selatan.pk}/peniru/")
        assert (listed.status_code == 200) == (status == 200), who
        if status == 404:
            assert client.post(f"/daftar/peniru/{case.pk}/", {"state": "impostor", "seen": "new"}).status_code == 404
    other = tell("https://x.com/siapa_saja").case
    assert sign_in(office.user("joko")).get(f"/daftar/peniru/{other.pk}/").status_code == 404
    assert other.handle not in sign_in(office.user("joko")).get("/daftar/peniru/").content.decode()


def test_confirming_warns_the_public_at_once_and_looking_again_takes_it_back(
    office: Cast, django_capture_on_commit_callbacks
) -> None:
    case, joko = tell().case, office.actor("joko")
    assert queries.check(FAKE).verdict == Verdict.UNKNOWN
    with django_capture_on_commit_callbacks(execute=True):
        actions.decide(joko, case.pk, State.CONFIRMED, seen=State.NEW, reason="Meminta uang")
    answer = queries.check(FAKE)
    assert answer.verdict == Verdict.IMPOSTOR
    assert [one.handle for one in answer.resembles] == ["kec_tambun"]
    with django_capture_on_commit_callbacks(execute=True):
        actions.decide(joko, case.pk, State.LOOKING, seen=State.CONFIRMED)
    assert queries.check(FAKE).verdict == Verdict.UNKNOWN
    entry = AuditEntry.objects.filter(verb="registry.impostor.decide").first()
    assert entry is not None
    assert (entry.user, entry.unit_id) == (office.user("joko"), office.tambun_selatan.pk)


@pytest.mark.parametrize("state", [State.CONFIRMED, State.GENUINE, State.NOT_OURS, State.DUPLICATE])
def test_a_decision_needs_a_reason(office: Cast, state: str) -> None:
    case = tell().case
    with pytest.raises(Invalid) as caught:
        actions.decide(office.actor("joko"), case.pk, state, seen=State.NEW, reason="  ")
    assert "reason" in caught.value.fields


@pytest.mark.parametrize("state", ["new", "impostor", "claimed", ""])
def test_a_case_goes_only_where_it_may(office: Cast, state: str) -> None:
    case = tell().case
    actions.decide(office.actor("joko"), case.pk, State.GENUINE, seen=State.NEW, reason="Milik warga")
    with pytest.raises(Conflict):
        actions.decide(office.actor("joko"), case.pk, state, seen=State.GENUINE, reason="x")


def test_our_own_account_is_no_impostor_and_an_impostor_is_not_ours(office: Cast) -> None:
    own, fake = tell("https://www.instagram.com/kec_tambun").case, tell().case
    with pytest.raises(Conflict, match=office.tambun_selatan.name):
        actions.decide(office.actor("arif"), own.pk, State.CONFIRMED, seen=State.NEW, reason="x")
    actions.decide(office.actor("arif"), fake.pk, State.CONFIRMED, seen=State.NEW, reason="x")
    with pytest.raises(Conflict):
        actions.declare_account(office.actor("joko"), office.tambun_selatan.pk, handle=FAKE)
    Account.objects.update(state=Account.State.LOST)
    actions.decide(office.actor("arif"), own.pk, State.CONFIRMED, seen=State.NEW, reason="Diambil alih")
    assert queries.check("https://www.instagram.com/kec_tambun").verdict == Verdict.IMPOSTOR


def test_a_duplicate_follows_the_case_that_it_is_the_same_as(office: Cast) -> None:
    arif = office.actor("arif")
    case, twin, third = tell().case, tell("https://www.instagram.com/kec_tambun_resmi2").case, tell(f"{FAKE}3").case
    actions.decide(arif, case.pk, State.CONFIRMED, seen=State.NEW, reason="x")
    actions.decide(arif, twin.pk, State.DUPLICATE, seen=State.NEW, reason="x", same_as=case.pk)
    assert queries.check("https://www.instagram.com/kec_tambun_resmi2").verdict == Verdict.IMPOSTOR
    for wrong in (third.pk, twin.pk, None, 10**9):
        with pytest.raises(Invalid):
            actions.decide(arif, third.pk, State.DUPLICATE, seen=State.NEW, reason="x", same_as=wrong)
    with pytest.raises(Invalid):
        actions.decide(office.actor("joko"), third.pk, State.DUPLICATE, seen=State.NEW, reason="x",
                       same_as=tell("https://www.instagram.com/orang_lain").case.pk)  # fmt: skip


def test_who_decides_second_is_told(office: Cast, sign_in: SignIn) -> None:
    case = tell().case
    client = sign_in(office.user("arif"))
    assert client.get(f"/daftar/peniru/{case.pk}/").status_code == 200
    actions.decide(office.actor("joko"), case.pk, State.GENUINE, seen=State.NEW, reason="Milik warga")
    late = client.post(f"/daftar/peniru/{case.pk}/", {"state": "impostor", "reason": "x", "seen": "new"})
    assert late.status_code in {409, 422}
    case.refresh_from_db()
    assert case.state == State.GENUINE


@pytest.mark.django_db(transaction=True)
def test_of_racing_triagers_one_wins(make_cast: Callable[..., Cast]) -> None:
    cast = make_cast()
    case = tell("https://x.com/pemkab_palsu").case
    arif, outcomes, start = cast.actor("arif"), [], threading.Barrier(4)

    def triage(state: str) -> None:
        try:
            start.wait()
            actions.decide(arif, case.pk, state, seen=State.NEW, reason="x")
            outcomes.append("done")
        except Conflict:
            outcomes.append("late")
        finally:
            connection.close()

    threads = [threading.Thread(target=triage, args=(state,)) for state in (State.CONFIRMED, State.GENUINE) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "late", "late", "late"]
    assert AuditEntry.objects.filter(verb="registry.impostor.decide").count() == 1


def test_a_case_is_handed_over_with_its_pictures_by_who_administers_both(office: Cast) -> None:
    case = tell(upload=shot()).case
    before = ImpostorReport.objects.get().screenshot
    with pytest.raises(NotFound):
        actions.refer(office.actor("joko"), case.pk, office.sukamahi.pk, seen=State.NEW)
    with pytest.raises(Conflict):
        actions.refer(office.actor("arif"), case.pk, office.sukamahi.pk, seen=State.LOOKING)
    actions.refer(office.actor("arif"), case.pk, office.sukamahi.pk, seen=State.NEW)
    after = ImpostorReport.objects.get().screenshot
    assert (after.unit_id, after.sha256) == (office.sukamahi.pk, before.sha256)
    assert not StoredFile.objects.filter(pk=before.pk).exists()
    with pytest.raises(NotFound):
        queries.impostors.case(office.actor("joko"), case.pk)


def test_the_screens_decide_refer_and_export(office: Cast, sign_in: SignIn) -> None:
    case, client = tell().case, sign_in(office.user("arif"))
    assert case.handle in client.get("/daftar/peniru/?state=open").content.decode()
    assert case.handle in client.get("/daftar/peniru/?format=csv").getvalue().decode()
    decided = client.post(f"/daftar/peniru/{case.pk}/", {"state": "impostor", "reason": "Minta uang", "seen": "new"})
    assert decided.status_code == 302
    assert case.handle not in client.get("/daftar/peniru/?state=open").content.decode()
    missing = client.post(f"/daftar/peniru/{case.pk}/serahkan/", {"refer-unit": "x" * 30, "refer-seen": "impostor"})
    assert missing.status_code == 422
    handed = client.post(
        f"/daftar/peniru/{case.pk}/serahkan/", {"refer-unit": "32.16.20.2002", "refer-seen": "impostor"}
    )
    assert handed.status_code == 302
    case.refresh_from_db()
    assert case.unit == office.sukamahi


def test_the_list_takes_the_same_number_of_queries_however_long(office: Cast, sign_in: SignIn) -> None:
    client = sign_in(office.user("arif"))

    def opened(address: str) -> int:
        with CaptureQueriesContext(connection) as done:
            assert client.get(address).status_code == 200
        return len(done)

    tell()
    few = opened("/daftar/peniru/")
    accounts = opened(f"/daftar/unit/{office.root.pk}/akun/")
    for n in range(12):
        tell(f"{FAKE}{n}")
        tell(f"{FAKE}{n}")
    assert opened("/daftar/peniru/") == few
    assert opened(f"/daftar/unit/{office.root.pk}/akun/") == accounts


def test_the_accounts_page_says_what_waits(office: Cast, sign_in: SignIn) -> None:
    tell()
    address = f"/daftar/unit/{office.tambun_selatan.pk}/akun/"
    waiting = f"/daftar/unit/{office.tambun_selatan.pk}/peniru/?state=open"
    assert waiting in sign_in(office.user("joko")).get(address).content.decode()
    assert waiting not in sign_in(office.user("euis")).get(address).content.decode()


# ---- telling, forgetting ----


def morning() -> datetime:
    """Return tomorrow, nine o'clock in Jakarta."""
    return (clock.now() + timedelta(days=1)).replace(hour=2, minute=0)


def test_administrators_get_one_letter_a_day(office: Cast) -> None:
    tell()
    tell(f"{FAKE}2")
    tell("https://x.com/siapa_saja")
    with clock.playing(morning()):
        assert telling.tell_of_impostors(SYSTEM) == 3
        tell(f"{FAKE}3")
        assert telling.tell_of_impostors(SYSTEM) == 0
    letters = {one.address: one for one in Message.objects.filter(purpose=telling.PURPOSE)}
    assert set(letters) == {"joko@example.id", "arif@example.id"}
    assert "kec_tambun_resmi2" in letters["joko@example.id"].body
    assert "siapa_saja" not in letters["joko@example.id"].body
    with clock.playing(morning() + timedelta(days=1)):
        assert telling.tell_of_impostors(SYSTEM) == 1
    assert Message.objects.filter(purpose=telling.PURPOSE).count() == 3


def test_nobody_is_told_at_night_or_of_nothing(office: Cast) -> None:
    with clock.playing(morning()):
        assert telling.tell_of_impostors(SYSTEM) == 0
    tell()
    with clock.playing(morning().replace(hour=20)):  # three in the morning in Jakarta
        assert telling.tell_of_impostors(SYSTEM) == 0


def test_reporters_are_forgotten_and_what_was_told_of_the_innocent_too(office: Cast, settings) -> None:
    joko = office.actor("joko")
    guilty = tell(upload=shot(PNG + b"1"), contact="a@example.id", consent="ya").case
    innocent = tell(f"{FAKE}2", upload=shot(PNG + b"2"), contact="b@example.id", consent="ya").case
    waiting = tell(f"{FAKE}3", contact="c@example.id", consent="ya").case
    actions.decide(joko, guilty.pk, State.CONFIRMED, seen=State.NEW, reason="x")
    actions.decide(joko, innocent.pk, State.GENUINE, seen=State.NEW, reason="x")
    assert retention.purge(SYSTEM) == 0
    with clock.playing(clock.now() + timedelta(days=settings.KENTONGAN_KEEP_DAYS + 1)):
        assert retention.purge(SYSTEM) == 3
        assert retention.purge(SYSTEM) == 0
    assert not ImpostorReport.objects.filter(contact__isnull=False).exists()
    assert guilty.reports.get().screenshot is not None
    assert not innocent.reports.exists()
    assert waiting.reports.exists()
    assert StoredFile.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_picture_goes_when_nobody_shows_it_any_longer(make_cast: Callable[..., Cast]) -> None:
    make_cast()
    one = tell("https://x.com/satu_palsu", upload=shot(PNG + b"once")).screenshot
    place = Path(files.path(one))
    ids = list(ImpostorReport.objects.values_list("pk", flat=True))
    actions.purge_reports(SYSTEM, ids, whole=True)
    assert place.exists()  # just uploaded: somebody may be sending the same one
    content = files.keep(BytesIO(PNG + b"once"))
    again = files.register(SYSTEM, content, "bukti.png")
    os.utime(place, (1, 1))
    with transaction.atomic():
        files.drop(again)
    assert not place.exists()


# ---- evidence ----


@pytest.mark.parametrize("content", [PNG, PNG[:40]])
def test_the_evidence_is_a_pdf_even_with_a_broken_picture(office: Cast, sign_in: SignIn, content: bytes) -> None:
    case = tell(what='#panic() "</x> $ \\', upload=shot(content)).case
    actions.decide(office.actor("joko"), case.pk, State.CONFIRMED, seen=State.NEW, reason="#import *")
    answer = sign_in(office.user("joko")).post(f"/daftar/peniru/{case.pk}/bukti.pdf")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")
    assert AuditEntry.objects.filter(verb="registry.impostor.pack").count() == 1


def test_the_sheet_for_the_wall_is_for_administrators(office: Cast, sign_in: SignIn) -> None:
    address = f"/daftar/unit/{office.tambun_selatan.pk}/lencana/"
    assert "lencana.svg" in sign_in(office.user("joko")).get(address).content.decode()
    assert sign_in(office.user("joko")).get(f"{address}lembar.pdf").content.startswith(b"%PDF")
    assert sign_in(office.user("euis")).get(address).status_code == 403
    empty = f"/daftar/unit/{office.sukamahi.pk}/lencana/"
    assert sign_in(office.user("arif")).get(empty).status_code == 200
    assert sign_in(office.user("arif")).get(f"{empty}lembar.pdf").status_code == 404


def test_every_address_of_a_desk_has_its_source_and_day() -> None:
    for desk in reporting.desks():
        assert desk.platform in addresses.platforms()
        assert desk.url.startswith("https://")
        assert desk.source
        assert desk.checked
    assert reporting.desk("whatsapp") is None
    for rows in evidence.authorities().values():
        assert all(row["source"] for row in rows)
