"""What the stubs of Meta's Graph APIs share: versions in the path, tokens as a parameter, errors in one form.

From developers.facebook.com, as of November 2026: "Graph API: Handling Errors" (codes, subcodes, the form of an error),
"Rate Limits" (X-Business-Use-Case-Usage), "Securing Graph API Calls" (appsecret_proof), "Paginated Results".

Unknown parameters are refused: a request is made only of what the description knows.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from servers.stub import Asked, File, Said

APP_ID, APP_SECRET = "100200300400500", "rahasia-aplikasi-uji-0123456789ab"
REDIRECT = "https://kentongan.contoh.id/sebar/masuk/kembali/"
SIXTY_DAYS = 5_184_000
PAGING = {"limit", "after", "before", "since", "until"}


class Problem(Exception):
    """An error in Graph's form."""

    def __init__(
        self, code: int, message: str, *, status: int = 400, subcode: int = 0, transient: bool = False
    ) -> None:
        super().__init__(f"(#{code}) {message}")
        self.status = status
        error: dict[str, Any] = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code}
        if subcode:
            error["error_subcode"] = subcode
        self.body = {"error": {**error, "is_transient": transient, "fbtrace_id": "AbCdEfGhIjK"}}


def missing(number: str, verb: str) -> Problem:
    """What Graph says of an object that is not there, or not for this token."""
    text = (
        f"Unsupported {verb.lower()} request. Object with ID '{number}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation."
    )
    return Problem(100, text, subcode=33)


def proof_of(token: str) -> str:
    """Return the proof that whoever sends a token has the app's secret too."""
    return hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


@dataclass
class Token:
    """A token: what was allowed with it, until when."""

    scopes: set[str]
    text: str = field(default_factory=lambda: secrets.token_urlsafe(60))
    ends_at: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(hours=1))
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def good(self) -> bool:
        """Whether it is good now."""
        return self.ends_at > datetime.now(UTC)


@dataclass
class GraphServer:
    """The state that all of them have; `url` stands for all hosts of the platform."""

    version: ClassVar[str] = "v25.0"
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = ()

    url: str = ""
    redirect: str = REDIRECT
    wants_proof: bool = False
    withheld: set[str] = field(default_factory=set)
    codes: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    refreshes: int = 0
    page_size: int = 100
    problems: list[str] = field(default_factory=list)

    # ---- people ----

    def allow(self, page: str, *, deny: bool = False) -> dict[str, str]:
        """Go to the platform's page as the person, allow the app (or not), and return what they come back with."""
        answer = httpx.get(page + ("&deny=1" if deny else ""))
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"].startswith(self.redirect), answer.headers["location"]
        parts = urlsplit(answer.headers["location"])
        return {name: values[0] for name, values in parse_qs(parts.query).items()}

    def expire(self) -> None:
        """Let all tokens end now."""
        for token in self.tokens:
            token.ends_at = datetime.now(UTC)

    def revoke(self) -> None:
        """Take the app's permission away, as a person does in the platform's settings."""
        self.tokens.clear()

    # ---- requests ----

    def answer(self, asked: Asked) -> Said:
        """Answer one request."""
        try:
            return self._routed(asked)
        except Problem as problem:
            self.problems.append(str(problem))
            return Said(problem.body, problem.status)

    def _routed(self, asked: Asked) -> Said:
        for verb, path, name in self.routes:
            if verb == asked.verb and (match := re.fullmatch(path.replace("V/", f"{self.version}/"), asked.path)):
                do: Callable[..., Said] = getattr(self, name)
                return do(asked, *match.groups())
        raise Problem(2500, f"Unknown path components: {asked.path}")

    def _given(
        self,
        asked: Asked,
        known: set[str],
        needed: set[str] = frozenset(),  # type: ignore[assignment]
    ) -> tuple[dict[str, str], dict[str, File]]:
        """Return the parameters of a request: in the query of GET and DELETE, in the form of POST."""
        if asked.verb == "POST" and asked.query:
            raise Problem(100, "Parameters of a POST belong into its body.")
        given, files = asked.form() if asked.verb == "POST" else (dict(asked.query), {})
        unknown = {re.sub(r"\[\d+\]$", "[]", name) for name in (*given, *files)}
        unknown -= known | {"access_token", "appsecret_proof"}
        if unknown:
            raise Problem(100, f"Unknown parameters: {sorted(unknown)}")
        lacking = needed - set(given) - set(files)
        if lacking:
            raise Problem(100, f"The parameter {sorted(lacking)[0]} is required")
        return given, files

    def _token(self, given: Mapping[str, str], scopes: set[str]) -> Token:
        """Return the token of a request, good and with those permissions."""
        text = given.get("access_token", "")
        if not text:
            raise Problem(104, "An access token is required to request this resource.", status=401)
        self._check_proof(given, text)
        token = next((one for one in self.tokens if one.text == text), None)
        if token is None or not token.good:
            raise Problem(190, "Error validating access token: Session has expired.", status=401, subcode=463)
        self._check_scopes(token, scopes)
        return token

    def _check_proof(self, given: Mapping[str, str], token: str) -> None:
        proof = given.get("appsecret_proof")
        if proof is None and self.wants_proof:
            raise Problem(100, "API calls from the server require an appsecret_proof argument")
        if proof is not None and proof != proof_of(token):
            raise Problem(100, "Invalid appsecret_proof provided in the API argument")

    def _check_scopes(self, token: Token, scopes: set[str]) -> None:
        lacking = scopes - token.scopes
        if lacking:
            raise Problem(200, f"Requires {sorted(lacking)[0]} permission to manage the object", status=403)

    def authorize(self, asked: Asked, more: set[str], scopes: set[str]) -> Said:
        """Show the page where a person allows the app: this one allows it at once, or denies."""
        ask = asked.query
        wanted = {"client_id", "redirect_uri", "response_type", "scope", "state"}
        good = (
            wanted <= set(ask) <= wanted | more | {"deny"}
            and ask["client_id"] == APP_ID
            and ask["redirect_uri"] == self.redirect
            and ask["response_type"] == "code"
            and 16 <= len(ask["state"]) <= 500
            and set(ask["scope"].split(",")) <= scopes
        )
        if not good:
            return Said(b"<h1>Sorry, something went wrong.</h1>", 400)
        back = {"error": "access_denied", "error_reason": "user_denied", "error_description": "Permissions error"}
        if not ask.get("deny"):
            code = secrets.token_urlsafe(80)
            self.codes[code] = (ask["redirect_uri"], set(ask["scope"].split(",")) - self.withheld)
            back = {"code": code}
        return Said(b"", 302, {"Location": f"{ask['redirect_uri']}?{urlencode({**back, 'state': ask['state']})}#_"})

    def by_code(self, given: Mapping[str, str]) -> Token | None:
        """Return a token of an hour for a code, which is good once; None for one that is over."""
        redirect, scopes = self.codes.pop(given["code"], ("", set()))
        if not redirect or redirect != given["redirect_uri"]:
            return None
        token = Token(scopes)
        self.tokens.append(token)
        return token

    def listed(self, given: Mapping[str, str], rows: list[dict[str, Any]]) -> Said:
        """Return one page of rows, newest first, with Graph's paging."""
        start = int(given.get("after") or 0)
        size = min(self.page_size, int(given.get("limit") or 25))
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(start + size)}}
        if start + size < len(rows):
            # As Graph writes it: with the token in it.
            paging["next"] = f"{self.url}/next?access_token={given.get('access_token')}&after={start + size}"
        return Said({"data": rows[start : start + size], "paging": paging})


def between(given: Mapping[str, str], moment: datetime) -> bool:
    """Whether a moment lies in the range of a request (`since`, `until`, in seconds)."""
    seconds = moment.timestamp()
    return int(given.get("since") or 0) <= seconds <= int(given.get("until") or 2**40)


def wanted(given: Mapping[str, str], known: set[str]) -> set[str]:
    """Return the fields that a request asks for; raises Problem for one that the object has not."""
    names = {re.sub(r"[.(].*$", "", name) for name in re.split(r",(?![^()]*\))", given.get("fields", "id"))}
    if names - known:
        raise Problem(100, f"Tried accessing nonexisting field ({sorted(names - known)[0]})")
    return names | {"id"}


def stamp(moment: datetime) -> str:
    """Return a moment as Graph writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
