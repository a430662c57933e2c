"""People's names for comparing: however they are spelt, with or without titles."""

import re
import unicodedata

BEFORE = frozenset(
    [
        "h",
        "hj",
        "haji",
        "hajah",
        "hajjah",
        "drs",
        "dra",
        "dr",
        "drg",
        "drh",
        "ir",
        "prof",
        "kh",
        "kyai",
        "kiai",
        "nyai",
        "ust",
        "ustad",
        "ustadz",
        "ustaz",
        "ustadzah",
        "habib",
        "rd",
        "raden",
        "tb",
        "tubagus",
        "pdt",
        "pendeta",
        "rm",
        "sr",
        "bpk",
        "bapak",
        "bp",
        "pak",
        "ibu",
        "bu",
        "sdr",
        "sdri",
        "tn",
        "ny",
        "nn",
        "jend",
        "letjen",
        "mayjen",
        "brigjen",
        "kol",
        "letkol",
        "mayor",
        "kapten",
        "lettu",
        "letda",
        "serka",
        "kombes",
        "akbp",
        "kompol",
        "akp",
        "iptu",
        "ipda",
        "aiptu",
    ]
)
AFTER = frozenset(
    [
        "sh",
        "mh",
        "se",
        "mm",
        "msi",
        "sip",
        "sipol",
        "ssos",
        "skom",
        "mkom",
        "spd",
        "mpd",
        "spdi",
        "mpdi",
        "sag",
        "mag",
        "sth",
        "st",
        "mt",
        "sp",
        "mp",
        "skm",
        "mkes",
        "sked",
        "skep",
        "sei",
        "shi",
        "mhi",
        "msc",
        "ma",
        "ba",
        "bsc",
        "bba",
        "mba",
        "phd",
        "amd",
        "amdkeb",
        "amdkep",
        "spsi",
        "mpsi",
        "sikom",
        "mikom",
        "ssi",
        "skh",
        "sst",
        "sstp",
        "map",
        "ak",
        "ca",
        "lc",
        "mth",
        "msos",
        "sptk",
        "spi",
        "shut",
        "ssn",
        "msn",
        "dipl",
        "ing",
        "cpa",
        "cfp",
        "sad",
        "sap",
        "mha",
        "mph",
        "spog",
        "spa",
        "spb",
        "ners",
        "ns",
        "apt",
        "strkeb",
    ]
)
# Titles that are also names or ends of names: taken for titles only with dots or behind a comma.
ALSO_NAMES = frozenset(["ma", "ba", "sad", "ing", "ca", "map", "ak", "sei", "spi", "spa", "spb"])
MARKS = re.compile(r"[^a-z0-9. ]+")


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return MARKS.sub(" ", folded.replace("'", "").replace("`", ""))


def _words(text: str) -> list[str]:
    """Return the words; dots join a title (S.H. is sh) and part all else (H.M. is h m)."""
    words: list[str] = []
    for token in _folded(text).split():
        joined = token.replace(".", "")
        if "." in token and joined in AFTER | BEFORE:
            words.append(joined + "." * (joined in ALSO_NAMES))
        else:
            words += token.replace(".", " ").split()
    return words


def _is_after(words: list[str]) -> int:
    """Return how many of the last words are a title: one, two of a title written "S. Pd", or none."""
    last = words[-1]
    if last.rstrip(".") in AFTER and last not in ALSO_NAMES:
        return 1
    return 2 if len(words) > 2 and len(words[-2]) == 1 and words[-2] + last in AFTER else 0


def key(name: str) -> str:
    """Return what two spellings of one name have in common: "Drs. H. Ahmad  SUDRAJAT, S.H., M.Si." is "ahmad sudrajat".

    A name of titles only stays as it is.
    """
    first, _comma, rest = name.partition(",")
    # What stands behind a comma is titles, unless it is long words: "Sudrajat, Ahmad".
    words = _words(first) + [word for word in _words(rest) if len(word) > 4 and word not in AFTER]
    while len(words) > 1 and words[0] in BEFORE:
        words.pop(0)
    while len(words) > 1 and (titles := _is_after(words)):
        del words[-titles:]
    return " ".join(words).replace(".", "")[:200]


def shown(name: str) -> str:
    """Return a name without surplus blanks, as it is to be displayed."""
    return " ".join(name.replace("\x00", "").split())
