"""Spreadsheets of posts: made, brought in, approved."""

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from kentongan.core import clock, files, imports, jobs
from kentongan.core.imports import ImportRun
from kentongan.core.models.files import StoredFile
from kentongan.core.permissions import Capability
from kentongan.planning import actions as planning
from kentongan.planning import approvals
from kentongan.planning.drafts import ItemDraft
from kentongan.planning.models import ContentItem
from kentongan.registry.models import Account
from kentongan.safeguards import actions as safeguards
from kentongan.safeguards import queries as rules
from named_cast import SYSTEM
from publishing.desk import Desk

HEADINGS = ("Tanggal", "Jam", "Zona", "Unit", "Akun", "Kanal", "Judul", "Teks", "Teks Mastodon", "Kode")
DAY = timedelta(days=1)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082"
)


@pytest.fixture
def account(desk: Desk) -> Account:
    """A Mastodon account of the root; the rules are loaded."""
    safeguards.load_rules(SYSTEM)
    return desk.account()


def soon(days: int = 3) -> str:
    """Return a coming day as offices write it."""
    return f"{clock.now() + days * DAY:%d/%m/%Y}"


def line(**cells: str) -> list[str]:
    """Return a row of the sheet."""
    usual = {"Tanggal": soon(), "Jam": "09.30", "Teks": "Jalan Setu ditutup sampai Jumat, lewat jalur Serang."}
    return [(usual | cells).get(heading, "") for heading in HEADINGS]


def sheet(rows: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS) -> bytes:
    """Return a CSV."""
    return "\n".join(";".join(row) for row in [headings, *rows]).encode()


def upload(desk: Desk, rows: Sequence[Sequence[str]], who: str = "dewi", **more: Any) -> ImportRun:
    """Upload a sheet for the root."""
    headings = more.pop("headings", HEADINGS)
    return imports.upload(
        desk.cast.actor(who),
        "publishing.posts",
        more.pop("unit", desk.cast.root).pk,
        BytesIO(sheet(rows, headings)),
        "jadwal.csv",
        options=more.pop("options", {}),
    )


def bring(desk: Desk, rows: Sequence[Sequence[str]], who: str = "dewi", **more: Any) -> ImportRun:
    """Bring a sheet in."""
    run = upload(desk, rows, who, **more)
    jobs.run_now(imports.confirm(desk.cast.actor(who), run.pk, inline=True))
    run.refresh_from_db()
    assert run.state == ImportRun.State.DONE
    return run


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    """Return new, changed, same, rejected."""
    return run.rows_new, run.rows_changed, run.rows_same, run.rows_rejected


def reason(run: ImportRun) -> str:
    """Return why the one rejected row was."""
    return run.rejects.get().reason


def upload_picture(
    desk: Desk, name: str, mark: int = 0, who: str = "dewi", capability: Capability = Capability.LISTEN
) -> StoredFile:
    """Store a picture at the root; another mark is another content."""
    content = files.keep(BytesIO(PNG + bytes([mark])))
    return files.register(desk.cast.actor(who), content, name, unit_id=desk.cast.root.pk, capability=capability)


def on_an_item(desk: Desk, file: StoredFile, title: str = "Peta", ai_generated: bool = False) -> None:
    """Make an item with that picture."""
    dewi = desk.cast.actor("dewi")
    item = planning.create_item(dewi, ItemDraft(title, "", "service"), unit_id=desk.cast.root.pk)
    planning.add_asset(dewi, item.pk, file, alt="Peta jalan Setu", ai_generated=ai_generated)


def approve(desk: Desk, item: ContentItem, who: str = "hendra", effects: str | None = None) -> ContentItem:
    """Approve an item as a second person does who looked at it just now, or when it had those effects."""
    codes = [rule.code for rule in rules.checklist(item.purpose)]
    seen = approvals.effects(ContentItem.objects.get(pk=item.pk)).digest if effects is None else effects
    return planning.approve(desk.cast.actor(who), item.pk, version=item.version, checklist=codes, effects=seen)
