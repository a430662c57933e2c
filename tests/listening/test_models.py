"""The committed models: small, told about, as good through the pipeline as their cards say, silent where unsure."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import f1_score

from kentongan.listening.lab.judging import judge
from kentongan.listening.pipeline import clean, heads
from kentongan.listening.pipeline.formal import formal as rewritten
from kentongan.listening.training import sets
from kentongan.listening.training.formal import bleu, sentences

DATA = files("kentongan.listening.pipeline").joinpath("data")
MOST_BYTES = 8_000_000
# What rounding and the product's own cleaning may cost.
SLACK = 0.01


@pytest.fixture
def labelled(shared_data: Path) -> Path:
    """The sets that models may be made of."""
    folder = shared_data / "may_ship"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return folder


def card(name: str) -> dict[str, object]:
    return json.loads(DATA.joinpath(f"{name}.json").read_text("utf-8"))


def test_each_model_has_a_card_and_all_are_small():
    assert sum(len(DATA.joinpath(f"{name}.npz").read_bytes()) for name in heads.NAMES) < MOST_BYTES
    for name in heads.NAMES:
        said = card(name)
        assert all(said[part] for part in ("model", "data", "licence", "limits", "macro_f1", "coverage", "labels"))
        assert 0 < said["sure"] < 1


def test_the_threshold_was_measured():
    for name, wanted in (("language", 0.99), ("sentiment", 0.9)):
        said = card(name)
        lines = {line["score"]: line for line in said["coverage"]}
        assert lines[said["sure"]]["right"] >= wanted
        assert lines[said["sure"]]["share"] > 0.5
        assert all(line["right"] < wanted for score, line in lines.items() if score < said["sure"])


def test_tone_is_as_good_as_its_card_says(labelled):
    figures = card("sentiment")["macro_f1"]
    smsa, nusax = sets.smsa(labelled, "valid"), sets.nusax(labelled, "valid")
    whole = f1_score(smsa.labels, judge("sentiment", smsa.texts).labels.tolist(), average="macro")
    assert whole >= figures["SmSA valid"] - SLACK
    guess, truth, codes = judge("sentiment", nusax.texts).labels, np.array(nusax.labels), np.array(nusax.languages)
    each = [
        f1_score(truth[codes == one], guess[codes == one].tolist(), average="macro") for one in set(nusax.languages)
    ]
    assert np.mean(each) >= figures["NusaX valid, mean of 12 languages"] - SLACK


def test_languages_are_told_apart_malay_too(labelled):
    malay = sets.sib200(labelled, "dev").where(lambda _text, _label, code: code == "ms")
    held_out = sets.nusax(labelled, "valid") + malay
    verdict = judge("language", held_out.texts)
    asked = sorted(set(held_out.languages))
    assert f1_score(held_out.languages, verdict.labels.tolist(), average="macro", labels=asked) >= 0.98
    right = verdict.labels == np.array(held_out.languages)
    assert right[verdict.sure].mean() > right.mean()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Jalan di depan rumah kami rusak parah dan belum juga diperbaiki", "id"),
        ("Dalan ngarep omah iki rusak, wis suwe ora didandani karo pemerintah", "jv"),
        ("Jalan payuneun bumi abdi ruksak pisan, teu acan dibenerkeun", "su"),
        ("Jalan di muko rumah ambo alah rusak, indak dipelokan juo lai", "min"),
        ("Kerajaan akan memberi bantuan kewangan kepada semua rakyat pada bulan hadapan", "ms"),
        ("The road in front of our house is broken and nobody repairs it", "en"),
        (
            "Dalan ngarep omah iki rusak wis suwe. We have been waiting for months and nobody does anything",
            "mixed",
        ),
    ],
)
def test_one_sentence_of_each(text, code):
    assert judge("language", [text]).labels.tolist() == [code]


def test_a_text_says_the_same_alone_and_among_others():
    texts = ["Pelayanan bagus sekali, terima kasih", "", "sampah bau!!", "wkwk 😂", "Dalane bubrah kabeh pak"]
    alone = [judge("sentiment", [text]) for text in texts]
    together = judge("sentiment", texts)
    assert [one.labels[0] for one in alone] == together.labels.tolist()
    assert np.allclose([one.scores[0] for one in alone], together.scores, atol=1e-5)


def test_no_text_at_all_is_no_accident():
    table = heads.step(
        pa.table({"text": pa.array([], pa.string()), "tokens": clean.tokens(pa.array([], pa.string()))}), None
    )
    assert len(table["heads"]) == 0
    assert len(judge("language", []).labels) == 0


@pytest.mark.parametrize(
    ("text", "formal"),
    [
        ("gw ga bs login nih", "saya tidak bisa login nih ."),
        ("udah lapor, kpn diperbaiki?", "sudah lapor , kapan diperbaiki ?"),
        ("", ""),
    ],
)
def test_an_informal_text_is_written_out(text, formal):
    assert rewritten(text) == formal


def test_what_is_written_out_is_near_to_what_people_wrote(labelled):
    informal, truths = (sentences(labelled, f"dev.{side}") for side in ("inf", "for"))
    assert bleu([rewritten(" ".join(words)).split() for words in informal], truths) >= 51
    assert bleu(informal, truths) < 35
    assert bleu(truths, truths) == pytest.approx(100)
