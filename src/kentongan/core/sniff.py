"""What a file is, told by its content: names and browsers lie."""

import codecs
import json
import zipfile
from pathlib import Path

HEAD_BYTES = 64 * 1024

PNG, JPEG, GIF, WEBP = "image/png", "image/jpeg", "image/gif", "image/webp"
MP4, WEBM, QUICKTIME = "video/mp4", "video/webm", "video/quicktime"
HEIC, AVIF = "image/heic", "image/avif"
PDF, ZIP, XLS = "application/pdf", "application/zip", "application/vnd.ms-excel"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
CSV, TEXT, HTML, SVG, XML = "text/csv", "text/plain", "text/html", "image/svg+xml", "application/xml"
JSON, JSONL = "application/json", "application/x-ndjson"
PARQUET, GZIP = "application/vnd.apache.parquet", "application/gzip"
UNKNOWN = "application/octet-stream"
BAD_ZIP = (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, OSError)  # what ZipFile raises for damage

IMAGES = frozenset({PNG, JPEG, GIF, WEBP})
PHONE_PICTURES = frozenset({HEIC, AVIF})
VIDEOS = frozenset({MP4, WEBM, QUICKTIME})
TABLES = frozenset({CSV, TEXT, XLSX, XLS, JSON, JSONL})

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
    (b"PAR1", PARQUET),
    (b"\x1f\x8b", GZIP),
    (b"\x1aE\xdf\xa3", WEBM),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", XLS),
)
BRANDS: dict[bytes, str] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC),
    **dict.fromkeys((b"avif", b"avis"), AVIF),
    b"qt  ": QUICKTIME,
}
"""What the first brand of an ISO container says; every other one is taken for MP4."""
OFFICE_FOLDERS = (("xl/", XLSX), ("word/", DOCX), ("ppt/", PPTX))
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MARKUP = (("<!doctype html", HTML), ("<html", HTML), ("<script", HTML), ("<svg", SVG), ("<?xml", XML))


def media_type(path: Path) -> str:
    """Return the media type of the file's content; unknown binary is application/octet-stream."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:12], MP4)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_type(path)
    return _text_type(head)


def _zip_type(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except BAD_ZIP:
        return UNKNOWN
    if "[Content_Types].xml" in names:
        for folder, kind in OFFICE_FOLDERS:
            if any(name.startswith(folder) for name in names):
                return kind
    return ZIP


def text_of(head: bytes) -> str | None:
    """Return the beginning of a text file, or None when the bytes are not text."""
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return head.decode(name, errors="replace")
    if head.count(b"\0") > len(head) // 100:
        return None
    try:
        # The head may end in the middle of a character; an incremental decoder keeps that back.
        return codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        controls = sum(byte < 32 and byte not in (0, 9, 10, 12, 13) for byte in head)
        return None if controls > len(head) // 100 else head.decode("cp1252", errors="replace")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _text_type(head: bytes) -> str:
    text = text_of(head)
    if text is None:
        return UNKNOWN
    start = text.lstrip("\ufeff \t\r\n")
    lowered = start[:1024].lower()
    for opening, kind in MARKUP:
        if lowered.startswith(opening):
            return SVG if kind == XML and "<svg" in lowered else kind
    if start.startswith("{"):
        return JSONL if _is_json(start.splitlines()[0]) else JSON
    if start.startswith("["):
        return JSON
    lines = start.splitlines()[:5]
    if lines and any(mark in lines[0] for mark in (",", ";", "\t", "|")):
        return CSV
    return TEXT
