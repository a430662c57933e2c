"""What a call to a platform can end in, besides success.

    ChannelError
    ├── Rejected            the platform refused: trying the same again is useless
    │   ├── NoSuchAccount   it knows no account of that name
    │   └── PostsHidden     it shows the posts of that account to nobody who has not signed in
    ├── RetryLater          nothing was published; try again, not before `after`
    │   └── CalledOff       it must not go out any more, or not now: we ourselves ended the attempt
    ├── CredentialsExpired  nothing was published; the sign-in has to be renewed
    └── Ambiguous           nobody knows whether it was published: never tried again by itself
        └── StillWorking    the platform took it and works on it: it is asked about by the name it was given

Every error carries `response`, a summary of what the platform said: an answer is never thrown away.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any


class ChannelError(Exception):
    """The root: an outcome of a call to a platform that is not a success."""

    def __init__(self, message: str, response: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.response = dict(response or {})


class Rejected(ChannelError):
    """The platform refused this post; nothing was published and a repetition would be refused as well."""


class RetryLater(ChannelError):
    """Nothing was published; `after` is what the platform asked us to wait, None when it did not say."""

    def __init__(self, message: str, response: Mapping[str, Any] | None = None, after: timedelta | None = None) -> None:
        super().__init__(message, response)
        self.after = after


class CalledOff(RetryLater):
    """What stands against it came up during the attempt (`Post.confirm`); that counts as no try."""

    def __init__(self, message: str) -> None:
        super().__init__(message, after=timedelta(0))


class CredentialsExpired(ChannelError):
    """Nothing was published, because the sign-in is no longer accepted.

    `renewable` says that a new token may help; where a right is missing, or only a person can sign in again, it is
    False, and the token that we hold stays.
    """

    def __init__(self, message: str, response: Mapping[str, Any] | None = None, *, renewable: bool = True) -> None:
        super().__init__(message, response)
        self.renewable = renewable


class Ambiguous(ChannelError):
    """The request may or may not have been accepted."""


class StillWorking(Ambiguous):
    """The platform took it and is not done: `receipt` is what it calls it. The server answers, so it is not spared."""

    def __init__(self, message: str, receipt: str, response: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, {**(response or {}), "receipt": receipt})


class NoSuchAccount(Rejected):
    """The platform knows no account of that name, or shows it to nobody."""


class PostsHidden(Rejected):
    """The account is there and shows its posts to nobody who has not signed in, or announces no feed of them."""
