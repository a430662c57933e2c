"""The test database for programs that a test starts."""

import os
from pathlib import Path
from urllib.parse import quote, urlencode

from django.db import connection


def environment() -> dict[str, str]:
    """Return the environment of a process that works on this test's database."""
    settings = connection.settings_dict
    place = urlencode({"host": settings["HOST"], "port": settings["PORT"] or "5432"})
    user = quote(settings["USER"])
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{user}@/{settings['NAME']}?{place}",
        "DJANGO_SETTINGS_MODULE": "kentongan.config.settings",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
    }
