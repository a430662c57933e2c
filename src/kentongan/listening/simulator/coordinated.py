"""One campaign of copies: many young accounts, nearly the same words, within minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

KEY = "copy-paste"
TITLE = "Tolak perluasan TPA Burangkeng (teks salinan)"
ACCOUNTS = 38
WINDOW = timedelta(minutes=12)
DAY = 11.42
TEXT = (
    "Kami warga Setu dan sekitarnya MENOLAK KERAS rencana perluasan TPA Burangkeng! Sudah cukup puluhan tahun kami "
    "menghirup bau busuk. Pemkab jangan tutup mata, dengarkan suara rakyat"
)
ENDS = (
    "!", "!!", ".", "! #TolakPerluasanTPA", " #TolakPerluasanTPA", "!! #TolakPerluasanTPA #SaveSetu", " 🙏", "! ✊",
    ". #SaveSetu", "!!!", " #TolakPerluasanTPA 🙏",
)  # fmt: skip


def copies(start: datetime, rng: Random) -> Iterator[tuple[datetime, str]]:
    """The time and the words of each copy, the earliest first; the first and the last are WINDOW apart."""
    inside = sorted(rng.random() for _ in range(ACCOUNTS - 2))
    for share in (0.0, *inside, 1.0):
        yield start + WINDOW * share, TEXT + rng.choice(ENDS)
