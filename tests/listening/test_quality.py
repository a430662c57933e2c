"""What a communication officer sees: telling titles, a calm ranking, complaints however politely they are put."""

from datetime import timedelta

import pyarrow as pa
import pytest

from kentongan.core import clock
from kentongan.listening import pipeline, titles
from kentongan.listening.models import Issue
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.gazetteer import Gazetteer
from kentongan.listening.posts import RawPost, to_table
from kentongan.listening.queries.board import IssueRow

NOWHERE = Context(Gazetteer(), lambda handle: handle)
LIKELY = 0.5


def complaints(*texts: str) -> list[float | None]:
    now = clock.now()
    posts = [RawPost(None, now, "warga", text) for text in texts]
    return pipeline.run(to_table(posts, "1", lambda _platform, handle: handle), NOWHERE)["complaint"].to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "Izin lapor pak, lampu jalan di gang kami mati sudah dua minggu",
        "Mohon dibantu, air pdam tidak mengalir sejak subuh",
        "Jalan rusak",
        "Kapan diaspal ya jalan ke sekolah, becek setiap hujan",
        "Sampah belum diangkut seminggu, baunya menyengat",
        "Punten pa, banjir belum surut, iraha aya bantuan",
    ],
)
def test_reports_and_polite_requests_are_complaints(text):
    (chance,) = complaints(text)
    assert (chance or 0.0) >= LIKELY


@pytest.mark.parametrize(
    "text",
    [
        "Terima kasih PLN, listrik sudah normal lagi, cepat tanggap",
        "Selamat pagi semua, semoga hari ini lancar",
        "Nonton film di rumah sama keluarga, seru banget",
        "Puskesmas buka layanan vaksin hari Sabtu, simak jadwalnya",
        "Pemerintah lambat tangani corona, presiden dan menteri masih saja ribut, kapan selesai ya negara ini",
    ],
)
def test_thanks_news_and_small_talk_are_not(text):
    (chance,) = complaints(text)
    assert (chance or 0.0) < LIKELY


def candidates(*texts: str) -> list[titles.Candidate]:
    words = pipeline.words(pa.array(texts))
    return [titles.Candidate(text, own, 0.8) for text, own in zip(texts, words, strict=True)]


def test_a_title_is_the_sentence_that_says_what_it_is_about():
    posts = candidates(
        "Daerah gue juga parah. Kebakaran pasar Cibitung belum padam sampai sore",
        "@info kebakaran pasar nih, cek kabel pasar semua",
        "Kebakaran pasar Cibitung, pedagang rugi besar",
        "Gw liat kebakaran di pasar Cibitung tdi pgi, ngeri bgt sumpah",
    )
    assert titles.pick(posts) in {
        "Kebakaran pasar Cibitung belum padam sampai sore",
        "Kebakaran pasar Cibitung, pedagang rugi besar",
    }


def test_an_answer_gives_the_title_only_when_there_is_nothing_else():
    assert titles.pick(candidates("@warga Daerah gue juga parah")) == "Daerah gue juga parah"
    assert titles.pick([]) == ""


def test_a_title_says_what_happened_and_not_only_where():
    posts = candidates(
        "Macet di Pasar Cibitung blok belakang",
        "Kebakaran hebat, pedagang rugi. Di Pasar Cibitung blok belakang",
        "Api dan asap kebakaran sampai ke Pasar Cibitung blok belakang, pedagang panik",
        "Kebakaran, pedagang menangis, di Pasar Cibitung blok belakang",
    )
    assert "kebakaran" in titles.pick(posts).lower()


def test_a_comment_before_a_quotation_is_no_title_and_an_address_is_no_repost():
    assert titles.tidy("Bantu up RT @warga: Jembatan Bojongmangu ambruk") == "Jembatan Bojongmangu ambruk"
    assert titles.tidy("RT 5 RW 4 Sukamaju banjir sepinggang") == "RT 5 RW 4 Sukamaju banjir sepinggang"


def row(volume: int, recent: int, habit: float | None, complaints: int) -> IssueRow:
    now = clock.now()
    issue = Issue(title="x", posts=volume, judged=volume, complaints=complaints, first_at=now, last_at=now)
    issue.first_at -= timedelta(days=7)
    return IssueRow(issue, volume, complaints, recent, habit)


def test_a_handful_of_posts_does_not_outrank_a_large_grievance():
    fragment, fire = row(8, 8, 0.1, 8), row(140, 20, 18.0, 95)
    assert fragment.growth > fire.growth
    assert fire.score > fragment.score


def test_volume_growth_and_complaints_each_raise_the_rank():
    plain = row(100, 20, 20.0, 30)
    assert row(200, 20, 20.0, 60).score > plain.score
    assert row(100, 60, 20.0, 30).score > plain.score
    assert row(100, 20, 20.0, 80).score > plain.score
