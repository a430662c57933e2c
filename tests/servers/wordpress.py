"""A real WordPress, on PHP's own server with SQLite in place of MariaDB."""

import itertools
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from servers.process import free_port, missing, running

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = ROOT / "build" / "wordpress"
SETUP = Path(__file__).with_name("wordpress_setup.php")
CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', ''); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost');
define('DB_CHARSET', 'utf8'); define('DB_COLLATE', '');
define('WP_HOME', '{url}'); define('WP_SITEURL', '{url}');
define('WP_ENVIRONMENT_TYPE', 'local'); define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_DEBUG', false);
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $part) {{
    define($part . '_KEY', 'uji ' . $part); define($part . '_SALT', 'garam ' . $part);
}}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
_names = itertools.count(1)


@dataclass
class WordPressServer:
    """The site's address, and what tests do behind the product's back."""

    url: str
    folder: Path
    administrator: dict[str, str]
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def call(self, verb: str, path: str, **sent: Any) -> Any:
        """Call the REST interface as the administrator and return the JSON answer."""
        signed = (self.administrator["username"], self.administrator["password"])
        answer = self.client.request(verb, f"{self.url}/wp-json/{path}", auth=signed, **sent)
        answer.raise_for_status()
        return answer.json()

    def posts(self, search: str) -> list[dict[str, Any]]:
        """Return the posts of any state, but not of the bin, whose text holds `search`."""
        params = {"search": search, "context": "edit", "status": "publish,future,draft,pending,private"}
        return list(self.call("GET", "wp/v2/posts", params=params))

    def user(self, role: str) -> dict[str, str]:
        """Make a user of that role with an application password: {username, password, id}."""
        return setup(self.folder, f"{role}{next(_names)}", role)


def setup(folder: Path, name: str, role: str) -> dict[str, str]:
    """Make a user by PHP's command line, and the site's settings along with it."""
    command = ["php", str(SETUP), str(folder), name, role]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _unpack(folder: Path, url: str) -> None:
    with zipfile.ZipFile(INSTALLED / "wordpress.zip") as archive:
        archive.extractall(folder)
    plugins = folder / "wp-content" / "mu-plugins"
    plugins.mkdir()
    with zipfile.ZipFile(INSTALLED / "sqlite.zip") as archive:
        archive.extractall(plugins)
    plugin = plugins / "sqlite-database-integration-main"
    dropin = (plugin / "db.copy").read_text()
    dropin = dropin.replace("{SQLITE_IMPLEMENTATION_FOLDER_PATH}", str(plugin)).replace(
        "{SQLITE_PLUGIN}", "sqlite-database-integration/load.php"
    )
    (folder / "wp-content" / "db.php").write_text(dropin)
    (folder / "wp-config.php").write_text(CONFIG.format(url=url))


@contextmanager
def serve(folder: Path) -> Iterator[WordPressServer]:
    """Run a site with its data in `folder`."""
    if shutil.which("php") is None:
        missing("PHP is not installed (Debian: php-cli php-sqlite3 php-gd php-curl php-xml php-mbstring)")
    if not (INSTALLED / "wordpress.zip").exists():
        missing("WordPress is not installed")
    site, port = folder / "site", free_port()
    url = f"http://127.0.0.1:{port}"
    _unpack(site, url)
    administrator = setup(site, "pengelola", "administrator")
    command = ["php", "-q", "-S", f"127.0.0.1:{port}", "-t", str(site)]
    with running(command, folder / "php.log", lambda log: "started" in log, {"PHP_CLI_SERVER_WORKERS": "4"}):
        yield WordPressServer(url, site, administrator)
