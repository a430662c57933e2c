"""Sources on screen, through the API and the command line."""

from collections.abc import Iterator

import pytest
from django.urls import reverse

from kentongan.cli import listen
from kentongan.core import clock, tokens
from kentongan.listening import actions
from kentongan.listening.actions import NewSource
from kentongan.listening.models import QuarantinedItem, Source
from servers import feed
from servers.feed import FeedSite
from servers.stub import Said

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _site() -> Iterator[FeedSite]:
    with feed.serve() as site:
        yield site


@pytest.fixture
def site(_site: FeedSite) -> FeedSite:
    """A site with one item in its feed."""
    _site.items, _site.asked, _site.answer = [], [], None
    _site.add("Banjir di Babelan", "Air setinggi lutut")
    return _site


@pytest.fixture
def opened(cast, site) -> Source:
    """The site's feed as a source."""
    return actions.open_source(cast.actor("sari"), cast.root.pk, NewSource("website.feed", "Kabar", site.url + "/feed"))


FORM = {"name": "Kabar", "every_minutes": "15", "budget_posts": "100", "budget_requests": "50", "retention_days": ""}


def test_a_source_is_looked_at_and_then_saved(cast, sign_in, site):
    client = sign_in(cast.user("sari"))
    kinds = client.get(reverse("listening:source_new")).content.decode()
    assert "?kind=website.feed" in kinds
    url = reverse("listening:source_new") + "?kind=website.feed"
    assert client.get(url).status_code == 200
    given = FORM | {"query": site.url + "/feed"}
    seen = client.post(url, given)
    assert seen.status_code == 200
    assert "Air setinggi lutut" in seen.content.decode()
    assert not Source.objects.exists()
    answer = client.post(url, given | {"save": "1"})
    source = Source.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, source.get_absolute_url())
    assert (source.budget_posts, source.query, source.posts) == (100, site.url + "/feed", 0)


def test_what_is_wrong_is_said_at_its_field(cast, sign_in, site):
    client = sign_in(cast.user("sari"))
    url = reverse("listening:source_new") + "?kind=website.feed"
    for given, field in (
        (FORM | {"query": "bukan alamat"}, "query"),
        (FORM | {"query": site.url + "/tidak-ada"}, "query"),
        (FORM | {"query": site.url + "/feed", "budget_posts": "0"}, "budget_posts"),
        (FORM | {"query": "", "save": "1"}, "query"),
    ):
        answer = client.post(url, given)
        assert answer.status_code == 422
        assert field in answer.context["form"].errors
    assert not Source.objects.exists()


def test_the_page_of_a_source_and_its_acts(cast, sign_in, opened, site):
    client = sign_in(cast.user("sari"))
    site.items.append("<item><title>Tanpa tanggal</title></item>")

    def act(act: str, pk: int = opened.pk, **values: str) -> Source | None:
        assert client.post(reverse(f"listening:{act}", args=(pk,)), values).status_code == 302
        return Source.objects.filter(pk=opened.pk).first()

    assert act("source_read").posts == 1
    item = QuarantinedItem.objects.get()
    page = client.get(opened.get_absolute_url()).content.decode()
    assert reverse("listening:item_retry", args=(item.pk,)) in page
    shown = client.post(reverse("listening:item", args=(item.pk,)))
    assert "Tanpa tanggal" in shown.content.decode()
    act("item_retry", item.pk)
    act("item_discard", item.pk)
    assert QuarantinedItem.objects.get().state == "discarded"
    assert act("source_pause").state == "paused"
    assert act("source_pause", off="1").state == "active"
    changed = act("source", **(FORM | {"name": "Kabar lain", "retention_days": "30"}))
    assert (changed.name, changed.retention_days) == ("Kabar lain", 30)
    assert client.post(opened.get_absolute_url(), FORM | {"every_minutes": "7"}).status_code == 422
    site.answer = Said(b"", 500)
    act("source_read")
    assert act("source_remove").state == "removed"
    assert client.get(opened.get_absolute_url()).status_code == 404


def test_who_only_reads_sees_health_and_no_acts(cast, sign_in, opened):
    page = sign_in(cast.user("wulan")).get(opened.get_absolute_url())
    assert reverse("listening:source_read", args=(opened.pk,)) not in page.content.decode()
    for name in ("source_read", "source_pause", "source_remove"):
        assert sign_in(cast.user("wulan")).post(reverse(f"listening:{name}", args=(opened.pk,))).status_code == 403
        assert sign_in(cast.user("euis")).post(reverse(f"listening:{name}", args=(opened.pk,))).status_code == 404
    assert sign_in(cast.user("wulan")).get(reverse("listening:source_new")).status_code == 403
    assert sign_in(cast.user("wulan")).get(reverse("listening:sources")).status_code == 200


def test_without_a_source_the_list_says_what_to_do(cast, sign_in):
    page = sign_in(cast.user("sari")).get(reverse("listening:sources"))
    assert reverse("listening:source_new") in page.content.decode()


def test_the_list_leaves_as_a_table(cast, sign_in, opened):
    answer = sign_in(cast.user("wulan")).get(reverse("listening:sources") + "?format=csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert (len(lines), "Kabar" in lines[1]) == (2, True)


def test_lists_take_the_same_number_of_queries_however_long_they_are(
    cast, sign_in, opened, django_assert_num_queries, django_assert_max_num_queries
):
    client = sign_in(cast.user("sari"))
    for url in (reverse("listening:sources"), opened.get_absolute_url()):
        client.get(url)
        with django_assert_max_num_queries(40) as few:
            client.get(url)
        for n in range(5):
            new = NewSource("website.feed", f"S{n}{url}", f"https://kabar{n}.example/feed")
            source = actions.open_source(cast.actor("sari"), cast.root.pk, new)
            for one in (source, opened):
                QuarantinedItem.objects.create(source=one, digest=f"{n}{url}", raw="x", reason="Tak terbaca")
        with django_assert_num_queries(len(few.captured_queries)):
            client.get(url)


def test_through_the_api(cast, client, site, settings):
    _row, secret = tokens.create(cast.actor("sari"), "tes", tokens.SCOPES)
    headers = {"Authorization": f"Bearer {secret}"}

    def call(verb: str, path: str, body: object = None) -> object:
        send = getattr(client, verb)
        more = {"data": body, "content_type": "application/json"} if body is not None else {}
        return send(f"/api/v1/listening/{path}", headers=headers, **more)

    made = call(
        "post",
        "sources",
        {"unit_id": cast.root.pk, "kind": "website.feed", "name": "K", "query": site.url + "/feed"},
    )
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert call("post", f"sources/{pk}/read", {}).json() == {"added": 1, "duplicates": 0, "rejected": 0}
    assert call("get", f"sources/{pk}").json()["healthy"] is True
    assert [one["id"] for one in call("get", "sources").json()] == [pk]
    assert call("post", f"sources/{pk}/pause", {}).json()["state"] == "paused"
    assert call("post", f"sources/{pk}/read", {}).status_code == 409
    assert call("post", f"sources/{pk}/resume", {}).json()["state"] == "active"
    item = QuarantinedItem.objects.create(source_id=pk, digest="d", raw="{}", reason="x")
    assert [one["id"] for one in call("get", f"sources/{pk}/quarantine").json()] == [item.pk]
    assert call("post", f"quarantine/{item.pk}/retry", {}).status_code == 409
    assert call("post", f"quarantine/{item.pk}/discard", {}).status_code == 200
    assert call("delete", f"sources/{pk}").status_code == 204
    assert call("get", f"sources/{pk}").status_code == 404
    for kind, start in (("folder", str(settings.KENTONGAN_HOME)), ("form", settings.PUBLIC_URL)):
        made = call("post", "sources", {"unit_id": cast.root.pk, "kind": kind, "name": kind}).json()
        assert call("get", f"sources/{made['id']}/entrance").json()["entrance"].startswith(start)
        renewed = call("post", f"sources/{made['id']}/link", {})
        assert renewed.status_code == (409 if kind == "folder" else 200)
    bad = {"unit_id": cast.root.pk, "kind": "x", "name": "K"}
    assert call("post", "sources", bad).json()["error"]["fields"].keys() == {"kind"}


def test_on_the_command_line(cast, run_command, site):
    assert "website.feed" in {row["kind"] for row in run_command(listen, "ways")}
    made = run_command(listen, "add", "website.feed", site.url + "/feed", "--name", "Kabar")
    assert run_command(listen, "read", made["id"]) == {"added": 1, "duplicates": 0, "rejected": 0}
    entrance = run_command(listen, "add", "folder", "--name", "Ekspor")["entrance"]
    assert entrance.endswith(f"inbox/{Source.objects.get(kind='folder').pk}")
    row, _folder = sorted(run_command(listen, "sources"), key=lambda one: one["id"])
    assert (row["name"], row["posts"], row["healthy"]) == ("Kabar", 1, True)
    assert Source.objects.get(pk=row["id"]).due_at > clock.now()
