"""How platforms draw a post: what they find in a text, where they fold it, and from where that is known."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.channels import looks, registry
from kentongan.channels.looks import FIGURES, PLAIN, Layout, Look, Source
from kentongan.channels.text import Span

TEXT = "Info @pemkabbekasi: baca https://www.bekasikab.go.id/berita/jalan-setu #JalanSetu #Bekasi @dinas.pu"


def found(kind: str, text: str = TEXT) -> list[tuple[str, str]]:
    drawn = looks.segments(text, registry.get(kind).manifest.look)
    return [(part.kind, part.text) for part in drawn if part.kind != "plain"]


def test_every_platform_that_is_published_to_says_how_it_draws_and_from_where_that_is_known():
    for channel in registry.publishing():
        look = channel.manifest.look
        assert look.sources, channel.kind
        assert all(source.page and set(source.says) <= set(FIGURES) for source in look.sources), channel.kind
        assert date(2026, 1, 1) < date.fromisoformat(look.seen) <= date(2027, 12, 31), channel.kind


def test_what_is_swiped_through_or_stands_below_one_another_is_all_shown():
    for channel in registry.publishing():
        look, limits = channel.manifest.look, channel.manifest.limits
        assert look.layout in {Layout.GRID, Layout.FIRST} or look.pictures >= limits.images, channel.kind


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "x",
            [
                ("mention", "@pemkabbekasi"),
                ("link", "bekasikab.go.id/berita/jala…"),
                ("tag", "#JalanSetu"),
                ("tag", "#Bekasi"),
                ("mention", "@dinas"),
            ],
        ),
        (
            "instagram",
            [("mention", "@pemkabbekasi"), ("tag", "#JalanSetu"), ("tag", "#Bekasi"), ("mention", "@dinas.pu")],
        ),
        (
            "bluesky",
            [
                ("link", "https://www.bekasikab.go.id/berita/jalan-setu"),
                ("tag", "#JalanSetu"),
                ("tag", "#Bekasi"),
                ("mention", "@dinas.pu"),
            ],
        ),
        (
            "facebook",
            [
                ("link", "https://www.bekasikab.go.id/berita/jalan-setu"),
                ("tag", "#JalanSetu"),
                ("tag", "#Bekasi"),
            ],
        ),
    ],
)
def test_each_finds_what_it_finds(kind: str, expected: list[tuple[str, str]]):
    assert found(kind) == expected


def test_threads_makes_a_topic_of_the_first_hashtag_only():
    assert found("threads", "#Satu #Dua") == [("tag", "#Satu")]


def test_a_hashtag_that_is_too_long_for_bluesky_leads_nowhere():
    assert found("bluesky", f"#{'a' * 65} #b") == [("tag", "#b")]


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("instagram", "kata " * 40, "kata " * 25),
        ("instagram", "a\nb\nc\nd", "a\nb\nc"),
        ("instagram", "x" * 200, "x" * 125),
        ("facebook", "a\nb\nc\nd\ne\nf", "a\nb\nc\nd\ne"),
        ("facebook", "kata " * 200, "kata " * 95),
        ("tiktok", "satu\ndua\ntiga", "satu\ndua"),
        ("youtube", "a\n\nb\nc", "a\n\nb"),
        ("x", "kata " * 56, "kata " * 56),
        ("instagram", "y" * 120 + " https://bekasikab.go.id/jalan", "y" * 120 + " "),
        ("facebook", "y" * 470 + " https://bekasikab.go.id/jalan", "y" * 470 + " "),
        ("instagram", "", ""),
        ("instagram", "👨‍👩‍👧‍👦" * 126, "👨‍👩‍👧‍👦" * 125),
    ],
)
def test_the_text_is_folded_where_the_platform_folds_it(kind: str, text: str, shown: str):
    head, rest = looks.fold(text, registry.get(kind).manifest.look)
    assert head == shown
    assert head + rest == text


def test_what_is_only_space_is_not_folded_away():
    assert looks.fold("x" * 125 + " \n ", registry.get("instagram").manifest.look) == ("x" * 125 + " \n ", "")


@given(st.text(max_size=700), st.sampled_from([channel.kind for channel in registry.publishing()]))
def test_nothing_of_a_text_is_lost_by_folding_or_marking(text: str, kind: str):
    look = registry.get(kind).manifest.look
    head, rest = looks.fold(text, look)
    assert head + rest == text
    whole = replace(look, link_shown=None)
    assert "".join(part.text for part in looks.segments(head, whole)) == head
    assert head or not text


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("x", {"link_shown", "single", "several"}),
        ("facebook", {"fold", "fold_lines", "pictures", "single", "several"}),
        ("instagram", set()),
        ("threads", {"single", "several"}),
        ("bluesky", {"several"}),
        ("mastodon", {"several"}),
        ("telegram", {"several"}),
        ("tiktok", {"fold_lines", "video"}),
        ("youtube", {"fold_lines"}),
        ("newsroom", set()),
        ("wordpress", set()),
    ],
)
def test_what_no_page_states_is_known_to_be_approximate(kind: str, expected: set[str]):
    assert registry.get(kind).manifest.look.unverified == expected


def test_a_figure_of_a_third_party_without_a_page_is_approximate():
    assert Look(fold=90).unverified == {"fold"}
    assert Look((Source("contoh.id", ("fold",)),), fold=90).unverified == set()
    assert PLAIN.unverified == set()


def test_a_stretch_that_leads_somewhere_though_it_is_no_address_is_drawn_as_a_link():
    text = "Baca\n\nbekasikab.go.id/a"
    drawn = looks.segments(text, PLAIN, [Span(6, len(text), "https://bekasikab.go.id/a")])
    assert [(part.kind, part.text) for part in drawn] == [("plain", "Baca\n\n"), ("link", "bekasikab.go.id/a")]
    assert [part.kind for part in looks.segments("Baca", PLAIN, [Span(6, 23, "x")])] == ["plain"]


@given(st.text(max_size=300), st.integers(1, 50))
def test_no_more_is_shown_than_the_platform_shows(text: str, most: int):
    head, rest = looks.fold(text, Look(fold=most))
    assert not rest or len(looks.GRAPHEME.findall(head)) <= most


def test_the_card_is_of_the_posts_own_link_or_the_first_in_its_text():
    assert looks.address_of(TEXT, "https://a.id") == "https://a.id"
    assert looks.address_of(TEXT, "") == "https://www.bekasikab.go.id/berita/jalan-setu"
    assert looks.address_of("tanpa", "") == ""
    assert looks.segments("", PLAIN) == []
