"""What videos are called: their number, and the address where people watch them."""

from urllib.parse import parse_qs, urlsplit


def url(number: str) -> str:
    """Return where people watch a video."""
    return f"https://www.youtube.com/watch?v={number}"


def number_of(remote_id: str) -> str:
    """Return a video's own number, also of an address that a person gave."""
    address = urlsplit(remote_id)
    named = parse_qs(address.query).get("v")
    return named[0] if named else address.path.rstrip("/").rpartition("/")[2]
