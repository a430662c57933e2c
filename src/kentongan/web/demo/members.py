"""Simulated people in the villages, with the consents that most of them gave."""

from collections.abc import Iterator
from random import Random

from django.utils.text import slugify

from kentongan.registry import actions
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Consent, Person, Unit
from kentongan.web.demo.script import BASIS, SYSTEM, Row, chance, section

# Nobody's: no operator assigns +62 800 0. Who has a number is told by a link that a person hands over.
NUMBER = "+62800{:07d}"
WITH_NUMBER, CONSENTING, MISSIONS, GATHERINGS, ACCOUNTS = 0.4, 0.9, 0.75, 0.45, 0.8


def add_members() -> None:
    """Add the members in one go; when they are there, nothing."""
    if Person.objects.filter(simulated=True).exists():
        return
    villages = list(Unit.objects.filter(level=Unit.Level.VILLAGE).order_by("code").values_list("pk", flat=True))
    actions.add_people(SYSTEM, list(_people(villages)))


def _people(villages: list[int]) -> Iterator[NewPerson]:
    row, rng = section("members"), chance("members")
    rng.shuffle(villages)
    names: set[str] = set()
    for number in range(row["count"]):
        name = _name(row, rng, names)
        yield NewPerson(
            full_name=name,
            unit_id=villages[number % len(villages)],
            title=_title(row["titles"][number % len(row["titles"])], rng),
            basis=BASIS,
            email=f"{slugify(name)}@example.id",
            phone=NUMBER.format(number + 1) if rng.random() < WITH_NUMBER else "",
            simulated=True,
            consents=_consents(row, rng),
        )


def _name(row: Row, rng: Random, taken: set[str]) -> str:
    while (name := f"{rng.choice(row['given'])} {rng.choice(row['family'])}") in taken:
        pass
    taken.add(name)
    return name


def _title(title: str, rng: Random) -> str:
    return f"{title} {rng.randint(1, 14):02d}" if title.startswith("Ketua") else title


def _consents(row: Row, rng: Random) -> dict[str, str]:
    if rng.random() > CONSENTING:
        return {}
    given = {Consent.Purpose.CONTACT.value: str(row["contact"])}
    if rng.random() < MISSIONS:
        given[Consent.Purpose.MISSIONS.value] = str(row["missions"])
    if rng.random() < GATHERINGS:
        given[Consent.Purpose.GATHERINGS.value] = str(row["gatherings"])
    if rng.random() < ACCOUNTS:
        given[Consent.Purpose.ACCOUNTS.value] = str(row["accounts"])
    return given
