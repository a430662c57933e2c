"""Sheets of paper: a room writes a `printing/<name>.typ` and hands it plain data.

    return printing.response("compliance", printing.pdf("registry/compliance.typ", {"title": ..., "rows": [...]}))

The sheet begins with `#import "base.typ": *` and reads `json("data.json")`. Data are values, never source: whatever
people typed is set as it is. Numbers, dates and words are made by the caller, in the reader's language; pictures are
handed over as files and named in the data.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst
from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.utils.encoding import force_str
from django.utils.text import get_valid_filename
from django.utils.translation import get_language

BASE = Path(__file__).with_name("base.typ")


def pdf(sheet: str, data: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> bytes:
    """Return the sheet `app/name.typ` as a PDF; `files` are pictures (PNG, JPEG, SVG) by the name the data use.

    Raises:
        LookupError: there is no such sheet.
    """
    app, _slash, name = sheet.partition("/")
    source = Path(apps.get_app_config(app).path) / "printing" / name
    if not source.is_file():
        raise LookupError(f"There is no sheet {sheet}.")
    given = {"language": get_language() or "id", **data}
    pages: dict[str, bytes] = {
        "main.typ": source.read_bytes(),
        "base.typ": BASE.read_bytes(),
        "data.json": json.dumps(given, default=force_str, ensure_ascii=False).encode(),
        **(files or {}),
    }
    # The package takes files by name since 0.14; its stubs do not say so yet.
    made = typst.compile(pages, font_paths=[settings.KENTONGAN_PRINT_FONTS], ignore_system_fonts=True)  # type: ignore[call-overload]
    return bytes(made)


def response(name: str, content: bytes) -> HttpResponse:
    """Return a PDF as a download called `name`.pdf; never shown in place, so that nothing of it runs on our origin."""
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{get_valid_filename(name)}.pdf"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
