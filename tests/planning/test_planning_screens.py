"""The screens of planning, as people use them."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from kentongan.core.models import User
from kentongan.listening.models import Issue
from kentongan.planning import actions
from kentongan.planning.drafts import ItemDraft
from kentongan.planning.issue_panel import IssueContent
from kentongan.planning.models import Brief, ContentItem, ItemAsset
from kentongan.planning.states import ItemState
from kentongan.safeguards import queries as rules
from named_cast import Cast

from .conftest import ROAD, shorter

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def _facts(*lines: tuple[str, str, str]) -> dict[str, object]:
    data: dict[str, object] = {"facts-TOTAL_FORMS": len(lines), "facts-INITIAL_FORMS": 0}
    for n, (text, source, url) in enumerate(lines):
        data |= {f"facts-{n}-text": text, f"facts-{n}-source": source, f"facts-{n}-url": url}
    return data


def _brief_data(cast: Cast, **extra: object) -> dict[str, object]:
    return {
        "unit": cast.root.code,
        "title": "Jalan Tegal Danas",
        "message": "Selesai Rabu.",
        "audience": "Pengendara",
        "deadline": "2026-12-01T18:00",
    } | extra


def _item_data(cast: Cast, **extra: object) -> dict[str, object]:
    return {
        "unit": cast.root.code,
        "title": "Perbaikan Jalan Tegal Danas",
        "text": ROAD,
        "purpose": "service",
        "language": "id",
        "newsroom_text": ROAD,
        "bluesky_text": ROAD,
        "mastodon_text": ROAD,
    } | extra


def _ticks(item: ContentItem) -> dict[str, object]:
    return {"version": item.version, "checklist": [rule.code for rule in rules.checklist(item.purpose)]}


def test_the_loop_from_an_issue_to_an_approval(cast: Cast, sign_in: SignIn, issue: Issue, rules_loaded: None) -> None:
    client = sign_in(cast.user("dewi"))
    address = f"{reverse('planning:brief_create')}?issue={issue.pk}"
    page = client.get(address).content.decode()
    assert issue.title in page
    assert "Cikarang Pusat" in page
    client.post(address, _brief_data(cast) | _facts(("1,2 km diperbaiki.", "SDABMBK", "https://bekasikab.go.id/jalan")))
    brief = Brief.objects.get()
    assert brief.issue == issue

    address = f"{reverse('planning:item_create')}?brief={brief.pk}"
    assert "1,2 km diperbaiki." in client.get(address).content.decode()
    response = client.post(address, _item_data(cast, then="submit"))
    item = ContentItem.objects.get()
    assert response["Location"] == reverse("planning:item", args=[item.pk])
    assert (item.state, item.brief, item.issue) == (ItemState.IN_REVIEW, brief, issue)

    client = sign_in(cast.user("hendra"))
    assert "ban-" not in (page := client.get(reverse("planning:item", args=[item.pk])).content.decode())
    assert 'name="checklist"' in page
    client.post(reverse("planning:item_approve", args=[item.pk]), _ticks(item))
    item.refresh_from_db()
    assert (item.state, item.approved_by) == (ItemState.APPROVED, cast.user("hendra"))


def test_the_author_is_told_who_approves_instead(cast: Cast, sign_in: SignIn, submitted: ContentItem) -> None:
    client = sign_in(cast.user("dewi"))
    page = client.get(reverse("planning:item", args=[submitted.pk])).content.decode()
    assert 'name="checklist"' not in page
    response = client.post(reverse("planning:item_approve", args=[submitted.pk]), _ticks(submitted))
    assert response.status_code == 403
    submitted.refresh_from_db()
    assert submitted.state == ItemState.IN_REVIEW


def test_a_forgotten_line_keeps_the_others_ticked(cast: Cast, sign_in: SignIn, submitted: ContentItem) -> None:
    client = sign_in(cast.user("hendra"))
    codes = [rule.code for rule in rules.checklist("service")]
    address = reverse("planning:item_approve", args=[submitted.pk])
    response = client.post(address, {"version": 1, "checklist": codes[:-1]})
    assert response.status_code == 422
    assert len(re.findall(r"<input[^>]*checked", response.content.decode())) == len(codes) - 1


def test_too_long_is_saved_and_not_submitted(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("dewi"))
    response = client.post(
        reverse("planning:item_create"), _item_data(cast, bluesky_text="a" * 309, then="submit"), follow=True
    )
    item = ContentItem.objects.get()
    assert item.state == ItemState.DRAFT
    assert "309" in response.content.decode()
    assert "9 " in re.sub(r"\s+", " ", response.content.decode())


@pytest.mark.parametrize(
    ("kind", "text", "used", "over"), [("bluesky", "a" * 305, 305, 5), ("mastodon", "a" * 20, 20, 0)]
)
def test_the_counter_is_the_servers(cast: Cast, sign_in: SignIn, kind: str, text: str, used: int, over: int) -> None:
    client = sign_in(cast.user("dewi"))
    response = client.post(reverse("planning:count"), {"kind": kind, f"{kind}_text": text})
    body = response.content.decode()
    assert str(used) in body
    assert ("k-signal" in body) is bool(over)
    assert text in body
    assert client.post(reverse("planning:count"), {"kind": "fax"}).status_code == 404


def test_what_is_written_is_never_taken_for_markup(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("dewi"))
    evil = "<script>alert(1)</script> https://example.id/<b> #tagar @akun"
    body = client.post(reverse("planning:count"), {"kind": "bluesky", "bluesky_text": evil}).content.decode()
    assert "<script>" not in body
    assert '<span class="pv-tag">#tagar</span>' in body
    client.post(reverse("planning:item_create"), _item_data(cast, bluesky_text=evil, title=evil[:60]))
    item = ContentItem.objects.get()
    assert "<script>alert" not in client.get(reverse("planning:item", args=[item.pk])).content.decode()


def test_a_stale_form_overwrites_nothing(cast: Cast, sign_in: SignIn, item: ContentItem, draft: ItemDraft) -> None:
    actions.change_item(cast.actor("dewi"), item.pk, shorter(draft, text="Baru."), version=1)
    client = sign_in(cast.user("dewi"))
    response = client.post(reverse("planning:item_edit", args=[item.pk]), _item_data(cast, version=1, text="Lama."))
    assert response.status_code == 409
    item.refresh_from_db()
    assert item.text == "Baru."


def test_a_fact_without_a_source_is_marked(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("dewi"))
    response = client.post(
        reverse("planning:brief_create"), _brief_data(cast) | _facts(("Ada lubang.", "", ""), ("", "", ""))
    )
    assert response.status_code == 422
    assert not Brief.objects.exists()


def test_asking_for_changes_and_commenting(cast: Cast, sign_in: SignIn, submitted: ContentItem) -> None:
    client = sign_in(cast.user("hendra"))
    client.post(reverse("planning:item_comment", args=[submitted.pk]), {"text": "Sumbernya?"})
    client.post(reverse("planning:item_request_changes", args=[submitted.pk]), {"note": "Sebut sumbernya."})
    client = sign_in(cast.user("dewi"))
    page = client.get(reverse("planning:item", args=[submitted.pk])).content.decode()
    assert "Sumbernya?" in page
    assert "Sebut sumbernya." in page
    client.post(reverse("planning:item_submit", args=[submitted.pk]))
    submitted.refresh_from_db()
    assert submitted.state == ItemState.IN_REVIEW


def test_withdrawing_and_taking_up_again(cast: Cast, sign_in: SignIn, approved: ContentItem) -> None:
    client = sign_in(cast.user("dewi"))
    client.post(reverse("planning:item_withdraw", args=[approved.pk]), {"note": "Batal."})
    approved.refresh_from_db()
    assert approved.state == ItemState.WITHDRAWN
    assert approved.approved_by is None
    client.post(reverse("planning:item_reopen", args=[approved.pk]))
    approved.refresh_from_db()
    assert approved.state == ItemState.DRAFT


def test_a_picture_needs_words_and_shows_its_ai_flag(cast: Cast, sign_in: SignIn, approved: ContentItem) -> None:
    client = sign_in(cast.user("dewi"))
    address = reverse("planning:asset_add", args=[approved.pk])
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "PNG")
    silent = {"file": SimpleUploadedFile("foto.png", drawn.getvalue()), "alt": ""}
    assert client.post(address, silent).status_code == 422
    wrong = {"file": SimpleUploadedFile("foto.png", b"GIF? no, text"), "alt": "Sebuah foto"}
    assert client.post(address, wrong).status_code == 422
    assert not ItemAsset.objects.exists()
    good = {"file": BytesIO(drawn.getvalue()), "alt": "Alat berat meratakan jalan", "ai_generated": "on"}
    good["file"].name = "foto.png"  # type: ignore[attr-defined]
    assert client.post(address, good).status_code == 302
    asset = ItemAsset.objects.get()
    approved.refresh_from_db()
    assert (asset.ai_generated, approved.state) == (True, ItemState.DRAFT)
    page = client.get(reverse("planning:item", args=[approved.pk])).content.decode()
    assert "Alat berat meratakan jalan" in page
    assert "AI" in page
    client.post(reverse("planning:asset_remove", args=[approved.pk, asset.pk]))
    assert not ItemAsset.objects.exists()


@pytest.mark.parametrize("name", ["maman", "tono"])
def test_members_and_guests_see_no_planning(cast: Cast, sign_in: SignIn, item: ContentItem, name: str) -> None:
    client = sign_in(cast.user(name))
    for address in ("planning:index", "planning:items", "planning:calendar", "planning:briefs"):
        assert client.get(reverse(address)).status_code == 403
    assert client.get(reverse("planning:item", args=[item.pk])).status_code in (403, 404)


def test_visitors_are_asked_to_sign_in(cast: Cast, client: Client, item: ContentItem) -> None:
    for address in (reverse("planning:index"), reverse("planning:item", args=[item.pk])):
        response = client.get(address)
        assert response.status_code == 302
        assert "/akun/" in response["Location"]


@pytest.mark.parametrize("address", ["planning:index", "planning:items", "planning:calendar", "planning:briefs"])
def test_lists_cost_the_same_however_long_they_are(
    cast: Cast, sign_in: SignIn, draft: ItemDraft, brief: Brief, address: str, django_assert_max_num_queries: Callable
) -> None:
    def make(n: int) -> None:
        for number in range(n):
            actions.create_item(cast.actor("dewi"), shorter(draft, title=f"{address} {number}"), brief_id=brief.pk)

    client = sign_in(cast.user("dewi"))
    make(1)
    client.get(reverse(address))
    with CaptureQueriesContext(connection) as few:
        assert client.get(reverse(address)).status_code == 200
    make(9)
    with django_assert_max_num_queries(len(few)):
        assert client.get(reverse(address)).status_code == 200


@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_lists_are_exported(cast: Cast, sign_in: SignIn, item: ContentItem, fmt: str) -> None:
    client = sign_in(cast.user("dewi"))
    response = client.get(reverse("planning:items"), {"format": fmt})
    content = b"".join(response.streaming_content)
    assert response["Content-Disposition"].endswith(f'.{fmt}"')
    assert len(content) > 100


@pytest.mark.parametrize(
    "query",
    [
        "?unit=999999",
        "?unit=abc",
        "?unit=99999999999999999999999999",
        "?page=abc",
        "?purpose=x",
        "?state=zzz",
        "?q=%00",
        "?from=9999-12-31",
        "?from=0001-01-01",
        "?from=x",
        "?issue=1",
        "?brief=99999999999999999999999",
        "?format=pdf",
    ],
)
def test_odd_addresses_never_break(cast: Cast, sign_in: SignIn, query: str) -> None:
    client = sign_in(cast.user("dewi"))
    for name in ("index", "items", "calendar", "briefs", "brief_create", "item_create"):
        assert client.get(reverse(f"planning:{name}") + query).status_code < 500


def test_the_issue_page_shows_what_is_said_about_it(
    cast: Cast, sign_in: SignIn, issue: Issue, draft: ItemDraft
) -> None:
    item = actions.create_item(cast.actor("dewi"), draft, unit_id=cast.root.pk, issue_id=issue.pk)
    context = IssueContent().context(cast.actor("dewi"), issue)
    assert context is not None
    assert context["items"] == [item]
    assert context["can_write"]
    assert IssueContent().context(cast.actor("maman"), issue) is None


def test_the_draft_of_a_version_is_kept_when_the_form_is_refused(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.user("dewi"))
    response = client.post(reverse("planning:item_create"), _item_data(cast, title="", bluesky_text="Jangan hilang"))
    assert response.status_code == 422
    assert "Jangan hilang" in response.content.decode()
