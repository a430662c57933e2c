"""How alike two captions are."""

from hypothesis import given
from hypothesis import strategies as st

from kentongan.safeguards.authenticity import ALIKE, alike_pairs, bands, closest, similarity, words

ORIGINAL = "Kemarin saya cek nama di laman KPU, ternyata TPS saya pindah ke balai RW. Bapak-Ibu jangan lupa cek juga."
GREETED = "Assalamualaikum! " + ORIGINAL + " 🙏🙏"
OWN_WORDS = (
    "Tetangga, daftar pemilih sudah bisa dilihat. TPS keluarga kami ternyata di balai RW, coba periksa punya sendiri."
)

texts = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=80)


def test_what_costs_nothing_to_change_changes_nothing() -> None:
    dressed = (
        "KEMARIN saya cek nama, di laman KPU — ternyata TPS saya pindah ke balai RW!!! "
        "bapak ibu jangan lupa cek juga https://kpu.go.id @warga"
    )
    assert similarity(ORIGINAL, dressed) == 1.0


def test_a_greeting_before_a_copy_is_still_a_copy() -> None:
    assert similarity(ORIGINAL, GREETED) >= 0.85


def test_own_words_are_own_words() -> None:
    assert similarity(ORIGINAL, OWN_WORDS) < 0.2


def test_two_common_words_do_not_make_a_copy() -> None:
    assert similarity("Selamat pagi", ORIGINAL) < ALIKE


def test_nothing_is_like_nothing() -> None:
    assert similarity("", "") == 0.0
    assert similarity("🙏", ORIGINAL) == 0.0
    assert closest(ORIGINAL, []) == 0.0


def test_pairs_are_found_and_ordered() -> None:
    pairs = alike_pairs([ORIGINAL, OWN_WORDS, GREETED, ORIGINAL])
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 3), (0, 2), (2, 3)]
    assert pairs[0].score == 1.0


def test_words_are_folded_without_accents() -> None:
    assert words("Séhat #CekNama @warga_32 di www.kpu.go.id/dpt ya") == ["sehat", "ceknama", "di", "ya"]


@given(texts, texts)
def test_it_is_symmetric_and_bounded(first: str, second: str) -> None:
    score = similarity(first, second)
    assert 0.0 <= score <= 1.0
    assert score == similarity(second, first)


@given(
    st.lists(
        st.sampled_from(["jalan", "rusak", "banjir", "antre", "ktp", "puskesmas", "sampah"]), min_size=1, max_size=20
    )
)
def test_a_text_is_like_itself(tokens: list[str]) -> None:
    text = " ".join(tokens)
    assert similarity(text, text) == 1.0
    assert closest(text, ["lain sama sekali", text]) == 1.0


def test_an_index_finds_what_is_alike_and_little_else() -> None:
    keys = set(bands(ORIGINAL, "x"))
    assert keys & set(bands(GREETED, "x"))
    assert keys & set(bands(ORIGINAL.replace("RW", "desa"), "x"))
    assert not keys & set(bands(OWN_WORDS, "x"))
    assert not keys & set(bands(ORIGINAL, "facebook"))
    assert bands("🙏") == []


def test_stored_keys_stay_what_they_are() -> None:
    assert bands("Selamat pagi warga", "x")[:2] == [7792385343323800687, -851171377557543561]


@given(st.lists(st.sampled_from([f"kata{number}" for number in range(400)]), min_size=20, max_size=60, unique=True))
def test_texts_over_the_limit_of_a_platform_share_a_key(tokens: list[str]) -> None:
    text, changed = " ".join(tokens), " ".join(["lain", *tokens[1:-1], "beda"])
    if similarity(text, changed) >= 0.8:
        assert set(bands(text)) & set(bands(changed))


@given(texts)
def test_keys_fit_a_column_of_the_database(text: str) -> None:
    assert all(-(2**63) <= key < 2**63 for key in bands(text, "newsroom"))
