"""People with and without consent, an instruction and a mission in Kabupaten Bekasi."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from kentongan.core import clock, jobs
from kentongan.core.models import Job
from kentongan.missions.actions import instructions, missions
from kentongan.missions.models import Instruction, Mission
from kentongan.registry import actions as registry
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Person, Unit
from named_cast import SYSTEM, Cast

AGREED = {"missions": "Saya bersedia diajak berbagi.", "gatherings": "Saya bersedia diundang."}


@pytest.fixture
def add_person(db: None) -> Callable[..., Person]:
    """Return a function that adds somebody to a unit; with `agreed` they may be invited."""

    def add(unit: Unit, name: str, *, title: str = "Anggota", agreed: bool = True, phone: str = "") -> Person:
        return registry.add_person(
            SYSTEM,
            NewPerson(name, unit.pk, title, "Daftar anggota 2026", phone=phone, consents=AGREED if agreed else {}),
        )

    return add


@pytest.fixture
def order() -> Callable[..., instructions.Order]:
    """Return a function that writes an order to all units under one."""

    def write(unit: Unit, scope: Unit | None = None, **changes: object) -> instructions.Order:
        values: dict[str, object] = {
            "unit_id": unit.pk,
            "scope_id": (scope or unit).pk,
            "title": "Pasang jadwal perbaikan jalan di papan pengumuman",
            "text": "Cetak jadwal dari situs, pasang di balai desa, kirim fotonya.",
            "due_at": clock.now() + timedelta(days=3),
            "form_key": uuid.uuid4(),
        }
        return instructions.Order(**(values | changes))  # type: ignore[arg-type]

    return write


@pytest.fixture
def sent(cast: Cast, order: Callable[..., instructions.Order]) -> Instruction:
    """An instruction of the regency to every unit below it, sent."""
    draft = instructions.draft(cast.actor("wulan"), order(cast.root))
    return instructions.send(cast.actor("wulan"), draft.pk)


@pytest.fixture
def request_for() -> Callable[..., missions.Request]:
    """Return a function that writes the request of a mission."""

    def write(unit: Unit, **changes: object) -> missions.Request:
        values: dict[str, object] = {
            "unit_id": unit.pk,
            "scope_id": unit.pk,
            "title": "Ajak tetangga memeriksa jadwal perbaikan jalan",
            "text": "Jalan Tegal Danas diperbaiki mulai Senin. Jadwal lengkap ada di situs kabupaten.",
            "closes_at": clock.now() + timedelta(days=2),
            "form_key": uuid.uuid4(),
            "starters": ("Kemarin saya lewat Tegal Danas", "Bapak-Ibu RT 03, ada kabar jalan"),
            "link": "https://bekasi.example.id/jalan",
        }
        return missions.Request(**(values | changes))  # type: ignore[arg-type]

    return write


@pytest.fixture
def open_mission(
    cast: Cast, add_person: Callable[..., Person], request_for: Callable[..., missions.Request]
) -> Mission:
    """A mission to three people who agreed, of four."""
    for at, name in enumerate(("Sari Wahyuni", "Budi Santoso", "Siti Aminah")):
        add_person(cast.sukamahi, name, phone=f"0812345678{at}")
    add_person(cast.sukamahi, "Ujang Tanpa Izin", agreed=False, phone="08129999999")
    draft = missions.draft(cast.actor("arif"), request_for(cast.root))
    return missions.open_mission(cast.actor("arif"), draft.pk)


@pytest.fixture
def run_jobs() -> Callable[[], None]:
    """Return a function that runs the jobs which wait, here and now."""

    def run() -> None:
        for job in Job.objects.filter(state=Job.State.QUEUED).order_by("pk"):
            jobs.run_now(job)

    return run
