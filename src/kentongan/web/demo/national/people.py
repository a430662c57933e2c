"""The people of one unit: names, positions, telephone numbers, consents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.utils.text import slugify

from kentongan.registry import names
from kentongan.registry.actions.simulation import Simulated
from kentongan.registry.models import Consent, Person, Unit
from kentongan.web.demo.members import NUMBER
from kentongan.web.demo.national.names import name, pick

BASIS = "Data simulasi nasional, bukan orang sungguhan"
LARGEST = 64
"""No unit has more people than this: each person has a number of their own within it."""
SIZES = {
    Unit.Level.NATION: (60, 60),
    Unit.Level.PROVINCE: (38, 50),
    Unit.Level.REGENCY: (24, 36),
    Unit.Level.DISTRICT: (13, 19),
    Unit.Level.VILLAGE: (12, 21),
}
HEADS = ("Ketua", "Sekretaris", "Bendahara", "Wakil Ketua", "Wakil Sekretaris", "Wakil Bendahara")
BOARD = (
    "Ketua Bidang Organisasi",
    "Ketua Bidang Kaderisasi",
    "Ketua Bidang Media dan Komunikasi Publik",
    "Ketua Bidang Pemenangan Pemilu",
    "Ketua Bidang Perempuan dan Anak",
    "Ketua Bidang Pemuda",
    "Ketua Bidang Hukum",
    "Wakil Sekretaris Bidang Media",
)
MEMBERS = ("Anggota", "Anggota", "Anggota", "Kader", "Relawan Media", "Koordinator RW", "Koordinator TPS", "Saksi")
INVITED, WITHDRAWN = 0.35, 0.365
WITH_NUMBER, WITH_EMAIL, ALSO_ABOVE = 0.92, 0.22, 0.2
SHARES = (
    (Consent.Purpose.CONTACT.value, 1.0),
    (Consent.Purpose.ACCOUNTS.value, 0.88),
    (Consent.Purpose.MISSIONS.value, 0.42),
    (Consent.Purpose.GATHERINGS.value, 0.3),
)
TEXTS = {
    "contact": "Saya setuju dihubungi pengurus tentang tugas saya (simulasi).",
    "accounts": "Saya setuju akun saya dicatat dan diperlihatkan kepada pengurus (simulasi).",
    "missions": "Saya setuju diajak membagikan konten dari akun saya sendiri (simulasi).",
    "gatherings": "Saya setuju diundang ke pertemuan (simulasi).",
}


@dataclass(frozen=True, slots=True)
class Site:
    """One unit as the simulation sees it; `ordinal` is its place among all, the same at every run."""

    pk: int
    parent_id: int | None
    code: str
    name: str
    label: str
    level: str
    timezone: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class Someone:
    """Somebody who was put into a batch: their place in it, their own number, and what their accounts depend on."""

    place: int
    number: int
    plain: str
    state: str
    listed: bool


def people(batch: Simulated, site: Site, rng: Random, moment: datetime) -> list[Someone]:
    """Add the people of a unit to the batch; returns them, the head of the unit first."""
    titles = _titles(site, rng)
    return [_someone(batch, site, rng, moment, at, title) for at, title in enumerate(titles)]


def _titles(site: Site, rng: Random) -> Sequence[str]:
    least, most = SIZES[Unit.Level(site.level)]
    board = BOARD if site.level in (Unit.Level.NATION, Unit.Level.PROVINCE, Unit.Level.REGENCY) else ()
    fixed = [*HEADS[: 3 if site.level == Unit.Level.VILLAGE else 6], *board]
    return [*fixed, *(pick(rng, MEMBERS) for _each in range(rng.randint(least, most) - len(fixed)))]


def _someone(batch: Simulated, site: Site, rng: Random, moment: datetime, at: int, title: str) -> Someone:
    number = site.ordinal * LARGEST + at
    full, plain = name(rng, site.code[:2])
    drawn = rng.random()
    state = "invited" if drawn < INVITED else "withdrawn" if drawn < WITHDRAWN else "confirmed"
    if title in HEADS[:3] and state == "invited":
        state = "confirmed"
    place = len(batch.people)
    telephone = NUMBER.format(number) if rng.random() < WITH_NUMBER else ""
    email = f"{slugify(plain)}.{number}@example.id" if rng.random() < WITH_EMAIL else ""
    since = moment - timedelta(hours=int(rng.random() * 480))
    batch.people.append((None, (full, names.key(full), email, telephone, state, BASIS, since)))
    start = moment.date() - timedelta(days=int(rng.random() * 1500))
    batch.memberships.append((place, (site.pk, title, start)))
    if site.parent_id is not None and title == HEADS[0] and rng.random() < ALSO_ABOVE:
        batch.memberships.append((place, (site.parent_id, "Anggota pleno", start)))
    return Someone(place, number, plain, state, listed=_consents(batch, rng, place, state, since))


def _consents(batch: Simulated, rng: Random, place: int, state: str, since: datetime) -> bool:
    """Add what somebody agreed to; returns whether their own accounts may be listed."""
    if state == Person.State.WITHDRAWN:
        batch.consents.append((place, ("contact", TEXTS["contact"], "link", since, since + timedelta(hours=30))))
    if state != Person.State.CONFIRMED:
        return False
    given = [purpose for purpose, share in SHARES if rng.random() < share]
    batch.consents += [(place, (purpose, TEXTS[purpose], "link", since, None)) for purpose in given]
    return "accounts" in given
