"""A stub of YouTube: signing in at Google, and the YouTube Data API v3 as far as videos are uploaded and read back.

Requests are held against Google's own discovery document (`youtube.v3.json`, revision 20261104, which the package
google-api-python-client brings): methods, parameters, every field of a body. What that does not say is written from
developers.google.com as of November 2026: "Resumable Uploads" (sessions, Content-Range, 308 with Range), "Videos:
insert" (title, description, tags, the privacy of videos of projects that were not audited), "Errors", "Quota
Calculator" (100 videos.insert a day, reset at midnight Pacific time), "Using OAuth 2.0 for Web Server Applications".

Refresh tokens come with the first consent only, or when `prompt=consent` asks for one; those of a project in testing
last for seven days (`refresh_token_expires_in`). A video of a project that was not audited is private in the answer
already, or is locked only after it (`lock`): projects have met both.
"""

import hashlib
import itertools
import json
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from servers.stub import Asked, Said, serving

CLIENT_ID, CLIENT_SECRET = "123-uji.apps.googleusercontent.com", "GOCSPX-rahasia-uji"
REDIRECT = "https://kentongan.contoh.id/sebar/masuk/kembali/"
CHANNEL_ID, UPLOADS = "UC" + "a1B2c3D4e5F6g7H8i9J0kL", "UU" + "a1B2c3D4e5F6g7H8i9J0kL"
PIECE = 256 * 1024
TESTING = timedelta(days=7)
AUTH = "https://www.googleapis.com/auth/"


@cache
def described() -> dict[str, Any]:
    """Return Google's description of the API."""
    where = resources.files("googleapiclient.discovery_cache.documents") / "youtube.v3.json"
    found: dict[str, Any] = json.loads(where.read_text("utf-8"))
    return found


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value is one of that schema: known fields only, of the right types."""
    if "$ref" in schema:
        return fits(value, described()["schemas"][schema["$ref"]])
    kinds = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "object": dict, "array": list}
    if not isinstance(value, kinds[schema["type"]]) or value not in schema.get("enum", [value]):
        return False
    if isinstance(value, list):
        return all(fits(one, schema["items"]) for one in value)
    known = schema.get("properties", {})
    return not isinstance(value, dict) or all(name in known and fits(one, known[name]) for name, one in value.items())


class Problem(Exception):
    """What Google answers instead of data."""

    def __init__(self, status: int, reason: str, message: str = "") -> None:
        super().__init__(f"{reason}: {message}")
        error = {"message": message or reason, "domain": "youtube.video", "reason": reason}
        self.status, self.body = status, {"error": {"code": status, "message": message or reason, "errors": [error]}}


class NoToken(Exception):
    """What the token endpoint answers instead of one."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.status, self.body = status, {"error": error, "error_description": description}


@dataclass
class Video:
    """A video as YouTube keeps it."""

    number: str
    snippet: dict[str, Any]
    status: dict[str, Any]
    content: bytes
    at: datetime
    statistics: dict[str, str] = field(default_factory=lambda: {"viewCount": "120", "likeCount": "7"})


@dataclass
class Session:
    """An upload that was begun."""

    body: dict[str, Any]
    size: int
    media_type: str
    content: bytes = b""
    video: Video | None = None


@dataclass
class Grant:
    """What was allowed, and the tokens that are good now."""

    scopes: set[str]
    access: str = ""
    refresh: str = ""
    ends_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    over_at: datetime | None = None


@dataclass
class YouTubeServer:
    """The stub's state; `url` stands for all of Google, `seen_at` is how uploads reach it."""

    url: str = ""
    seen_at: str = ""
    redirect: str = REDIRECT
    handle: str = "@kabaruji"
    channel: bool = True
    audited: bool = True
    testing: bool = False
    quota: int = 100
    upload_limit: int = 100
    takes: int | None = None
    withheld: set[str] = field(default_factory=set)
    codes: dict[str, tuple[str, str, Grant]] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    videos: list[Video] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    page_size: int = 50
    refreshes: int = 0
    problems: list[str] = field(default_factory=list)

    def allow(self, page: str, *, deny: bool = False) -> dict[str, str]:
        """Go to Google's page as the person, allow the app (or not), and return what they come back with."""
        answer = httpx.get(page + ("&deny=1" if deny else ""))
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def answer(self, asked: Asked) -> Said:
        """Answer one request."""
        try:
            return self._answer(asked)
        except (Problem, NoToken) as problem:
            self.problems.append(str(problem))
            return Said(problem.body, problem.status)

    def _answer(self, asked: Asked) -> Said:
        known: list[tuple[str, str, Callable[[Asked], Said]]] = [
            ("GET", "/o/oauth2/v2/auth", self._authorize),
            ("POST", "/token", self._token),
            ("GET", "/youtube/v3/channels", self._channels),
            ("POST", "/upload/youtube/v3/videos", self._begin),
            ("PUT", "/upload/youtube/v3/videos", self._take),
            ("GET", "/youtube/v3/playlistItems", self._uploads),
            ("GET", "/youtube/v3/videos", self._videos),
            ("DELETE", "/youtube/v3/videos", self._delete),
        ]
        for verb, path, do in known:
            if (verb, path) == (asked.verb, asked.path):
                return do(asked)
        raise Problem(404, "notFound", "There is no such method.")

    # ---- signing in ----

    def _authorize(self, asked: Asked) -> Said:
        ask = asked.query
        wanted = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect,
            "code_challenge_method": "S256",
        }
        known = {*wanted, "scope", "state", "code_challenge", "access_type", "prompt", "include_granted_scopes", "deny"}
        good = all(ask.get(name) == value for name, value in wanted.items()) and not set(ask) - known
        if not good or not re.fullmatch(r"[A-Za-z0-9_-]{43}", ask.get("code_challenge", "")) or not ask.get("scope"):
            return Said(b"<h1>Error 400: invalid_request</h1>", 400)
        if ask.get("deny"):
            back = {"error": "access_denied", "state": ask["state"]}
        else:
            code = "4/" + secrets.token_urlsafe(24)
            grant = Grant(set(ask["scope"].split()) - self.withheld)
            if ask.get("access_type") == "offline" and (not self.grants or ask.get("prompt") == "consent"):
                grant.refresh = "1//" + secrets.token_urlsafe(40)
            self.codes[code] = (ask["redirect_uri"], ask["code_challenge"], grant)
            back = {"code": code, "state": ask["state"], "scope": " ".join(sorted(grant.scopes))}
        return Said(b"", 302, {"Location": f"{ask['redirect_uri']}?{urlencode(back)}"})

    def _token(self, asked: Asked) -> Said:
        form, _files = asked.form()
        signed = httpx.BasicAuth(CLIENT_ID, CLIENT_SECRET)._auth_header == asked.headers.get("authorization")
        if not signed and (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise NoToken("invalid_client", "The OAuth client was not found.", 401)
        given = set(form) - {"client_id", "client_secret"}
        if form.get("grant_type") == "authorization_code" and given == {
            "grant_type",
            "code",
            "redirect_uri",
            "code_verifier",
        }:
            redirect, challenge, grant = self.codes.pop(form["code"], ("", "", Grant(set())))
            digest = urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
            if (redirect, challenge) != (form["redirect_uri"], digest):
                raise NoToken("invalid_grant", "Malformed auth code.")
            self.grants.append(grant)
            grant.over_at = datetime.now(UTC) + TESTING if self.testing else None
            fresh: dict[str, Any] = {"refresh_token": grant.refresh} if grant.refresh else {}
        elif form.get("grant_type") == "refresh_token" and given == {"grant_type", "refresh_token"}:
            found = next((one for one in self.grants if one.refresh and one.refresh == form["refresh_token"]), None)
            if found is None or (found.over_at and found.over_at <= datetime.now(UTC)):
                raise NoToken("invalid_grant", "Token has been expired or revoked.")
            self.refreshes += 1
            grant, fresh = found, {}
        else:
            raise NoToken("invalid_request", "Missing or unknown parameter.")
        grant.access, grant.ends_at = "ya29." + secrets.token_urlsafe(40), datetime.now(UTC) + timedelta(seconds=3599)
        if grant.over_at:
            fresh["refresh_token_expires_in"] = int((grant.over_at - datetime.now(UTC)).total_seconds())
        said = {"access_token": grant.access, "expires_in": 3599, "token_type": "Bearer", **fresh}
        return Said({**said, "scope": " ".join(sorted(grant.scopes))})

    def expire(self) -> None:
        """Let the access tokens end now."""
        for grant in self.grants:
            grant.ends_at = datetime.now(UTC)

    def lock(self, privacy: str = "private") -> None:
        """Make all videos private afterwards, as YouTube does; or public, as a person does who may."""
        for video in self.videos:
            video.status["privacyStatus"] = privacy

    def revoke(self) -> None:
        """Take the app's permission away, as a person does at myaccount.google.com."""
        self.grants.clear()

    # ---- the API ----

    def _method(self, asked: Asked, resource: str, method: str, *, extra: frozenset[str] = frozenset()) -> None:
        """Refuse whoever may not call that method, and a call that its description does not know."""
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        grant = next((one for one in self.grants if token and one.access == token), None)
        if grant is None or grant.ends_at <= datetime.now(UTC):
            raise Problem(401, "authError", "Invalid Credentials")
        said = described()["resources"][resource]["methods"][method]
        if not grant.scopes & set(said["scopes"]):
            raise Problem(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        if unknown := set(asked.query) - set(said["parameters"]) - extra:
            raise Problem(400, "unexpectedParameter", f"Unknown parameters: {unknown}")
        missing = {name for name, one in said["parameters"].items() if one.get("required")} - set(asked.query)
        if missing:
            raise Problem(400, "missingRequiredParameter", f"Missing parameters: {missing}")
        for name, value in asked.query.items():
            if said["parameters"].get(name, {}).get("type") == "integer" and not 0 <= int(value) <= 50:
                raise Problem(400, "invalidParameter", name)

    def _channels(self, asked: Asked) -> Said:
        self._method(asked, "channels", "list")
        if asked.query.get("mine") != "true":
            raise Problem(400, "missingRequiredParameter", "No filter selected.")
        if not self.channel:
            return Said({"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 0}})
        whole = {
            "snippet": {"title": "Kabar Uji", "customUrl": self.handle},
            "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": UPLOADS}},
            "status": {"privacyStatus": "public", "isLinked": True, "longUploadsStatus": "allowed"},
        }
        parts = {name: whole[name] for name in asked.query["part"].split(",")}
        return Said({"kind": "youtube#channelListResponse", "items": [{"id": CHANNEL_ID, **parts}]})

    def _begin(self, asked: Asked) -> Said:
        self._method(asked, "videos", "insert", extra=frozenset({"uploadType"}))
        body, length = asked.json(), asked.headers.get("x-upload-content-length", "")
        media_type = asked.headers.get("x-upload-content-type", "")
        if asked.query.get("uploadType") != "resumable" or not length.isdigit() or not media_type.startswith("video/"):
            raise Problem(400, "mediaBodyRequired", "The request does not include the video content.")
        if not fits(body, {"$ref": "Video"}) or set(body) - set(asked.query["part"].split(",")):
            raise Problem(400, "badRequest", "Unknown field, or one of a part that was not named.")
        if self.quota <= 0:
            raise Problem(403, "quotaExceeded", "The request cannot be completed because you have exceeded your quota.")
        if self.upload_limit <= len(self.videos):
            raise Problem(400, "uploadLimitExceeded", "The user has exceeded the number of videos they may upload.")
        self._check(body["snippet"])
        self.quota -= 1
        number = secrets.token_urlsafe(30)
        self.sessions[number] = Session(body, int(length), media_type)
        ask = {**asked.query, "upload_id": number}
        return Said(b"", 200, {"Location": f"{self.seen_at or self.url}{asked.path}?{urlencode(ask)}"})

    def _check(self, snippet: Mapping[str, Any]) -> None:
        title, description = snippet.get("title", ""), snippet.get("description", "")
        if not 1 <= len(title) <= 100 or re.search(r"[<>]", title):
            raise Problem(400, "invalidTitle", "The request metadata specifies an invalid or empty video title.")
        if len(description.encode()) > 5_000 or re.search(r"[<>]", description):
            raise Problem(400, "invalidDescription", "The request metadata specifies an invalid video description.")
        tags = snippet.get("tags", [])
        if sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(len(tags) - 1, 0) > 500:
            raise Problem(400, "invalidTags", "The request metadata specifies invalid video keywords.")

    def _take(self, asked: Asked) -> Said:
        session = self.sessions.get(asked.query.get("upload_id", ""))
        if session is None:
            return Said(b"Not Found", 404)
        if session.video is not None:
            return Said(self._shown(session.video, ["snippet", "status"]))
        found = re.fullmatch(r"bytes (?:\*|(\d+)-(\d+))/(\d+)", asked.headers.get("content-range", ""))
        if found is None or int(found[3]) != session.size:
            raise Problem(400, "badRequest", "Failed to parse Content-Range header.")
        if found[1] is not None:
            self._keep(session, int(found[1]), int(found[2]), asked.body)
        if len(session.content) < session.size:
            have = {"Range": f"bytes=0-{len(session.content) - 1}"} if session.content else {}
            return Said(b"", 308, have)
        session.video = self._made(session)
        return Said(self._shown(session.video, ["snippet", "status"]))

    def _keep(self, session: Session, first: int, last: int, body: bytes) -> None:
        if first != len(session.content) or len(body) != last - first + 1:
            raise Problem(400, "badRequest", "These are not the bytes that come next.")
        if last + 1 < session.size and len(body) % PIECE:
            raise Problem(400, "badRequest", "Chunks are multiples of 256 KiB, all but the last.")
        kept = body if self.takes is None else body[: self.takes - self.takes % PIECE]
        self.takes = None
        session.content += kept

    def _made(self, session: Session) -> Video:
        asked = session.body.get("status", {})
        status = {"privacyStatus": "public", "license": "youtube", "embeddable": True, **asked}
        status |= {"uploadStatus": "uploaded"} | ({} if self.audited else {"privacyStatus": "private"})
        number = f"v{next(self.numbers):04d}_AbCdEf"[:11]
        video = Video(number, dict(session.body["snippet"]), status, session.content, datetime.now(UTC))
        self.videos.insert(0, video)
        return video

    def _shown(self, video: Video, parts: list[str]) -> dict[str, Any]:
        shown = {**video.snippet, "publishedAt": _moment(video.at), "channelId": CHANNEL_ID}
        whole = {"snippet": shown, "status": video.status, "statistics": video.statistics}
        return {"kind": "youtube#video", "id": video.number, **{name: whole[name] for name in parts}}

    def _uploads(self, asked: Asked) -> Said:
        self._method(asked, "playlistItems", "list")
        if asked.query.get("playlistId") != UPLOADS:
            raise Problem(404, "playlistNotFound", "The playlist cannot be found.")
        start = int(asked.query.get("pageToken", "0"))
        size = min(self.page_size, int(asked.query.get("maxResults", "5")))
        rows = [self._item(video, asked.query["part"].split(",")) for video in self.videos[start : start + size]]
        more = {"nextPageToken": str(start + size)} if start + size < len(self.videos) else {}
        return Said({"kind": "youtube#playlistItemListResponse", "items": rows, **more})

    def _item(self, video: Video, parts: list[str]) -> dict[str, Any]:
        known = {"title": video.snippet["title"], "description": video.snippet.get("description", "")}
        whole = {
            "snippet": {**known, "publishedAt": _moment(video.at), "resourceId": {"videoId": video.number}},
            "contentDetails": {"videoId": video.number, "videoPublishedAt": _moment(video.at)},
            "status": {"privacyStatus": video.status["privacyStatus"]},
        }
        return {"id": f"UU{video.number}", **{name: whole[name] for name in parts}}

    def _videos(self, asked: Asked) -> Said:
        self._method(asked, "videos", "list")
        ids = asked.query.get("id", "").split(",")
        if len(ids) > 50:
            raise Problem(400, "invalidParameter", "At most 50 ids.")
        found = [one for one in self.videos if one.number in ids]
        return Said({"items": [self._shown(one, asked.query["part"].split(",")) for one in found]})

    def _delete(self, asked: Asked) -> Said:
        self._method(asked, "videos", "delete")
        video = next((one for one in self.videos if one.number == asked.query["id"]), None)
        if video is None:
            raise Problem(404, "videoNotFound", "The video that you are trying to delete cannot be found.")
        self.videos.remove(video)
        return Said(b"", 204)


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def serve() -> Iterator[YouTubeServer]:
    """Run the stub."""
    server = YouTubeServer()
    with serving(server.answer) as server.url:
        yield server
