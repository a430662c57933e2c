"""Identifiers and secrets made by chance."""

import hashlib
import secrets

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def public_id(length: int = 12) -> str:
    """Return an identifier that is safe to read out on the telephone (no 0/o, 1/l/i)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def token(nbytes: int = 32) -> str:
    """Return a secret for a link or an API client, URL-safe."""
    return secrets.token_urlsafe(nbytes)


def token_digest(value: str) -> str:
    """Return what is stored of a token: its SHA-256 in hex (tokens are long and random, no salt is needed)."""
    return hashlib.sha256(value.encode()).hexdigest()
