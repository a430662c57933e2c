"""What the stubs of Instagram and Threads share: tokens of sixty days, and posts that are made of containers.

From developers.facebook.com, as of November 2026; the pages are named in each stub.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx

from servers.graph import APP_ID, APP_SECRET, SIXTY_DAYS, GraphServer, Problem, Token, missing
from servers.stub import Asked, Said

DAY = 86_400
PART = 64 * 1024
"""How much of a video the stub fetches at once."""


@dataclass
class Container:
    """A container: what it holds, and how often its state has been asked."""

    text: str = ""
    pictures: tuple[str, ...] = ()
    kind: str = "IMAGE"
    alts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    part: bool = False
    number: str = ""
    asked: int = 0
    state: str = ""
    why: str = ""


@dataclass
class Made:
    """A post."""

    number: str
    text: str
    created_at: datetime
    alts: tuple[str, ...] = ()
    kind: str = ""
    parts: tuple[str, ...] = ()
    reposts: str = ""


def from_there(address: str, part: str = "") -> tuple[int, bytes]:
    """Fetch an address, or one part of it, as the platform does from its own network; status 0 where nobody is."""
    headers = {"User-Agent": "facebookexternalhit/1.1", **({"Range": part} if part else {})}
    try:
        answer = httpx.get(address, headers=headers, timeout=5)
    except httpx.HTTPError:
        return 0, b""
    return answer.status_code, answer.content


@dataclass
class ContainerServer(GraphServer):
    """The state that both have. `working` is how often a container says that it is not ready yet."""

    basic: ClassVar[str]
    publishing: ClassVar[str]
    scopes: ClassVar[set[str]]
    exchange: ClassVar[str]
    renewal: ClassVar[str]
    largest_video: ClassVar[int]

    username: str = "kabaruji"
    user_id: str = "17841400001"
    quota: int = 250
    used: int = 0
    working: int = 0
    ends_as: str = "FINISHED"
    why: str = ""
    containers: dict[str, Container] = field(default_factory=dict)
    posts: list[Made] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    films: list[bytes] = field(default_factory=list)
    fetch: Callable[..., tuple[int, bytes]] = from_there
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(18_000_000_000_000_001))

    # ---- tokens ----

    def window(self, asked: Asked) -> Said:
        """Show the window where a person allows the app."""
        return self.authorize(asked, {"force_reauth", "enable_fb_login"}, self.scopes)

    def told(self, token_scopes: set[str]) -> dict[str, Any]:
        """Return what the first token comes with."""
        return {"user_id": int(self.user_id)}

    def first_token(self, asked: Asked) -> Said:
        """Give a token of an hour for a code."""
        form, _files = asked.form()
        if set(form) != {"client_id", "client_secret", "grant_type", "redirect_uri", "code"} or asked.query:
            return self._no_token("Missing required field")
        if form["client_id"] != APP_ID:
            return self._no_token("Invalid platform app")
        if form["client_secret"] != APP_SECRET:
            return self._no_token("Error validating client secret.")
        token = self.by_code(form) if form["grant_type"] == "authorization_code" else None
        if token is None:
            return self._no_token("Matching code was not found or was already used")
        return Said(self.enveloped({"access_token": token.text, **self.told(token.scopes)}))

    def enveloped(self, told: dict[str, Any]) -> dict[str, Any]:
        """Return an answer in the form in which this platform gives it."""
        return told

    def _no_token(self, words: str) -> Said:
        self.problems.append(words)
        return Said({"error_type": "OAuthException", "code": 400, "error_message": words}, 400)

    def longer_token(self, asked: Asked) -> Said:
        """Give a token of sixty days for one of an hour."""
        given, _files = self._given(asked, {"grant_type", "client_secret"}, {"grant_type", "client_secret"})
        if given["grant_type"] != self.exchange or given["client_secret"] != APP_SECRET:
            raise Problem(1, "Error validating client secret.")
        return Said(self._sixty_days(self._token(given, {self.basic})))

    def refreshed_token(self, asked: Asked) -> Said:
        """Give a newer token for one that is a day old and good."""
        given, _files = self._given(asked, {"grant_type"}, {"grant_type"})
        token = self._token(given, {self.basic})
        if given["grant_type"] != self.renewal or token.made_at > datetime.now(UTC) - timedelta(days=1):
            raise Problem(100, "The token cannot be refreshed yet")
        self.refreshes += 1
        return Said(self._sixty_days(token))

    def _sixty_days(self, old: Token) -> dict[str, Any]:
        token = Token(old.scopes, ends_at=datetime.now(UTC) + timedelta(seconds=SIXTY_DAYS))
        self.tokens.append(token)
        return {"access_token": token.text, "token_type": "bearer", "expires_in": SIXTY_DAYS}

    def age(self, days: int) -> None:
        """Let days pass for all tokens."""
        for token in self.tokens:
            token.made_at -= timedelta(days=days)
            token.ends_at -= timedelta(days=days)

    def _mine(self, given: Mapping[str, str], number: str, scopes: set[str] | None = None) -> None:
        self._token(given, scopes or {self.basic, self.publishing})
        if number != self.user_id:
            raise missing(number, "get")

    # ---- containers ----

    def left(self, asked: Asked, number: str) -> Said:
        """Tell how much of the day is used."""
        given, _files = self._given(asked, {"fields", "since"})
        self._mine(given, number)
        told = {"quota_usage": self.used, "config": {"quota_total": self.quota, "quota_duration": DAY}}
        names = set(given.get("fields", "quota_usage").split(","))
        if names - set(told):
            raise Problem(100, "Tried accessing nonexisting field")
        return Said({"data": [{name: value for name, value in told.items() if name in names}]})

    def _fetched(self, address: str) -> bytes:
        """Fetch a picture, as the platform does from its own network."""
        status, content = self.fetch(address)
        if status != 200:
            raise Problem(9_004, "The media could not be fetched from this URI.", subcode=2_207_052)
        self.fetched.append(address)
        return content

    def _film(self, address: str) -> str:
        """Fetch a video part by part; return why it cannot be used, empty where it can."""
        if not address.startswith(("http://", "https://")):
            return "FAILED_DOWNLOADING_VIDEO"
        content = b""
        while True:
            status, part = self.fetch(address, f"bytes={len(content)}-{len(content) + PART - 1}")
            content += part
            if status != 206 or len(part) < PART:
                break
        if status not in {200, 206, 416}:
            return "FAILED_DOWNLOADING_VIDEO"
        self.fetched.append(address)
        self.films.append(content)
        return "" if content[4:8] == b"ftyp" and len(content) <= self.largest_video else "FAILED_PROCESSING_VIDEO"

    def _kept_film(self, container: Container, address: str) -> Said:
        """Keep a container whose video is fetched after the answer: what is wrong with it its state tells."""
        why = self._film(address)
        container.state, container.why = ("ERROR", why) if why else ("", "")
        return self._kept(container)

    def _children(self, given: Mapping[str, str], most: int) -> tuple[str, ...]:
        children = tuple(filter(None, given.get("children", "").split(",")))
        found = [self.containers.get(child) for child in children]
        if not 2 <= len(children) <= most or not all(one is not None and one.part for one in found):
            raise Problem(100, "Invalid children of a carousel")
        if any(self._state(one)[0] != "FINISHED" for one in found if one is not None):
            raise Problem(9_007, "The media is not ready.", subcode=2_207_027)
        return children

    def _kept(self, container: Container) -> Said:
        container.number = str(next(self.numbers))
        self.containers[container.number] = container
        return Said({"id": container.number})

    def _state(self, container: Container) -> tuple[str, str]:
        if container.state:
            return container.state, container.why
        container.asked += 1
        return ("IN_PROGRESS", "") if container.asked <= self.working else (self.ends_as, self.why)

    def _publish(self, asked: Asked, number: str, unknown: Problem) -> Said:
        given, _files = self._given(asked, {"creation_id"}, {"creation_id"})
        self._mine(given, number)
        container = self.containers.get(given["creation_id"])
        if container is None or container.part or container.state == "PUBLISHED":
            raise unknown
        if self._state(container)[0] != "FINISHED":
            raise Problem(9_007, "The media is not ready for publishing, please wait for a moment", subcode=2_207_027)
        if self.used >= self.quota:
            raise Problem(9, "The user has reached the maximum number of posts", subcode=2_207_042, status=403)
        self.used += 1
        container.state = "PUBLISHED"
        alts = container.alts + tuple(alt for child in container.children for alt in self.containers[child].alts)
        now = datetime.now(UTC).replace(microsecond=0)
        parts = tuple(self.containers[child].kind for child in container.children)
        text = re.sub(r"\s+\Z", "", container.text)
        made = Made(str(next(self.numbers)), text, now, alts, container.kind, parts)
        self.posts.insert(0, made)
        return Said({"id": made.number})

    def _post(self, number: str, verb: str) -> Made:
        found = next((one for one in self.posts if one.number == number), None)
        if found is None:
            raise missing(number, verb)
        return found
