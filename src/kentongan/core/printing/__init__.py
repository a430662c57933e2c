"""Sheets of paper: a room writes a `printing/<name>.typ` and hands it plain data.

    return printing.response("compliance", printing.pdf("registry/compliance.typ", {"title": ..., "rows": [...]}))

The sheet begins with `#import "base.typ": *` and reads `json("data.json")`. Data are values, never source: whatever
people typed is set as it is. Numbers, dates and words are made by the caller, in the reader's language; pictures are
handed over as files and named in the data.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst
from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.utils.encoding import force_str
from django.utils.text import get_valid_filename
from django.utils.translation import get_language

BASE = Path(__file__).with_name("base.typ")
FONTS: Any = {"font_paths": [settings.KENTONGAN_PRINT_FONTS], "ignore_system_fonts": True}


def pdf(sheet: str, data: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> bytes:
    """Return the sheet `app/name.typ` as a PDF; `files` are pictures (PNG, JPEG, SVG) by the name the data use.

    Raises:
        LookupError: there is no such sheet.
        typst.TypstError: the sheet cannot be set, for example because a picture is broken.
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
    return _on_disk(pages) if files else bytes(typst.compile(pages, **FONTS))


def _on_disk(pages: Mapping[str, bytes]) -> bytes:
    """Set a sheet with pictures: by name the package takes texts only. Nothing outside the folder can be read."""
    with TemporaryDirectory() as folder:
        for name, content in pages.items():
            (Path(folder) / Path(name).name).write_bytes(content)
        return bytes(typst.compile(str(Path(folder) / "main.typ"), root=folder, **FONTS))


def response(name: str, content: bytes) -> HttpResponse:
    """Return a PDF as a download called `name`.pdf; never shown in place, so that nothing of it runs on our origin."""
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{get_valid_filename(name)}.pdf"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
