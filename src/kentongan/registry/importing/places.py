"""Which unit a list means: by code, by name as offices write it, by what was decided once; never by a guess in silence.

finder = Finder(unit)                            # the unit for which a list is imported: nothing above, nothing beside
finder.find(Place(unit="Kec. Cikarang Utara"))   # Found(unit, code, name), Doubt(suggestions) or Astray("why")
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rapidfuzz import fuzz, process

from kentongan.core.errors import NotFound, Unavailable
from kentongan.registry import areas
from kentongan.registry.models import FormerName, Unit, UnitAlias
from kentongan.registry.trees import LEVELS, TEMPLATES

Level = Unit.Level
SUGGESTED = 5
FUZZY_FROM = 72.0
REMEMBERED = 100_000
KEY_CHARS = 300
SHORT: Mapping[str, str] = {
    "utr": "utara", "slt": "selatan", "sel": "selatan", "tmr": "timur", "tim": "timur", "brt": "barat", "bar": "barat",
    "tgh": "tengah", "teng": "tengah", "pst": "pusat", "ps": "pasar", "psr": "pasar", "tj": "tanjung", "tjg": "tanjung",
    "sei": "sungai", "gn": "gunung", "gng": "gunung", "kp": "kampung", "kmp": "kampung", "pd": "pondok", "bt": "batu",
    "tl": "teluk", "jkt": "jakarta", "smtr": "sumatera", "sumatra": "sumatera",
}  # fmt: skip
WORDS: Mapping[str, Level | None] = {
    "provinsi": Level.PROVINCE, "propinsi": Level.PROVINCE, "prov": Level.PROVINCE, "prop": Level.PROVINCE,
    "kabupaten": Level.REGENCY, "kab": Level.REGENCY, "kota": Level.REGENCY, "kotamadya": Level.REGENCY,
    "kecamatan": Level.DISTRICT, "kec": Level.DISTRICT, "distrik": Level.DISTRICT,
    "kelurahan": Level.VILLAGE, "kel": Level.VILLAGE, "desa": Level.VILLAGE, "ds": Level.VILLAGE,
    "gampong": Level.VILLAGE, "nagari": Level.VILLAGE,
    "adm": None, "administrasi": None, "dki": None, "satuan": None,
}  # fmt: skip
WORD = re.compile(r"[a-z0-9]+")
DOTTED = re.compile(r"\d\d(?:\.\d\d(?:\.\d\d(?:\.\d{4})?)?)?")
URBAN, RURAL = "kelurahan", "desa"
KINDS: Mapping[str, str] = {
    "kota": "city", "kotamadya": "city", "kab": "regency", "kabupaten": "regency",
    "kelurahan": URBAN, "kel": URBAN, "desa": RURAL, "ds": RURAL, "gampong": RURAL, "nagari": RURAL,
}  # fmt: skip
VILLAGE_KINDS: Mapping[str, str] = {"1": URBAN, "2": RURAL}  # by the first figure of a village's own part of its code
ABOVE = (Level.PROVINCE, Level.REGENCY, Level.DISTRICT, Level.VILLAGE)
DEPTHS = (2, 4, 6, 10)


class Place(NamedTuple):
    """What a row says about its unit, as it stands in the cells; "" where there is no such column."""

    unit: str = ""
    code: str = ""
    province: str = ""
    regency: str = ""
    district: str = ""
    village: str = ""
    sheet: str = ""

    @property
    def said(self) -> str:
        """What a person would call it: the lowest names first."""
        parts = [self.unit, self.village, self.district, self.regency, self.province] if self.named else [self.sheet]
        words = [part for part in parts if part] + ([f"({self.code})"] if self.code else [])
        return ", ".join(dict.fromkeys(words))

    @property
    def named(self) -> bool:
        """Whether anything but the sheet and a code tells the unit."""
        return any((self.unit, self.province, self.regency, self.district, self.village))

    @property
    def key(self) -> str:
        """The same for each spelling that differs by capitals and marks only; decisions are remembered under it."""
        return "|".join(" ".join(words(part)) for part in self)[:KEY_CHARS]


class Found(NamedTuple):
    """The unit that is meant."""

    unit_id: int
    code: str
    name: str


class Doubt(NamedTuple):
    """It may be one of these: (unit, likeness from 0 to 1), the likeliest first; somebody has to decide."""

    suggestions: tuple[tuple[Found, float], ...]


class Astray(NamedTuple):
    """It is none of the units for which the list is imported, and why."""

    reason: str | Promise


Answer = Found | Doubt | Astray
OUTSIDE = Astray(_("This unit does not lie below the one for which you import."))
UNSAID = Astray(_("No unit is named."))


def words(text: str) -> list[str]:
    """Return the words of a unit's name for comparing, abbreviations in full."""
    folded = text.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    return [SHORT.get(word, word) for word in WORD.findall(folded.replace("'", ""))]


class _Name(NamedTuple):
    """A name without the words that tell its level: what is left, the levels it may have, and of what kind it is."""

    key: str
    levels: frozenset[str]
    kind: str


class _Unit(NamedTuple):
    """A unit of the subtree, with the ids of all above it."""

    found: Found
    level: str
    above: frozenset[int]
    kind: str


class Finder:
    """Finds units of one subtree; made anew for each preview and each run, so that it knows the tree as it is."""

    def __init__(self, top: Unit) -> None:
        self.top = top
        self.units: dict[int, _Unit] = {}
        self.by_code: dict[str, int] = {}
        self.by_key: dict[str, list[int]] = defaultdict(list)
        self.labels = _label_words(top)
        self._load()
        self.outside = self._outside()
        self.above = self._above()
        self.aliases = dict(UnitAlias.objects.filter(scope=top).values_list("key", "unit_id"))
        self._cached = lru_cache(maxsize=REMEMBERED)(self._find)
        self._named = lru_cache(maxsize=REMEMBERED // 5)(self.name)

    def _load(self) -> None:
        rows = Unit.objects.filter(path__within=self.top.path, closed_at=None).order_by("path")
        fields = ("pk", "code", "area_code", "name", "level", "path")
        for pk, code, area_code, name, level, path in rows.values_list(*fields).iterator(chunk_size=5000):
            read = self.name(name)
            above = frozenset(map(int, str(path).split(".")))
            kind = read.kind or _village_kind(area_code)
            self.units[pk] = _Unit(Found(pk, code, name), level, above, kind)
            self._index(pk, read.key, code, area_code)
        former = FormerName.objects.filter(unit__path__within=self.top.path, unit__closed_at=None)
        for pk, code, name in former.values_list("unit_id", "code", "name"):
            self._index(pk, self.name(name).key, code)

    def _above(self) -> dict[str, set[str]]:
        """Return what the units and areas at and above the importing one are called, by level."""
        above: dict[str, set[str]] = defaultdict(set)
        for unit in Unit.objects.filter(path__covers=self.top.path):
            above[unit.level].add(self.name(unit.name).key)
        with suppress(NotFound, Unavailable):
            for area in areas.path(self.top.area_code) if self.top.area_code else ():
                above[str(LEVELS[area.level])].add(self.name(area.name).key)
        return above

    def _index(self, pk: int, key: str, *codes: str) -> None:
        for code in dict.fromkeys(codes):
            if code:
                self.by_code.setdefault(_code(code), pk)
        if key and pk not in self.by_key[key]:
            self.by_key[key].append(pk)

    def _outside(self) -> frozenset[str]:
        """Return the codes and names of all other units, so that a row for one of them is told so."""
        if self.top.parent_id is None:
            return frozenset()
        others = Unit.objects.exclude(path__within=self.top.path).values_list("code", "name")
        return frozenset(key for code, name in others for key in (f"#{_code(code)}", self.name(name).key)) - {""}

    def name(self, text: str) -> _Name:
        """Return a name without the words that tell its level."""
        rest, levels, kind = words(text), set[str](), ""
        while len(rest) > 1 and (rest[0] in WORDS or rest[0] in self.labels):
            word = rest.pop(0)
            kind = KINDS.get(word, kind)
            levels = levels or set(self.labels.get(word, ())) | ({str(WORDS[word])} if WORDS.get(word) else set())
        return _Name(" ".join(rest), frozenset(levels), kind)

    def within(self, unit_id: int) -> list[str]:
        """Return the names of the units above one, the nearest first, without the importing unit itself."""
        above = [self.units[pk] for pk in self.units[unit_id].above - {unit_id, self.top.pk} if pk in self.units]
        return [unit.found.name for unit in sorted(above, key=lambda unit: -len(unit.above))]

    def find(self, place: Place) -> Answer:
        """Return the unit that a row means."""
        return self._cached(place)

    def _find(self, place: Place) -> Answer:
        remembered = self.aliases.get(place.key)
        if remembered in self.units:
            return self.units[remembered].found
        if place.code:
            by_code = self._by_code(place)
            if by_code is not None:
                return by_code
        return self._by_names(place)

    def _by_code(self, place: Place) -> Answer | None:
        code = _code(place.code)
        if code in self.by_code:
            return self.units[self.by_code[code]].found
        if f"#{code}" in self.outside:
            return OUTSIDE
        if place.named or place.sheet:
            guess = self._by_names(place)
            return _doubt([(guess, 0.8)]) if isinstance(guess, Found) else guess
        return Astray(_("There is no unit with the code %(code)s.") % {"code": place.code[:40]})

    def _by_names(self, place: Place) -> Answer:
        steps = self._steps(place)
        if not steps:
            return self._of_sheet(place)
        inside, sure = self._narrowed_by_sheet(place), True
        found: list[int] = [self.top.pk]
        for text, level in steps:
            matching = self._matching(text, level, inside)
            if matching:
                found, inside = matching, frozenset(matching)
            elif self._is_above(text, level):
                continue
            elif self.name(text).key in self.outside:
                return OUTSIDE
            elif text is steps[-1][0]:
                return self._alike(text, level, inside)
            else:
                sure = False
        return self._decided(found, sure=sure)

    def _decided(self, found: list[int], *, sure: bool) -> Answer:
        if len(found) == 1 and sure:
            return self.units[found[0]].found
        return _doubt([(self.units[pk].found, 0.9 if len(found) == 1 else 1 / len(found)) for pk in found])

    def _steps(self, place: Place) -> list[tuple[str, str]]:
        """Return the names from the highest to the lowest, each with its level where a column tells it."""
        columns = (place.province, place.regency, place.district, place.village)
        steps = [(text, str(level)) for text, level in zip(columns, ABOVE, strict=True) if text]
        parts = [part.strip() for part in re.split(r"[,;\n]| - ", place.unit) if part.strip()]
        return steps + [(part, "") for part in reversed(parts)]

    def _of_sheet(self, place: Place) -> Answer:
        """A list without names: the sheet tells the unit, else it is a list of the importing unit itself."""
        if not place.sheet:
            return self.units[self.top.pk].found if not place.code else UNSAID
        matching = self._matching(place.sheet, "", frozenset({self.top.pk}))
        return (
            self._decided(matching, sure=True) if matching else self._alike(place.sheet, "", frozenset({self.top.pk}))
        )

    def _narrowed_by_sheet(self, place: Place) -> frozenset[int]:
        whole = frozenset({self.top.pk})
        return frozenset(self._matching(place.sheet, "", whole)) or whole if place.sheet else whole

    def _matching(self, text: str, level: str, inside: frozenset[int]) -> list[int]:
        """Return the units with exactly this name, at this level, within one of `inside`."""
        name = self._named(text)
        found = [pk for pk in self.by_key.get(name.key, ()) if self.units[pk].above & inside]
        levels = {level} if level else name.levels
        if levels:
            found = [pk for pk in found if self.units[pk].level in levels]
        if name.kind in (URBAN, RURAL):
            # Offices mix these two up, so it only decides between two of one name in one district.
            return [pk for pk in found if self.units[pk].kind == name.kind] or found
        if name.kind:
            found = [pk for pk in found if self.units[pk].kind in ("", name.kind)]
        return found

    def _is_above(self, text: str, level: str) -> bool:
        """Whether a name is that of a unit or area above the importing one, which changes nothing."""
        key = self._named(text).key
        return key in self.above[level] if level else any(key in keys for keys in self.above.values())

    def _alike(self, text: str, level: str, inside: frozenset[int]) -> Answer:
        """Return the units whose names are like this one, for somebody to choose from."""
        name = self._named(text)
        levels = {level} if level else name.levels
        likely: dict[int, float] = {}
        for key, score, _place in process.extract(
            name.key, self.by_key.keys(), scorer=fuzz.token_sort_ratio, limit=50, score_cutoff=FUZZY_FROM
        ):
            for pk in self.by_key[key]:
                if self.units[pk].above & inside and (not levels or self.units[pk].level in levels):
                    likely[pk] = max(likely.get(pk, 0.0), min(score / 100, 0.99))
        if not likely and inside != {self.top.pk}:
            return self._alike(text, level, frozenset({self.top.pk}))
        ranked = sorted(likely.items(), key=lambda one: -one[1])[:SUGGESTED]
        return _doubt([(self.units[pk].found, score) for pk, score in ranked])


def _doubt(suggestions: Iterable[tuple[Found, float]]) -> Doubt:
    return Doubt(tuple(suggestions)[:SUGGESTED])


def _village_kind(area_code: str) -> str:
    return VILLAGE_KINDS.get(area_code[9:10], "") if len(area_code) == len("32.16.20.2002") else ""


def _code(text: str) -> str:
    """Return a code for comparing; that of an area with or without its dots (321620 is 32.16.20)."""
    if DOTTED.fullmatch(text):
        return text
    bare = re.sub(r"[\s.\-/]", "", text).casefold().removesuffix(".0")
    if bare.isdigit() and len(bare) in DEPTHS:
        cuts = [0, *(depth for depth in DEPTHS if depth <= len(bare))]
        return ".".join(bare[start:end] for start, end in pairwise(cuts))
    return text.strip().casefold()


def _label_words(top: Unit) -> dict[str, frozenset[str]]:
    """Return what organisations call their levels (PAC, Ranting, PPK ...), each word with the levels it stands for."""
    found: dict[str, set[str]] = defaultdict(set)
    tiers = [(tier.label, tier.level) for tiers in TEMPLATES.values() for tier in tiers]
    tiers += [(tier.word, tier.level) for tiers in TEMPLATES.values() for tier in tiers]
    own = (
        Unit.objects.filter(path__within=top.path).exclude(label="").order_by().values_list("label", "level").distinct()
    )
    for label, level in (*tiers, *own):
        # A label of several words ("KPU Provinsi") gives each of them; a word of an area tells its level by itself.
        for word in words(str(label)):
            if word not in WORDS:
                found[word].add(str(level))
    # DPD is a province here and a regency there: own labels decide, those of other organisations do not.
    ours = {word for label, _level in own for word in words(label)}
    return {word: frozenset(levels) if word in ours else frozenset() for word, levels in found.items()}
