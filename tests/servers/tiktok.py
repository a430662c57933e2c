"""A stub of TikTok: signing in, and the Content Posting and Display APIs as far as videos are posted and read back.

Written from the platform's own description before the adapter was: developers.tiktok.com, "Login Kit for Desktop"
(PKCE with the challenge in hexadecimal), "User Access Token Management v2", "Content Posting API: Direct Post, Query
Creator Info, Media Transfer Guide, Get Post Status, Content Sharing Guidelines, Photo" (fetched from addresses of a
proven domain after the answer, up to 35; title 90, description 4,000 characters; JPEG or WebP up to 20 MB), "List
Videos", "Query Videos", "Error Handling", as of November 2026. No page says that pictures are listed: here they are
not.

Unknown fields are refused; refresh tokens change with each use; chunks follow the rules of the Media Transfer Guide.
"""

import hashlib
import itertools
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from servers.stub import Asked, Said, serving

CLIENT_KEY, CLIENT_SECRET = "awuji0123456789", "rahasia-tiktok-uji"
REDIRECT = "https://kentongan.contoh.id/sebar/masuk/kembali/"
SMALLEST, LARGEST, LAST = 5_000_000, 64_000_000, 128_000_000
POSTING = {
    "title", "privacy_level", "disable_duet", "disable_comment", "disable_stitch", "video_cover_timestamp_ms",
    "brand_content_toggle", "brand_organic_toggle", "is_aigc",
}  # fmt: skip
PHOTOS = {
    "title", "description", "privacy_level", "disable_comment", "auto_add_music", "brand_content_toggle",
    "brand_organic_toggle",
}  # fmt: skip
LISTED = {
    "id", "create_time", "cover_image_url", "share_url", "video_description", "duration", "height", "width", "title",
    "embed_html", "embed_link", "like_count", "comment_count", "share_count", "view_count",
}  # fmt: skip
SCOPES = {"user.info.basic", "user.info.profile", "video.publish", "video.upload", "video.list"}


class Problem(Exception):
    """What TikTok answers instead of data."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.body = {"data": {}, "error": {"code": code, "message": message or code, "log_id": "20261127"}}


class NoToken(Exception):
    """What the token endpoint answers instead of one."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.status, self.body = 400, {"error": error, "error_description": description, "log_id": "20261127"}


@dataclass
class Post:
    """A post on its way, or out: `status` as "Get Post Status" tells it."""

    publish_id: str
    info: dict[str, Any]
    size: int
    chunk: int
    chunks: int
    token: str
    content: bytes = b""
    status: str = "PROCESSING_UPLOAD"
    reason: str = ""
    number: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    looks: int = 0
    pictures: tuple[str, ...] = ()

    @property
    def public(self) -> bool:
        """Whether everybody sees it."""
        return bool(self.number) and self.info["privacy_level"] == "PUBLIC_TO_EVERYONE"


@dataclass
class Grant:
    """What an account allowed the app, and the tokens of it that are good now."""

    scopes: set[str]
    access: str = ""
    refresh: str = ""
    ends_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def from_there(address: str) -> bytes | None:
    """Fetch a picture, as TikTok does from its own network, which follows no redirect; None where there is nothing."""
    try:
        answer = httpx.get(address, timeout=5)
    except httpx.HTTPError:
        return None
    return answer.content if answer.status_code == 200 else None


@dataclass
class TikTokServer:
    """The stub's state; `url` is its API and its site, `seen_at` how uploads reach it, `ready_after` how many looks."""

    url: str = ""
    seen_at: str = ""
    redirect: str = REDIRECT
    username: str = "kabaruji"
    audited: bool = True
    private: bool = False
    longest: int = 600
    ready_after: int = 0
    hidden_for: int = 0
    fetching: int = 0
    verified: bool = True
    fetch: Callable[[str], bytes | None] = from_there
    fails_with: str = ""
    refuses_with: tuple[int, str] | None = None
    withheld: set[str] = field(default_factory=set)
    codes: dict[str, tuple[str, str, Grant]] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    inits: list[datetime] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(7300000000000000001))
    page_size: int = 20
    refreshes: int = 0
    refresh_lasts: int = 31_536_000
    problems: list[str] = field(default_factory=list)

    def allow(self, page: str, *, deny: bool = False) -> dict[str, str]:
        """Go to TikTok's page as the person, allow the app (or not), and return what they come back with."""
        answer = httpx.get(page + ("&deny=1" if deny else ""))
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def out(self) -> list[Post]:
        """Return the posts that are out, the newest first; TikTok works on them whether or not it is asked."""
        for post in self.posts:
            self._go_on(post)
        return [post for post in self.posts if post.number]

    def answer(self, asked: Asked) -> Said:
        """Answer one request."""
        try:
            return self._answer(asked)
        except (Problem, NoToken) as problem:
            self.problems.append(str(problem))
            return Said(problem.body, problem.status)

    def _answer(self, asked: Asked) -> Said:
        known: list[tuple[str, str, Callable[[Asked], Said]]] = [
            ("GET", "/v2/auth/authorize/", self._authorize),
            ("POST", "/v2/oauth/token/", self._token),
            ("GET", "/v2/user/info/", self._me),
            ("POST", "/v2/post/publish/creator_info/query/", self._creator),
            ("POST", "/v2/post/publish/video/init/", self._init),
            ("POST", "/v2/post/publish/content/init/", self._photos),
            ("PUT", "/video/", self._take),
            ("POST", "/v2/post/publish/status/fetch/", self._status),
            ("POST", "/v2/video/list/", self._list),
            ("POST", "/v2/video/query/", self._query),
        ]
        for verb, path, do in known:
            if (verb, path) == (asked.verb, asked.path):
                return do(asked)
        raise Problem(404, "unsupported_path")

    # ---- signing in ----

    def _authorize(self, asked: Asked) -> Said:
        ask = asked.query
        wanted = {
            "response_type": "code",
            "client_key": CLIENT_KEY,
            "redirect_uri": self.redirect,
            "code_challenge_method": "S256",
        }
        known = {*wanted, "scope", "state", "code_challenge", "disable_auto_auth", "deny"}
        scopes = set(ask.get("scope", "").split(","))
        good = all(ask.get(name) == value for name, value in wanted.items()) and not set(ask) - known
        if not good or scopes - SCOPES or not re.fullmatch(r"[0-9a-f]{64}", ask.get("code_challenge", "")):
            return Said(b"<h1>Something went wrong</h1>", 400)
        if ask.get("deny"):
            back = {"error": "access_denied", "error_description": "User cancelled", "state": ask["state"]}
        else:
            code = secrets.token_urlsafe(32) + "*0!1234.e1"
            self.codes[code] = (ask["redirect_uri"], ask["code_challenge"], Grant(scopes - self.withheld))
            back = {"code": code, "scopes": ",".join(sorted(scopes)), "state": ask["state"]}
        return Said(b"", 302, {"Location": f"{ask['redirect_uri']}?{urlencode(back)}"})

    def _token(self, asked: Asked) -> Said:
        if asked.media_type != "application/x-www-form-urlencoded":
            raise NoToken("invalid_request", "Only `application/x-www-form-urlencoded` is supported.")
        form, _files = asked.form()
        if (form.pop("client_key", ""), form.pop("client_secret", "")) != (CLIENT_KEY, CLIENT_SECRET):
            raise NoToken("invalid_client", "Client key or secret is incorrect.")
        if form.get("grant_type") == "authorization_code" and set(form) == {
            "grant_type",
            "code",
            "redirect_uri",
            "code_verifier",
        }:
            redirect, challenge, grant = self.codes.pop(form["code"], ("", "", Grant(set())))
            digest = hashlib.sha256(form["code_verifier"].encode()).hexdigest()
            if (redirect, challenge) != (form["redirect_uri"], digest):
                raise NoToken("invalid_grant", "Authorization code is expired or the verifier is wrong.")
            self.grants.append(grant)
        elif form.get("grant_type") == "refresh_token" and set(form) == {"grant_type", "refresh_token"}:
            found = next((one for one in self.grants if one.refresh and one.refresh == form["refresh_token"]), None)
            if found is None:
                raise NoToken("invalid_grant", "Refresh token is invalid or expired.")
            grant, self.refreshes = found, self.refreshes + 1
        else:
            raise NoToken("invalid_request", "The request parameters are malformed.")
        grant.access, grant.refresh = "act." + secrets.token_urlsafe(40), "rft." + secrets.token_urlsafe(40)
        grant.ends_at = datetime.now(UTC) + timedelta(hours=24)
        return Said(
            {
                "open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
                "scope": ",".join(sorted(grant.scopes)),
                "access_token": grant.access,
                "expires_in": 86_400,
                "refresh_token": grant.refresh,
                "refresh_expires_in": self.refresh_lasts,
                "token_type": "Bearer",
            }
        )

    def expire(self) -> None:
        """Let the access tokens end now."""
        for grant in self.grants:
            grant.ends_at = datetime.now(UTC)

    def revoke(self) -> None:
        """Take the app's permission away, as a person does in TikTok's settings."""
        self.grants.clear()

    # ---- the API ----

    def _allowed(self, asked: Asked, scope: str) -> None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        grant = next((one for one in self.grants if token and one.access == token), None)
        if grant is None or grant.ends_at <= datetime.now(UTC):
            raise Problem(401, "access_token_invalid", "The access token is invalid or not found in the request.")
        if scope not in grant.scopes:
            raise Problem(401, "scope_not_authorized", "The user did not authorize the scope required.")

    def _body(self, asked: Asked, known: set[str]) -> dict[str, Any]:
        body = asked.json()
        if asked.media_type != "application/json" or not isinstance(body, dict) or set(body) - known:
            raise Problem(400, "invalid_params", "The request body is malformed.")
        return body

    def _ok(self, data: Mapping[str, Any]) -> Said:
        return Said({"data": dict(data), "error": {"code": "ok", "message": "", "log_id": "20261127"}})

    def _me(self, asked: Asked) -> Said:
        fields = set(asked.query.get("fields", "").split(","))
        if not fields <= {"open_id", "display_name", "username", "avatar_url"}:
            raise Problem(400, "invalid_params", "Unknown field.")
        self._allowed(asked, "user.info.profile" if "username" in fields else "user.info.basic")
        whole = {"open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4", "display_name": "Kabar Uji"}
        return self._ok({"user": {**whole, "username": self.username}})

    def _options(self) -> list[str]:
        first = "FOLLOWER_OF_CREATOR" if self.private else "PUBLIC_TO_EVERYONE"
        return [first, "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]

    def _creator(self, asked: Asked) -> Said:
        self._allowed(asked, "video.publish")
        if self.refuses_with and self.refuses_with[1].startswith("spam_risk"):
            raise Problem(*self.refuses_with)
        return self._ok(
            {
                "creator_avatar_url": "https://p16.tiktokcdn.com/a.webp",
                "creator_username": self.username,
                "creator_nickname": "Kabar Uji",
                "privacy_level_options": self._options(),
                "comment_disabled": False,
                "duet_disabled": True,
                "stitch_disabled": False,
                "max_video_post_duration_sec": self.longest,
            }
        )

    def _init(self, asked: Asked) -> Said:
        self._allowed(asked, "video.publish")
        body = self._body(asked, {"post_info", "source_info"})
        minute = datetime.now(UTC) - timedelta(minutes=1)
        self.inits = [at for at in self.inits if at > minute]
        if len(self.inits) >= 6:
            raise Problem(429, "rate_limit_exceeded", "Your request is blocked due to exceeding the API request limit.")
        info, source = body.get("post_info"), body.get("source_info")
        if not isinstance(info, dict) or set(info) - POSTING or not isinstance(source, dict):
            raise Problem(400, "invalid_params", "Unknown field.")
        if set(source) != {"source", "video_size", "chunk_size", "total_chunk_count"}:
            raise Problem(400, "invalid_params", "source_info")
        self._check_chunks(source)
        if len(str(info.get("title", "")).encode("utf-16-le")) // 2 > 2_200:
            raise Problem(400, "invalid_params", "The title is too long.")
        if info.get("privacy_level") not in self._options():
            raise Problem(
                400, "privacy_level_option_mismatch", "privacy_level does not match the privacy_level_options."
            )
        if not self.audited and not (self.private and info["privacy_level"] == "SELF_ONLY"):
            raise Problem(403, "unaudited_client_can_only_post_to_private_accounts")
        if self.refuses_with:
            raise Problem(*self.refuses_with)
        self.inits.append(datetime.now(UTC))
        token = secrets.token_urlsafe(16)
        post = Post(
            f"v_pub_file~v2-1.{next(self.numbers)}",
            info,
            source["video_size"],
            source["chunk_size"],
            source["total_chunk_count"],
            token,
        )
        self.posts.insert(0, post)
        query = urlencode({"upload_id": post.publish_id, "upload_token": token})
        where = f"{self.seen_at or self.url}/video/?{query}"
        return self._ok({"publish_id": post.publish_id, "upload_url": where})

    def _photos(self, asked: Asked) -> Said:
        self._allowed(asked, "video.publish")
        body = self._body(asked, {"media_type", "post_mode", "post_info", "source_info"})
        info, source = body.get("post_info"), body.get("source_info")
        if (body.get("media_type"), body.get("post_mode")) != ("PHOTO", "DIRECT_POST") or not isinstance(info, dict):
            raise Problem(400, "invalid_params", "media_type or post_mode")
        if set(info) - PHOTOS or set(source) != {"source", "photo_images", "photo_cover_index"}:
            raise Problem(400, "invalid_params", "Unknown field.")
        texts = (("title", 90), ("description", 4_000))
        if any(len(str(info.get(name, "")).encode("utf-16-le")) // 2 > most for name, most in texts):
            raise Problem(400, "invalid_params", "The title or description is too long.")
        images, cover = source["photo_images"], source["photo_cover_index"]
        if source["source"] != "PULL_FROM_URL" or not 1 <= len(images) <= 35 or cover not in range(len(images)):
            raise Problem(400, "invalid_params", "source_info")
        if not self.verified:
            raise Problem(403, "url_ownership_unverified", "Please review our URL ownership verification rules.")
        if info.get("privacy_level") not in self._options():
            raise Problem(400, "privacy_level_option_mismatch")
        if not self.audited:
            raise Problem(403, "unaudited_client_can_only_post_to_private_accounts")
        post = Post(f"p_pub_url~v2.{next(self.numbers)}", {**info, "title": info.get("description", "")}, 0, 0, 0, "")
        post.pictures, post.status = tuple(images), "PROCESSING_DOWNLOAD"
        self.posts.insert(0, post)
        return self._ok({"publish_id": post.publish_id})

    def _pull(self, post: Post) -> None:
        """Fetch the pictures, once TikTok gets to it."""
        contents = [self.fetch(address) for address in post.pictures]
        if None in contents:
            post.status, post.reason = "FAILED", "photo_pull_failed"
        elif not all(one.startswith((b"\xff\xd8\xff", b"RIFF")) for one in contents if one is not None):
            post.status, post.reason = "FAILED", "file_format_check_failed"
        else:
            post.content = b"".join(one for one in contents if one)

    def _check_chunks(self, source: Mapping[str, Any]) -> None:
        size, chunk, count = source["video_size"], source["chunk_size"], source["total_chunk_count"]
        if source["source"] != "FILE_UPLOAD" or not all(isinstance(one, int) for one in (size, chunk, count)):
            raise Problem(400, "invalid_params", "source_info")
        whole = count == 1 and chunk == size <= LARGEST
        in_parts = SMALLEST <= chunk <= LARGEST and 1 <= count <= 1000 and count == size // chunk
        if not (whole or in_parts):
            raise Problem(400, "invalid_params", "The total chunk count is invalid")

    def _take(self, asked: Asked) -> Said:
        post = next((one for one in self.posts if one.publish_id == asked.query.get("upload_id")), None)
        if post is None or post.token != asked.query.get("upload_token"):
            return Said(b"", 403)
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", asked.headers.get("content-range", ""))
        if found is None or int(found[3]) != post.size or not asked.media_type.startswith("video/"):
            return Said(b"", 400)
        first, last = int(found[1]), int(found[2])
        if first != len(post.content) or len(asked.body) != last - first + 1:
            return Said(b"", 416, {"Content-Range": f"bytes 0-{max(len(post.content) - 1, 0)}/{post.size}"})
        ends = post.size if first // post.chunk == post.chunks - 1 else first + post.chunk
        if last + 1 != ends:
            return Said(b"", 416)
        post.content += asked.body
        self._go_on(post)
        return Said(b"", 201 if len(post.content) == post.size else 206)

    def _go_on(self, post: Post) -> None:
        """Publish what is whole, once it was looked at `ready_after` times."""
        if post.pictures and not post.content and post.status != "FAILED":
            if self.fetching >= max(post.looks, 1):
                return
            self._pull(post)
        if len(post.content) < post.size or post.number or post.status == "FAILED" or post.looks < self.ready_after:
            return
        if self.fails_with:
            post.status, post.reason = "FAILED", self.fails_with
        else:
            post.status, post.number, post.at = "PUBLISH_COMPLETE", str(next(self.numbers)), datetime.now(UTC)

    def _status(self, asked: Asked) -> Said:
        self._allowed(asked, "video.publish")
        body = self._body(asked, {"publish_id"})
        post = next((one for one in self.posts if one.publish_id == body.get("publish_id")), None)
        if post is None:
            raise Problem(400, "invalid_publish_id", "The publish_id is not found.")
        post.looks += 1
        self._go_on(post)
        shown = [int(post.number)] if post.public and post.looks > self.hidden_for else []
        more = {"fail_reason": post.reason} if post.reason else {}
        return self._ok(
            {
                "status": post.status,
                "uploaded_bytes": len(post.content),
                "publicaly_available_post_id": shown,
                **more,
            }
        )

    def _shown(self, post: Post, fields: set[str]) -> dict[str, Any]:
        whole = {
            "id": post.number,
            "create_time": int(post.at.timestamp()),
            "video_description": post.info.get("title", ""),
            "title": post.info.get("title", ""),
            "share_url": f"https://www.tiktok.com/@{self.username}/video/{post.number}?utm_campaign=tt4d_open_api",
            "like_count": 7,
            "comment_count": 1,
            "share_count": 2,
            "view_count": 120,
        }
        return {name: value for name, value in whole.items() if name in fields}

    def _fields(self, asked: Asked) -> set[str]:
        fields = set(asked.query.get("fields", "").split(","))
        if set(asked.query) != {"fields"} or fields - LISTED:
            raise Problem(400, "invalid_params", "Unknown field.")
        return fields

    def _list(self, asked: Asked) -> Said:
        self._allowed(asked, "video.list")
        fields, body = self._fields(asked), self._body(asked, {"cursor", "max_count"})
        if not 1 <= body.get("max_count", 10) <= 20:
            raise Problem(400, "invalid_params", "max_count")
        before = body.get("cursor")
        public = [
            one
            for one in self.posts
            if one.public and not one.pictures and (not before or one.at.timestamp() * 1000 < before)
        ]
        page = public[: min(self.page_size, body.get("max_count", 10))]
        cursor = int(page[-1].at.timestamp() * 1000) if page else 0
        rows = [self._shown(one, fields) for one in page]
        return self._ok({"videos": rows, "cursor": cursor, "has_more": len(public) > len(page)})

    def _query(self, asked: Asked) -> Said:
        self._allowed(asked, "video.list")
        fields, body = self._fields(asked), self._body(asked, {"filters"})
        ids = body["filters"]["video_ids"]
        if not isinstance(ids, list) or len(ids) > 20:
            raise Problem(400, "invalid_params", "video_ids")
        return self._ok(
            {"videos": [self._shown(one, fields) for one in self.posts if one.public and one.number in ids]}
        )


@contextmanager
def serve() -> Iterator[TikTokServer]:
    """Run the stub."""
    server = TikTokServer()
    with serving(server.answer) as server.url:
        yield server
