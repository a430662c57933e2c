"""The screens: what is on them, who sees them, how many queries they take."""

import pytest
from django.urls import reverse

from kentongan.core.models import AuditEntry
from kentongan.listening import panels
from kentongan.listening.models import Issue, IssueSample
from listening_texts import CARDS, POTHOLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue(talk) -> Issue:
    talk(*POTHOLE, url="https://example.org/p/1")
    return Issue.objects.get()


def test_the_board_shows_titles_in_the_peoples_own_words(cast, sign_in, talk):
    talk(*POTHOLE, *CARDS)
    page = sign_in(cast.user("sari")).get(reverse("listening:index"))
    assert page.status_code == 200
    rows = page.context["board"].page.object_list
    assert [row.rank for row in rows] == [1, 2]
    assert rows[0].issue.title in {text[0].upper() + text[1:] for text in POTHOLE}
    assert rows[0].issue.topic == "roads"
    assert rows[1].issue.topic == "population"
    assert "Cikarang Pusat" in page.content.decode()


def test_the_board_takes_the_same_number_of_queries_for_any_number_of_issues(
    cast, sign_in, talk, django_assert_num_queries, django_assert_max_num_queries
):
    client = sign_in(cast.user("sari"))
    talk(*POTHOLE)
    client.get(reverse("listening:index"))
    with django_assert_max_num_queries(40) as few:
        client.get(reverse("listening:index"))
    words = ("banjir", "sampah", "pju", "macet", "pungli", "posyandu")
    for word in words:
        talk(*(f"{word} {word}an di gang {word} nomor {n} parah sekali {word} {word}" for n in range(4)))
    assert Issue.objects.count() > 3
    with django_assert_num_queries(len(few.captured_queries)):
        client.get(reverse("listening:index"))


@pytest.mark.parametrize(
    "query",
    [
        "?period=24h",
        "?topic=roads",
        "?district=32.16.20",
        "?show=unhandled",
        "?show=mine",
        "?period=all&page=99",
        "?period=x&topic=%20&district=zz&show=q",
        "?format=csv",
    ],
)
def test_filters_answer(cast, sign_in, talk, query):
    talk(*POTHOLE)
    assert sign_in(cast.user("sari")).get(reverse("listening:index") + query).status_code == 200


def test_without_posts_the_board_says_what_to_do(cast, sign_in):
    page = sign_in(cast.user("sari")).get(reverse("listening:index"))
    assert reverse("listening:import") in page.content.decode()


@pytest.mark.parametrize("name", ["index", "search", "sources"])
def test_a_member_does_not_listen(cast, sign_in, name):
    assert sign_in(cast.user("maman")).get(reverse(f"listening:{name}")).status_code == 403


def test_somebody_elsewhere_does_not_know_the_issue(cast, sign_in, issue):
    assert sign_in(cast.user("euis")).get(issue.get_absolute_url()).status_code == 404
    assert sign_in(cast.user("sari")).get(issue.get_absolute_url()).status_code == 200


def test_opening_an_original_is_for_analysts_and_written_down(cast, sign_in, issue):
    sample = IssueSample.objects.filter(issue=issue).first()
    url = reverse("listening:open", args=(sample.pk,))
    assert "example.org" not in sample.link
    assert sign_in(cast.user("dewi")).post(url).status_code == 403
    answer = sign_in(cast.user("sari")).post(url)
    assert (answer.status_code, answer["Location"]) == (302, "https://example.org/p/1")
    assert AuditEntry.objects.filter(verb="listening.post.open", note=sample.post_id).count() == 1


def test_work_on_an_issue(cast, sign_in, issue):
    client = sign_in(cast.user("sari"))

    def act(name: str, **values: object) -> Issue:
        assert client.post(reverse(f"listening:{name}", args=(issue.pk,)), values).status_code == 302
        issue.refresh_from_db()
        return issue

    assert act("rename", title="Lubang di Tegal Danas").titled_by_person
    assert act("assign", unit=cast.cikarang_pusat.pk).handler == cast.cikarang_pusat
    assert act("close", note="Sudah diaspal").state == "closed"
    assert act("reopen").state == "open"
    act("follow")
    assert client.get(reverse("listening:index") + "?show=mine").context["board"].page.object_list
    verbs = set(AuditEntry.objects.filter(object_id=str(issue.pk)).values_list("verb", flat=True))
    assert {f"listening.issue.{verb}" for verb in ("rename", "assign", "close", "reopen", "follow")} <= verbs


def test_an_editor_of_another_unit_cannot_work_on_it(cast, sign_in, issue):
    url = reverse("listening:rename", args=(issue.pk,))
    assert sign_in(cast.user("euis")).post(url, {"title": "Diambil alih"}).status_code == 404


def test_search_finds_words_by_day(cast, sign_in, talk):
    talk(*POTHOLE, *CARDS)
    client = sign_in(cast.user("sari"))
    page = client.get(reverse("listening:search"), {"q": "blangko subuh"})
    assert page.context["total"] == 3
    assert (
        client.get(reverse("listening:search"), {"q": "blangko", "first": "2001-01-01", "last": "2001-02-01"}).context[
            "total"
        ]
        == 0
    )
    assert client.get(reverse("listening:search"), {"q": "a", "first": "kemarin"}).status_code == 200


def test_other_rooms_add_panels(cast, sign_in, issue, monkeypatch):
    class Meetings:
        order = 5
        template = "listening/_tabs.html"

        def context(self, actor, issue):
            return {} if actor.user_id == cast.user("sari").pk else None

    monkeypatch.setattr(panels, "_panels", [])
    panels.register(Meetings())
    assert len(sign_in(cast.user("sari")).get(issue.get_absolute_url()).context["panels"]) == 1
    assert not sign_in(cast.user("wulan")).get(issue.get_absolute_url()).context["panels"]


def test_import_screen_leads_to_the_preview(cast, sign_in, write):
    path = write("posts.csv", "tanggal,isi,akun\n2026-11-01 10:00,jalan rusak parah di Setu sekali,a\n")
    client = sign_in(cast.user("sari"))
    with path.open("rb") as file:
        answer = client.post(reverse("listening:import"), {"file": file, "source": "Alat", "timezone": "Asia/Jakarta"})
    assert answer.status_code == 302
    assert client.get(answer["Location"]).status_code == 200
    assert sign_in(cast.user("dewi")).get(reverse("listening:import")).status_code == 403
