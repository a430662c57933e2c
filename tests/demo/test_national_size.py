"""The registry at the size of a country: every page opens. `KENTONGAN_NATIONAL_SCALE=1` takes the whole country."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCALE = os.environ.get("KENTONGAN_NATIONAL_SCALE", "0.02")


@pytest.mark.slow
def test_every_page_of_the_registry_opens_at_national_size(tmp_path: Path) -> None:
    """How long each takes is printed, and asserted nowhere: other work on the machine would decide it."""
    settings = {"KENTONGAN_HOME": str(tmp_path / "home"), "DJANGO_SETTINGS_MODULE": "kentongan.config.settings"}
    environment = os.environ | settings
    load = [sys.executable, "-m", "kentongan.cli", "demo", "national", "--scale", SCALE, "--json"]
    done = subprocess.run(load, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    print(f"scale {SCALE}: {made}")
    assert made["people"] > 1_500_000 * float(SCALE) * 0.9
    assert made["accounts"] > 3_600_000 * float(SCALE) * 0.9
    measure = [sys.executable, str(ROOT / "benchmarks/registry_pages.py"), "--runs", "3", "--quick"]
    measured = subprocess.run(measure, env=environment, capture_output=True, text=True, check=False)
    print(measured.stdout)
    assert measured.returncode == 0, measured.stdout + measured.stderr
