"""Templates of trees: what the units of each kind of organisation are, level by level, over the areas of the country.

An area's level is what is fixed; what an organisation calls it (its `label`) is its own. `plan` makes nothing: it
yields the units that a template has below a unit, parents before children.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Invalid
from kentongan.registry import areas
from kentongan.registry.areas import Area
from kentongan.registry.models import Organisation, Unit

ACEH = "11"
LEVELS: Mapping[int, Unit.Level] = {
    areas.PROVINCE: Unit.Level.PROVINCE,
    areas.REGENCY: Unit.Level.REGENCY,
    areas.DISTRICT: Unit.Level.DISTRICT,
    areas.VILLAGE: Unit.Level.VILLAGE,
}


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to be made; `parent_code` names a unit that exists or comes earlier in the same list."""

    code: str
    name: str
    level: str
    parent_code: str
    label: str = ""
    kind: str = Unit.Kind.SPINE
    area_code: str = ""
    timezone: str = ""
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """One level of a tree: `label` is what the level is called, `word` what stands before the area's name.

    `aceh` is the word of that province's own law; a `temporary` tier lives for one election.
    """

    level: Unit.Level
    label: str
    word: str
    aceh: str = ""
    temporary: bool = False

    def called(self, area: Area) -> str:
        """Return the word for one area."""
        if self.aceh and area.code.startswith(ACEH):
            return self.aceh
        return area.village_word if self.word == VILLAGE_WORD else self.word


VILLAGE_WORD = "Desa/Kelurahan"
TEMPLATES: Mapping[str, tuple[Tier, ...]] = {
    Organisation.Kind.PARTY: (
        Tier(Unit.Level.PROVINCE, "DPD", "DPD"),
        Tier(Unit.Level.REGENCY, "DPC", "DPC"),
        Tier(Unit.Level.DISTRICT, "PAC", "PAC"),
        Tier(Unit.Level.VILLAGE, "Ranting", "Ranting"),
    ),
    Organisation.Kind.COMMISSION: (
        Tier(Unit.Level.PROVINCE, "KPU Provinsi", "KPU Provinsi", aceh="KIP"),
        Tier(Unit.Level.REGENCY, "KPU Kabupaten/Kota", "KPU", aceh="KIP"),
        Tier(Unit.Level.DISTRICT, "PPK", "PPK", temporary=True),
        Tier(Unit.Level.VILLAGE, "PPS", "PPS", temporary=True),
    ),
    Organisation.Kind.MINISTRY: (
        Tier(Unit.Level.PROVINCE, "Kantor Wilayah", "Kanwil"),
        Tier(Unit.Level.REGENCY, "Kantor Kabupaten/Kota", "Kantor"),
    ),
    Organisation.Kind.REGENCY: (
        Tier(Unit.Level.DISTRICT, "Kecamatan", "Kecamatan"),
        Tier(Unit.Level.VILLAGE, VILLAGE_WORD, VILLAGE_WORD),
    ),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a template to make: the areas within `scope` (all: ""), down to a level, with labels of one's own.

    The temporary tiers are made only with the days on which they start and end.
    """

    template: str
    scope: str = ""
    down_to: str = ""
    labels: Mapping[str, str] | None = None
    starts_on: date | None = None
    ends_on: date | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Wanted":
        """Return what `values` was made of."""
        days = {name: date.fromisoformat(values[name]) for name in ("starts_on", "ends_on") if values.get(name)}
        return cls(**{**values, **days})

    def values(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        plain = asdict(self)
        return plain | {name: plain[name] and plain[name].isoformat() for name in ("starts_on", "ends_on")}

    def tiers(self) -> dict[str, Tier]:
        """Return the tiers that are to be made, by level; raises Invalid for one that the template lacks."""
        if self.template not in TEMPLATES:
            raise Invalid(fields={"template": [_("Choose one of the templates on the list.")]})
        tiers = {tier.level.value: tier for tier in TEMPLATES[self.template]}
        unknown = {*(self.labels or {}), *([self.down_to] if self.down_to else [])} - tiers.keys()
        if unknown:
            raise Invalid(
                fields={"down_to": [_("This template has no level %(level)s.") % {"level": ", ".join(sorted(unknown))}]}
            )
        levels = list(tiers)
        kept = levels[: levels.index(self.down_to) + 1] if self.down_to else levels
        return {level: tiers[level] for level in kept if not tiers[level].temporary or self.starts_on}

    def without_term(self) -> list[str]:
        """Return the labels of temporary levels that are left out, since nobody said when they start and end."""
        if self.starts_on:
            return []
        return [tier.label for tier in TEMPLATES.get(self.template, ()) if tier.temporary]


def check(wanted: Wanted, organisation: Organisation, root: Unit) -> None:
    """Raise Invalid where a template does not fit the organisation, or a part lies outside its area."""
    if wanted.template != organisation.kind:
        raise Invalid(
            fields={"template": [_("This is the template of another kind of organisation than yours.")]},
            remedy=_("Yours is %(kind)s.") % {"kind": organisation.get_kind_display()},
        )
    if wanted.scope:
        areas.get(wanted.scope)
        if root.area_code and not f"{wanted.scope}.".startswith(f"{root.area_code}."):
            raise Invalid(fields={"scope": [_("This area lies outside your organisation's.")]})
    if wanted.template == Organisation.Kind.REGENCY and root.level != Unit.Level.REGENCY:
        raise Invalid(fields={"template": [_("A regency office has its root at a regency or city.")]})
    if bool(wanted.starts_on) != bool(wanted.ends_on):
        raise Invalid(fields={"ends_on": [_("A temporary body needs both its first and its last day.")]})
    if wanted.starts_on and wanted.ends_on and wanted.ends_on < wanted.starts_on:
        raise Invalid(fields={"ends_on": [_("The last day comes before the first.")]})


def plan(wanted: Wanted, root: Unit) -> Iterator[NewUnit]:
    """Yield the units of the wanted part below `root`, and those between `root` and it, parents before children."""
    tiers = wanted.tiers()
    scope = wanted.scope or root.area_code
    depth = root.area_code.count(".") + 1 if root.area_code else 0
    between = areas.path(scope)[depth:-1] if scope and scope != root.area_code else []
    placed = {root.area_code: root.code}
    for area in sorted([*between, *areas.scope(scope)], key=lambda area: (area.level, area.code)):
        tier = tiers.get(LEVELS[area.level])
        if tier is None or area.code == root.area_code:
            continue
        placed[area.code] = area.code
        yield _unit(area, tier, (wanted.labels or {}).get(tier.level), _above(area, placed, root), wanted)


def _above(area: Area, placed: Mapping[str, str], root: Unit) -> str:
    parent = area.parent
    while parent is not None and parent not in placed:
        parent = parent.rpartition(".")[0] or None
    return placed[parent] if parent is not None else root.code


def _unit(area: Area, tier: Tier, own_label: str | None, parent_code: str, wanted: Wanted) -> NewUnit:
    word = own_label or tier.called(area)
    label = own_label or (word if tier.label == VILLAGE_WORD else tier.label)
    return NewUnit(
        code=area.code,
        name=f"{word} {area.name}",
        level=tier.level,
        parent_code=parent_code,
        label=label,
        area_code=area.code,
        timezone=area.timezone,
        starts_on=wanted.starts_on if tier.temporary else None,
        ends_on=wanted.ends_on if tier.temporary else None,
    )
