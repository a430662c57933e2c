"""What a web server or a command loads before it does anything."""

import os
import subprocess
import sys

HEAVY = ("sklearn", "scipy", "duckdb", "pandas", "matplotlib")
PROGRAM = f"""
import sys, django
django.setup()
import kentongan.config.urls
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_the_addresses_load_without_the_libraries_that_only_judge_posts() -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "settings_for_tests", "PYTHONPATH": "tests"}
    loaded = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
