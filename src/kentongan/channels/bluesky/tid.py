"""Timestamp identifiers, the record keys of the AT protocol.

Source: atproto.com/specs/tid: 53 bits of microseconds since 1970, 10 random bits, as 13 characters of
base32-sortable.
"""

import secrets
import time

ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
LENGTH = 13


def encode(microseconds: int, clock: int) -> str:
    """Return the identifier of that moment and clock (0 to 1023)."""
    number = (microseconds << 10) | clock
    return "".join(ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(LENGTH)))


def decode(tid: str) -> tuple[int, int]:
    """Return (microseconds, clock) of an identifier; raises ValueError for anything else."""
    if len(tid) != LENGTH:
        raise ValueError(tid)
    number = 0
    for letter in tid:
        number = number << 5 | ALPHABET.index(letter)
    return number >> 10, number & 1023


def new_tid() -> str:
    """Return the identifier of now; two of the same microsecond differ by chance."""
    return encode(time.time_ns() // 1_000, secrets.randbelow(1_024))
