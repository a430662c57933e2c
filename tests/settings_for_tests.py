"""The product's settings over a fresh data directory; pytest-django reads settings before any conftest.py is loaded."""

import os
import tempfile

HOME = tempfile.TemporaryDirectory(prefix="kentongan-test-")
os.environ["KENTONGAN_HOME"] = HOME.name
os.environ.pop("DATABASE_URL", None)
os.environ.setdefault("KENTONGAN_ALLOW_LOCAL_NETWORK", "yes")

from kentongan.config.settings import *  # noqa: E402, F403

# Tests must not need `collectstatic`: addresses of static files without their digest.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
