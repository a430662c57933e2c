"""Contacts outside the tree at size: `python benchmarks/contacts.py [CONTACTS] [RUNS]` (100,000 contacts, 20 runs).

Fills a fresh installation of its own (a party of one province down to its districts) with contacts of many units, as
imports leave them, then opens the list with each filter and search as the administrator of the province and of one
regency, the page of a contact, and those who may be noted twice. Prints what registry_pages prints. Beside it: an
import of 20,000 rows through the product, and what SQL takes that looks at every contact.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

HOME = tempfile.mkdtemp(prefix="kentongan-benchmark-")
os.environ["KENTONGAN_HOME"] = HOME

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import translation  # noqa: E402
from registry_pages import Figures, measured  # noqa: E402  (sets Django up, in that home)

from kentongan.core import clock, imports, jobs  # noqa: E402
from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.copying import copy, next_ids  # noqa: E402
from kentongan.core.database import running_database  # noqa: E402
from kentongan.core.models import User  # noqa: E402
from kentongan.core.permissions import Role  # noqa: E402
from kentongan.registry import actions, areas, coverage, names, trees  # noqa: E402
from kentongan.registry.models import Account, Consent, Contact, Organisation, Person, Unit  # noqa: E402

SYSTEM = Actor.system("benchmark")
SEED, PROVINCE = 1945, "32"
FIRST = [
    "Agus",
    "Budi",
    "Cecep",
    "Dedi",
    "Eka",
    "Fitri",
    "Gita",
    "Hadi",
    "Indah",
    "Joko",
    "Kartika",
    "Maman",
    "Nina",
    "Oki",
    "Putri",
    "Rina",
    "Sari",
    "Tono",
]
LAST = [
    "Santoso",
    "Wijaya",
    "Saputra",
    "Lestari",
    "Hidayat",
    "Kusuma",
    "Pratama",
    "Nugraha",
    "Setiawan",
    "Permana",
    "Utami",
    "Maulana",
]
OUTLETS = ["Radar", "Suara", "Kabar", "Warta", "Lensa", "Fokus", "Gema", "Pelita", "Sinar", "Harian"]
TOPICS = [
    "kesehatan",
    "pendidikan",
    "banjir",
    "jalan",
    "umkm",
    "pemuda",
    "olahraga",
    "wisata",
    "kuliner",
    "lingkungan",
    "transportasi",
    "layanan",
]
PAGES = {
    "list": "",
    "page 150": "?page=150",
    "by name": "?sort=name",
    "kind": "?kind=journalist",
    "area": "?area=32.16",
    "area and kind": "?area=32.16.09&kind=community",
    "topic": "?topic=banjir",
    "agreed to meetings": "?consent=gatherings",
    "agreed to nothing": "?consent=none",
    "not confirmed": "?state=invited",
    "part of a name": "?q=kusuma",
    "part of an outlet": "?q=pelita+ci",
    "part of a phone": "?q=0812-3456",
    "part of a handle": "?q=@ika.pra",
    "nothing found": "?q=zzqxw",
}


def fill(count: int) -> None:
    """Write contacts, three of four with an account, every third with a consent."""
    chance = random.Random(SEED)  # the same contacts every time
    units = list(Unit.objects.order_by("pk").values_list("pk", "area_code"))
    places = [area.code for area in areas.scope(PROVINCE) if area.level in (areas.REGENCY, areas.DISTRICT)]
    people, contacts = next_ids(Person, count), next_ids(Contact, count)
    rows = list(_rows(chance, count, units, places))
    columns = ("id", "full_name", "name_key", "phone", "email", "state", "basis")
    copy(Person, columns, [(pk, *row["person"]) for pk, row in zip(people, rows, strict=True)])
    noted = ("id", "person", "unit", "kind", "organisation", "topics", "areas", "areas_around", "notes", "source")
    copy(Contact, noted, [(pk, who, *row["contact"]) for pk, who, row in zip(contacts, people, rows, strict=True)])
    stated = [(who, row) for who, row in zip(people, rows, strict=True) if row["handle"]]
    copy(
        Account,
        ("person", "unit", "kind", "state", "platform", "handle", "identity"),
        [
            (who, row["contact"][0], "organic", "claimed", "instagram", row["handle"], row["handle"])
            for who, row in stated
        ],
    )
    agreed = [who for who, row in zip(people, rows, strict=True) if row["person"][4] == "confirmed"]
    shown = ("person", "purpose", "text", "channel", "given_at")
    copy(Consent, shown, [(who, "gatherings", "Saya setuju.", "link", clock.now()) for who in agreed])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _rows(chance: random.Random, count: int, units: list[Any], places: list[str]) -> Iterator[dict[str, Any]]:
    for number in range(count):
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)} {chance.choice(LAST)}"
        unit, _area = chance.choice(units)
        covers = sorted({chance.choice(places) for _each in range(chance.randint(0, 3))})
        state = "confirmed" if number % 3 == 0 else "invited"
        phone = f"+6281{(number * 7919) % 10**8:08d}" if number % 500 else "+628123456789"
        outlet = f"{chance.choice(OUTLETS)} {chance.choice(['Cirebon', 'Bekasi', 'Bogor', 'Garut', 'Cianjur'])}"
        topics = sorted({chance.choice(TOPICS) for _each in range(chance.randint(0, 3))})
        handle = f"{name.lower().replace(' ', '.')[:20]}{number}" if number % 4 else ""
        kind = chance.choice(Contact.Kind.values)
        yield {
            "person": (name, names.key(name), phone, f"k{number}@example.id", state, "Daftar 2026"),
            "contact": (unit, kind, outlet, topics, covers, coverage.around(covers), "", "list"),
            "handle": handle,
        }


def bring(rows: int) -> None:
    """Import a list as an office keeps it, the same once more, and take it back; print the rates."""
    lines = ["Nama,Jenis,Media,Topik,Wilayah,HP,IG"]
    lines += [f"Kontak Baru {n},Komunitas,Radar {n},banjir,Kab. Bekasi,0819{n:08},@baru{n}" for n in range(rows)]
    content = "\n".join(lines).encode()
    for turn in ("first", "again"):
        start = time.perf_counter()
        root = Unit.objects.get(parent=None)
        run = imports.upload(SYSTEM, "registry.contacts", root.pk, BytesIO(content), "a.csv", options={"basis": "Uji"})
        jobs.run_now(imports.confirm(SYSTEM, run.pk, inline=True))
        run.refresh_from_db()
        seconds = time.perf_counter() - start
        print(
            f"import of {rows:,} rows, {turn}: {seconds:.1f} s, {rows / seconds:,.0f}/s, {run.rows_new:,} new",
            flush=True,
        )
    first = imports.ImportRun.objects.order_by("pk")[0]
    start = time.perf_counter()
    jobs.run_now(imports.undo(SYSTEM, first.pk, inline=True))
    print(f"taken back: {time.perf_counter() - start:.1f} s, {Contact.objects.count():,} contacts left", flush=True)


def open_pages(email: str, unit: Unit, runs: int) -> None:
    """Open each page of one administrator as often as asked, and print what it took."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(email=email), backend="allauth.account.auth_backends.AuthenticationBackend")
    one = Contact.objects.filter(unit__path__within=unit.path).first()
    targets = {name: f"/daftar/unit/{unit.pk}/kontak/{query}" for name, query in PAGES.items()}
    targets |= {
        "twice?": f"/daftar/unit/{unit.pk}/kontak/ganda/",
        "one contact": f"/daftar/kontak/{one.pk if one else 0}/",
    }
    targets["API"] = f"/api/v1/registry/contacts?unit_id={unit.pk}"
    for name, target in targets.items():
        figures = Figures()
        with CaptureQueriesContext(connection) as captured:
            client.get(target)
        figures.queries = len(captured)
        for _run in range(runs):
            measured(lambda target=target: client.get(target).status_code, figures)
        print(figures.line(f"{unit.level} · {name}"), flush=True)


def naive() -> None:
    """Print what SQL takes that looks at every contact, sorts them all and counts them all."""
    statement = """SELECT count(*) OVER (), p.*, c.*
        FROM registry_contact c JOIN registry_person p ON p.id = c.person_id
        WHERE p.full_name ILIKE %s OR c.organisation ILIKE %s OR p.phone ILIKE %s ORDER BY p.full_name LIMIT 50"""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_bitmapscan = off")
        start = time.perf_counter()
        cursor.execute(statement, ["%kusuma%"] * 3)
        cursor.fetchall()
        print(f"naive search: {(time.perf_counter() - start) * 1000:.0f} ms", flush=True)
        cursor.execute("RESET enable_bitmapscan")


def administrator(unit: Unit, email: str) -> None:
    """Give a unit an administrator who signs in."""
    user = actions.add_user(SYSTEM, unit.pk, email=email, name=email)
    actions.grant_role(SYSTEM, user.pk, unit.pk, Role.ADMINISTRATOR)


def main() -> None:
    """Fill, then measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with running_database(), translation.override("id"):
        actions.found_organisation(
            SYSTEM,
            name="Partai Uji",
            short_name="Uji",
            kind=Organisation.Kind.PARTY,
            area_code=PROVINCE,
            level="province",
        )
        jobs.run_now(actions.load_tree(SYSTEM, trees.Wanted("party", scope=PROVINCE, down_to="district"), inline=True))
        root, regency = Unit.objects.get(parent=None), Unit.objects.get(area_code="32.16", kind="spine")
        administrator(root, "provinsi@example.id")
        administrator(regency, "kabupaten@example.id")
        fill(count)
        print(
            f"{count:,} contacts at {Unit.objects.count():,} units, load {os.getloadavg()[0]:.1f}, {runs} runs",
            flush=True,
        )
        print(f"{'page':<42}{'median':>8}{'p95':>8}{'max':>8}{'cpu':>8}{'cpu p95':>8}{'queries':>8}")
        open_pages("provinsi@example.id", root, runs)
        open_pages("kabupaten@example.id", regency, runs)
        naive()
        bring(min(count, 20_000))


if __name__ == "__main__":
    main()
