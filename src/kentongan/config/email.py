"""Django's e-mail settings from one address."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from kentongan.config.environment import SettingsError


def email_settings(url: str, sender: str, home: Path) -> dict[str, Any]:
    """Return Django's EMAIL_* settings; without an address, mails are written to files in HOME/outbox.

    `smtp://USER:PASSWORD@HOST:PORT?tls=starttls` (or `tls=implicit`, `tls=none`).
    """
    common = {"DEFAULT_FROM_EMAIL": sender, "SERVER_EMAIL": sender, "EMAIL_TIMEOUT": 20}
    if not url:
        return common | {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(home / "outbox"),
        }
    parts = urlsplit(url)
    tls = parse_qs(parts.query).get("tls", ["none"])[0]
    if parts.scheme != "smtp" or not parts.hostname or tls not in {"none", "starttls", "implicit"}:
        raise SettingsError(
            "The setting email_url cannot be used.", "Write it as smtp://USER:PASSWORD@HOST:587?tls=starttls."
        )
    return common | {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or {"none": 25, "starttls": 587, "implicit": 465}[tls],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": tls == "starttls",
        "EMAIL_USE_SSL": tls == "implicit",
    }
