"""Texts are counted as each platform counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.channels import counting, registry
from kentongan.channels.contract import Counting

FAMILY = "👨‍👩‍👧‍👦"
LINK = "https://bekasikab.go.id/berita/2026/11/jalan-rusak-di-setu-diperbaiki"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("Halo Bekasi", 11), (FAMILY, 1), ("é", 1), ("e\u0301", 1), ("🇮🇩", 1), ("a\r\nb", 3)],
)
def test_graphemes_are_what_a_reader_sees(text, expected):
    assert counting.graphemes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LINK, 23),
        (f"Baca {LINK}.", 5 + 23 + 1),
        (f"({LINK})", 25),
        ("https://a.id/x_(y)", 23),
        ("Kepada @diskominfo@mastodon.social ya", len("Kepada @diskominfo ya")),
        ("surat@bekasikab.go.id", 21),
        (FAMILY * 3, 3),
    ],
)
def test_mastodon_counts_a_link_as_23_and_a_mention_without_its_domain(text, expected):
    assert counting.fediverse(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bekasi", 6),
        ("日本", 4),
        (FAMILY, 2),
        ("🇮🇩", 2),
        ("#1 * 2", 6),
        (f"x {LINK}", 25),
        ("e\u0301", 1),
        ("“a”", 3),
    ],
)
def test_x_weighs_characters(text, expected):
    assert counting.weighted(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("anak-anak bermain, riang!", 3), ("RT 05/RW 02", 4), ("  — …  ", 0), ("Jum'at", 1)],
)
def test_a_website_counts_words(text, expected):
    assert counting.words(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("é1#", 3), ("界", 1), ("😀", 4), (f"a{FAMILY}", 26)])
def test_threads_counts_an_emoji_by_its_bytes(text, expected):
    assert counting.emoji_as_bytes(text) == expected


def test_utf16_counts_an_astral_character_twice():
    assert counting.utf16("a😀") == 3


@given(st.text(max_size=200))
def test_no_text_breaks_a_counter_and_counts_are_bounded(text):
    for measure in (counting.graphemes, counting.words, counting.utf16):
        assert 0 <= measure(text) <= 2 * len(text)
    assert counting.fediverse(text) >= 0
    assert counting.weighted(text) >= 0


@given(st.text(alphabet="abcdefghij /?=&-_.", min_size=1, max_size=300))
def test_a_link_weighs_the_same_whatever_its_length(path):
    link = "https://bekasikab.go.id/" + path.replace(" ", "").strip(".?-_&=") + "z"
    assert counting.fediverse(f"Baca {link}") == counting.weighted(f"Baca {link}") == 28


def test_a_count_knows_what_is_left():
    count = registry.get("bluesky").manifest.count("x" * 301)
    assert (count.used, count.limit, count.left, count.fits) == (301, 300, -1, False)
    assert count.counting is Counting.GRAPHEMES
    assert registry.get("newsroom").manifest.count("satu dua").left is None
