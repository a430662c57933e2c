"""Complaints that people bring: by a link without an account, or signed in; nothing of people is kept."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from hypothesis import assume, given
from hypothesis import strategies as st

from kentongan.core import clock
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.core.models import AuditEntry
from kentongan.listening import actions, queries, storage
from kentongan.listening.actions import complaints
from kentongan.listening.models import Segment, Source
from kentongan.listening.scrubbing import GONE, scrub

TEXT = "Jalan di depan pasar berlubang parah, hubungi Pak Budi 0812-3456-7890"


@pytest.fixture
def form(cast) -> Source:
    """The regency office's form."""
    return complaints.open_form(cast.actor("sari"), cast.root.pk, "Keluhan komunitas")


def door(source: Source) -> str:
    """Return the address behind which the form is."""
    return reverse("listening:complaint_door", args=(complaints.token_of(source),))


def given_form(**changed: str) -> dict[str, str]:
    """Return what a browser sends."""
    given = {"text": TEXT, "place": "32.16.20", "heard": "told", "said_by": "Bekasi Update", "key": str(uuid4())}
    return given | changed


def rows() -> list[dict[str, object]]:
    """Return all posts in the lake."""
    return [row for one in Segment.objects.all() for row in storage.lake().read(one.path).to_pylist()]


@pytest.mark.django_db
def test_by_its_link_without_an_account_each_comes_in_once(client, form):
    page = client.get(door(form))
    assert (page.status_code, page["X-Robots-Tag"]) == (200, "noindex, nofollow, noarchive")
    given = given_form()
    for _try in range(2):
        assert client.post(door(form), given)["Location"].endswith("?done=1")
    assert client.post(door(form), given_form(said_by="Orang lain")).status_code == 302
    first, second = rows()
    assert first["text"] == f"Jalan di depan pasar berlubang parah, hubungi Pak Budi {GONE}"
    assert (first["district"], first["platform"], first["link"]) == ("32.16.20", "form.told", None)
    assert first["author"] != second["author"]
    assert "Bekasi Update" not in str(first)
    form.refresh_from_db()
    assert form.posts == 2
    entries = AuditEntry.objects.filter(verb="listening.complaint.bring")
    assert entries.count() == 2
    assert "pasar" not in str(list(entries.values()))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"text": "pendek"}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"place": "31.71"}, "place"),
        ({"heard": "rumor"}, "heard"),
        ({"day": "2019-01-01"}, "day"),
        ({"day": "2099-01-01"}, "day"),
        ({"key": "bukan"}, "key"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(client, form, changed, field):
    answer = client.post(door(form), given_form(**changed))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not Segment.objects.exists()


@pytest.mark.django_db
def test_a_day_before_today_is_kept(client, form):
    day = (clock.now() - timedelta(days=3)).date()
    client.post(door(form), given_form(day=day.isoformat()))
    assert rows()[0]["created_at"].date() == day


@pytest.mark.django_db
def test_a_link_that_was_replaced_made_up_or_whose_form_is_gone_opens_nothing(cast, client, form):
    old = door(form)
    complaints.renew_link(cast.actor("sari"), form.pk)
    form.refresh_from_db()
    other = reverse("listening:complaint_door", args=("abc.def",))
    for url in (old, other):
        assert client.post(url, given_form()).status_code == 404
    actions.pause_source(cast.actor("sari"), form.pk)
    assert "tidak diterima" in client.post(door(form), given_form()).content.decode()
    actions.remove_source(cast.actor("sari"), form.pk)
    assert client.get(door(form)).status_code == 404
    assert not Segment.objects.exists()


@pytest.mark.django_db
def test_a_flood_from_one_address_is_stopped(client, form, monkeypatch):
    monkeypatch.setattr("kentongan.listening.views.complaints.TRIES", 2)
    assert [client.post(door(form), given_form(text="x")).status_code for _n in range(3)] == [422, 422, 429]
    assert client.get(door(form)).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "status"),
    [("sari", 200), ("dewi", 200), ("hendra", 200), ("wulan", 200), ("tono", 404), ("maman", 404), ("euis", 404)],
)
def test_who_works_with_issues_there_brings_them_signed_in(cast, sign_in, form, who, status):
    url = reverse("listening:complaint", args=(form.pk,))
    assert sign_in(cast.user(who)).get(url).status_code == status
    assert sign_in(cast.user(who)).post(url, given_form()).status_code == (302 if status == 200 else status)
    assert Segment.objects.exists() == (status == 200)


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["dewi", "euis", "maman"])
def test_only_an_analyst_makes_forms_and_links(cast, form, who):
    for attempt in (
        lambda actor: complaints.open_form(actor, cast.root.pk, "Lain"),
        lambda actor: complaints.renew_link(actor, form.pk),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            attempt(cast.actor(who))


@pytest.mark.django_db
def test_on_screen_the_link_is_for_analysts(cast, sign_in, form):
    assert door(form) in sign_in(cast.user("sari")).get(form.get_absolute_url()).content.decode()
    page = sign_in(cast.user("dewi")).get(form.get_absolute_url()).content.decode()
    assert door(form) not in page
    assert reverse("listening:complaint", args=(form.pk,)) in page
    url = reverse("listening:source_new") + "?kind=form"
    client = sign_in(cast.user("sari"))
    assert client.get(url).status_code == 200
    assert client.post(url, {"name": "Form kedua", "retention_days": "30"}).status_code == 302
    assert queries.sources(cast.actor("sari")).count() == 2


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("WA 0812 3456 7890 ya", f"WA {GONE} ya"),
        ("telp +62-21-8899-0011.", f"telp {GONE}."),
        ("NIK 3216 0112 3456 0007", f"NIK {GONE}"),
        ("surat ke budi.s@contoh.co.id!", f"surat ke {GONE}!"),
        ("RT 08 RW 12 nomor 45, 2026-11-28, Rp 1.500.000", "RT 08 RW 12 nomor 45, 2026-11-28, Rp 1.500.000"),
        ("jalan 3 km, 200 rumah, sejak 08.30", "jalan 3 km, 200 rumah, sejak 08.30"),
    ],
)
def test_numbers_and_addresses_of_people_are_taken_out(text, kept):
    assert scrub(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "No.HP.081234567890",
        "hp.0812-3456-7890",
        "hp0812345678",
        "0812 - 3456 - 7890",
        "(0812) 34567890",
        "0812/3456/7890",
        "0812–3456–7890",
        "+62 (812) 3456-7890",
        "telp (0267) 412345",
        "WA 81234567890",
        "1.081234567890",
    ],
)
def test_however_a_telephone_number_is_written_its_figures_go(text):
    said = scrub(text)
    assert GONE in said
    assert not re.search(r"\d{3}", said.removeprefix("1."))


@pytest.mark.parametrize(
    "text",
    [
        "Rp 1.062.123.456 pada 08/10/2026 pukul 08.30-12.00",
        "anggaran Rp 62.812.345.678, Rp62812345678, Rp 0 - 50.000.000",
        "tahun 2024/2025, 1962 - 2024, skor 2-0 28/11/2026",
        "bantuan 600.000 untuk 62 rumah, 30 lagi",
    ],
)
def test_amounts_dates_and_years_stay(text):
    assert scrub(text) == text


@given(st.text(max_size=60), st.from_regex(r"08[0-9]{9,10}", fullmatch=True), st.text(max_size=60))
def test_no_telephone_number_stays_beside_anything_that_is_no_figure(before, number, after):
    assume(not re.search(r"\d$", before) and not re.match(r"\d", after))
    assert number not in scrub(f"{before}{number}{after}")
