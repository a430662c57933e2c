"""A stub of X: signing in, its API v2 as far as posts are published, and the page where people allow an app.

Written from the platform's own description before the adapter was: docs.x.com (OpenAPI "X API v2" 2.167: POST and
DELETE /2/tweets, POST /2/media/upload and /2/media/metadata, the chunked upload of videos (POST
/2/media/upload/initialize, /{id}/append, /{id}/finalize, GET /2/media/upload?command=STATUS: segments 0 to 999, states
pending, in_progress, succeeded, failed), GET /2/users/me and /2/users/{id}/tweets, "Repost Post" and "Unrepost Post"
(POST /2/users/{id}/retweets, DELETE /2/users/{id}/retweets/{source_tweet_id}); "OAuth 2.0
Authorization Code Flow with PKCE"; "Response codes and errors"; "Rate limits"; "Counting characters"), as of November
2026. The refusal of a text that was posted lately, and the words of it, from public reports of the same time. What a
second repost of a post is answered is not described: older reports tell of a refusal, newer ones of a success, so the
stub does either (`reposts_again`).

Unknown fields and parameters are refused, as X does; refresh tokens are good once.
"""

import base64
import hashlib
import html
import itertools
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from servers import x_uploads
from servers.stub import Asked, Said, serving
from servers.x_uploads import Problem, Upload

CLIENT_ID, CLIENT_SECRET = "aplikasi-uji", "rahasia-aplikasi-uji"
REDIRECT = "https://kentongan.contoh.id/sebar/masuk/kembali/"
POSTING = {
    "text", "media", "card_uri", "community_id", "direct_message_deep_link", "edit_options", "for_super_followers_only",
    "geo", "made_with_ai", "nullcast", "paid_partnership", "poll", "quote_tweet_id", "reply", "reply_settings",
    "share_with_followers",
}  # fmt: skip
LISTING = {
    "since_id", "until_id", "max_results", "pagination_token", "exclude", "start_time", "end_time", "tweet.fields",
    "expansions", "media.fields", "poll.fields", "user.fields", "place.fields",
}  # fmt: skip
FIELDS = {
    "attachments", "author_id", "created_at", "entities", "id", "lang", "note_tweet", "public_metrics",
    "referenced_tweets", "text",
}  # fmt: skip
CATEGORIES = {"tweet_image", "tweet_video", "tweet_gif", "dm_image", "dm_video", "dm_gif", "subtitles"}
LINK = re.compile(r"https?://\S*[^\s.,;:!?)]")
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
# What each request needs to have been allowed.
SCOPES = {
    "me": {"tweet.read", "users.read"},
    "list": {"tweet.read", "users.read"},
    "post": {"tweet.read", "tweet.write", "users.read"},
    "delete": {"tweet.read", "tweet.write", "users.read"},
    "repost": {"tweet.read", "tweet.write", "users.read"},
    "media": {"media.write"},
}
LATELY = timedelta(hours=12)


class NoToken(Exception):
    """What the token endpoint answers instead of one."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.status, self.body = status, {"error": error, "error_description": description}


def weight(text: str) -> int:
    """Return the weighted length, by the rule of "Counting characters", for texts without composed emoji."""
    plain = unicodedata.normalize("NFC", LINK.sub("x" * 23, text))
    return sum(1 if any(low <= ord(sign) <= high for low, high in LIGHT) else 2 for sign in plain)


@dataclass
class Tweet:
    """A post as X keeps it; one that reposts another names it, and has its text."""

    number: str
    text: str
    created_at: datetime
    media: tuple[str, ...] = ()
    made_with_ai: bool = False
    reposts: str = ""


@dataclass
class Grant:
    """What an account allowed the app, and the tokens of it that are good now."""

    scopes: set[str]
    access: str = ""
    refresh: str = ""
    ends_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Code:
    """A code that a person came back with."""

    redirect: str
    challenge: str
    scopes: set[str]


@dataclass
class XServer:
    """The stub's state; `url` is both its API and its site."""

    url: str = ""
    username: str = "KabarUji"
    user_id: str = "900100200300"
    redirect: str = REDIRECT
    public: bool = False
    protected: bool = False
    credit: bool = True
    withheld: set[str] = field(default_factory=set)
    codes: dict[str, Code] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    tweets: list[Tweet] = field(default_factory=list)
    others: list[Tweet] = field(default_factory=list)
    reposts_again: bool = True
    media: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    working: int = 0
    fails_with: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1900000000000000001))
    refreshes: int = 0
    page_size: int = 100
    during_refresh: Callable[[], None] = lambda: None
    problems: list[str] = field(default_factory=list)

    def allow(self, page: str, *, deny: bool = False) -> dict[str, str]:
        """Go to X's page as the person, allow the app (or not), and return what they come back with."""
        answer = httpx.get(page + ("&deny=1" if deny else ""))
        assert answer.status_code == 302, answer.text
        parts = urlsplit(answer.headers["location"])
        assert answer.headers["location"].startswith(self.redirect), answer.headers["location"]
        return {name: values[0] for name, values in parse_qs(parts.query).items()}

    def post_of_others(self, text: str) -> Tweet:
        """Keep a post of another account."""
        self.others.append(Tweet(str(next(self.numbers)), text, datetime.now(UTC)))
        return self.others[-1]

    def answer(self, asked: Asked) -> Said:
        """Answer one request."""
        try:
            return self._answer(asked)
        except Problem as problem:
            self.problems.append(str(problem))
            return Said(problem.body, problem.status)
        except NoToken as refused:
            self.problems.append(str(refused))
            return Said(refused.body, refused.status)

    def _answer(self, asked: Asked) -> Said:
        known: list[tuple[str, str, Callable[..., Said]]] = [
            ("GET", r"/i/oauth2/authorize", self._authorize),
            ("POST", r"/2/oauth2/token", self._token),
            ("GET", r"/2/users/me", self._me),
            ("POST", r"/2/tweets", self._post),
            ("DELETE", r"/2/tweets/(\d{1,19})", self._delete),
            ("GET", r"/2/users/(\d{1,19})/tweets", self._list),
            ("POST", r"/2/users/(\d{1,19})/retweets", self._repost),
            ("DELETE", r"/2/users/(\d{1,19})/retweets/(\d{1,19})", self._undo),
            ("POST", r"/2/media/upload", self._upload),
            ("POST", r"/2/media/upload/initialize", self._initialize),
            ("POST", r"/2/media/upload/(\d{1,19})/append", self._append),
            ("POST", r"/2/media/upload/(\d{1,19})/finalize", self._finalize),
            ("GET", r"/2/media/upload", self._progress),
            ("POST", r"/2/media/metadata", self._describe),
        ]
        for verb, path, do in known:
            if verb == asked.verb and (match := re.fullmatch(path, asked.path)):
                return do(asked, *match.groups())
        raise Problem(404, "Not Found")

    # ---- signing in ----

    def _authorize(self, asked: Asked) -> Said:
        ask = asked.query
        wanted = {
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "code_challenge",
            "code_challenge_method",
        }
        good = (
            wanted == set(ask) - {"deny"}
            and ask["response_type"] == "code"
            and ask["client_id"] == CLIENT_ID
            and ask["redirect_uri"] == self.redirect
            and ask["code_challenge_method"] == "S256"
            and re.fullmatch(r"[A-Za-z0-9_-]{43}", ask["code_challenge"])
            and 16 <= len(ask["state"]) <= 500
        )
        if not good:
            return Said(b"<h1>Something went wrong</h1>", 400)
        if ask.get("deny"):
            back = {"error": "access_denied", "state": ask["state"]}
        else:
            code = secrets.token_urlsafe(32)
            scopes = set(ask["scope"].split()) - self.withheld
            self.codes[code] = Code(ask["redirect_uri"], ask["code_challenge"], scopes)
            back = {"code": code, "state": ask["state"]}
        return Said(b"", 302, {"Location": f"{ask['redirect_uri']}?{urlencode(back)}"})

    def _token(self, asked: Asked) -> Said:
        if asked.media_type != "application/x-www-form-urlencoded":
            raise NoToken("invalid_request", "The content type has to be application/x-www-form-urlencoded.")
        form, _files = asked.form()
        self._check_app(asked, form)
        if form.get("grant_type") == "authorization_code":
            grant = self._by_code(form)
        elif form.get("grant_type") == "refresh_token":
            grant = self._by_refresh(form)
        else:
            raise NoToken("unsupported_grant_type", "Unknown grant type.")
        return Said(self._renew(grant))

    def _check_app(self, asked: Asked, form: Mapping[str, str]) -> None:
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        signed = asked.headers.get("authorization") == f"Basic {pair}"
        if not (form.get("client_id") == CLIENT_ID if self.public else signed):
            raise NoToken("unauthorized_client", "Missing valid authorization header", 401)

    def _by_code(self, form: Mapping[str, str]) -> Grant:
        if set(form) - {"client_id"} != {"grant_type", "code", "redirect_uri", "code_verifier"}:
            raise NoToken("invalid_request", "Missing or unknown parameter.")
        code = self.codes.pop(form["code"], None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if code is None or code.redirect != form["redirect_uri"] or code.challenge != digest:
            raise NoToken("invalid_request", "Value passed for the authorization code was invalid.")
        grant = Grant(code.scopes)
        self.grants.append(grant)
        return grant

    def _by_refresh(self, form: Mapping[str, str]) -> Grant:
        if set(form) - {"client_id"} != {"grant_type", "refresh_token"}:
            raise NoToken("invalid_request", "Missing or unknown parameter.")
        grant = next((one for one in self.grants if one.refresh and one.refresh == form["refresh_token"]), None)
        if grant is None:
            raise NoToken("invalid_request", "Value passed for the token was invalid.")
        grant.refresh = ""
        self.refreshes += 1
        self.during_refresh()
        return grant

    def _renew(self, grant: Grant) -> dict[str, Any]:
        grant.access, grant.ends_at = secrets.token_urlsafe(40), datetime.now(UTC) + timedelta(hours=2)
        grant.refresh = secrets.token_urlsafe(40) if "offline.access" in grant.scopes else ""
        more = {"refresh_token": grant.refresh} if grant.refresh else {}
        scope = " ".join(sorted(grant.scopes))
        return {"token_type": "bearer", "expires_in": 7200, "access_token": grant.access, "scope": scope, **more}

    def expire(self) -> None:
        """Let the access tokens end now."""
        for grant in self.grants:
            grant.ends_at = datetime.now(UTC)

    def revoke(self) -> None:
        """Take the app's permission away, as a person does in the settings of X."""
        self.grants.clear()

    # ---- the API ----

    def _allowed(self, asked: Asked, what: str) -> None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        grant = next((one for one in self.grants if token and one.access == token), None)
        if grant is None or grant.ends_at <= datetime.now(UTC):
            raise Problem(401, "Unauthorized")
        if SCOPES[what] - grant.scopes:
            raise Problem(403, "Forbidden", "Your client app is not allowed: a required scope is missing.")

    def _me(self, asked: Asked) -> Said:
        self._allowed(asked, "me")
        if set(asked.query) - {"user.fields", "expansions", "tweet.fields"}:
            raise Problem(400, "Invalid Request", "Unknown query parameter.")
        shown = {"id": self.user_id, "username": self.username, "name": "Kabar Kabupaten"}
        return Said({"data": {**shown, "protected": self.protected}})

    def _post(self, asked: Asked) -> Said:
        self._allowed(asked, "post")
        body = asked.json()
        if not isinstance(body, dict) or set(body) - POSTING:
            raise Problem(400, "Invalid Request", "One or more parameters to your request was invalid.")
        self._paid()
        text, ids = str(body.get("text") or ""), self._attached(body.get("media"))
        if not text.strip() and not ids:
            raise Problem(400, "Invalid Request", "A post needs a text or media.")
        if weight(text) > 280:
            raise Problem(403, "Forbidden", "Your Tweet text is too long.")
        lately = datetime.now(UTC) - LATELY
        if any(one.text == text and one.created_at > lately and not one.reposts for one in self.tweets):
            raise Problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
        if not isinstance(body.get("made_with_ai", False), bool):
            raise Problem(400, "Invalid Request", "made_with_ai is true or false.")
        now = datetime.now(UTC).replace(microsecond=0)
        tweet = Tweet(str(next(self.numbers)), text, now, tuple(ids), body.get("made_with_ai", False))
        self.tweets.insert(0, tweet)
        return Said({"data": {"id": tweet.number, "text": self._shown(tweet)["text"]}}, 201)

    def _paid(self) -> None:
        if not self.credit:
            raise Problem(
                402, "CreditsDepleted", "Your enrolled account does not have any credits to fulfill this request."
            )

    def _mine(self, user_id: str) -> None:
        if user_id != self.user_id:
            raise Problem(
                400,
                "Invalid Request",
                f"The `id` query parameter value [{user_id}] must be the same as the authenticating user "
                f"[{self.user_id}]",
            )

    def _repost(self, asked: Asked, user_id: str) -> Said:
        self._allowed(asked, "repost")
        self._mine(user_id)
        body = asked.json()
        number = body.get("tweet_id") if isinstance(body, dict) and set(body) == {"tweet_id"} else None
        if not isinstance(number, str) or not re.fullmatch(r"[0-9]{1,19}", number) or asked.query:
            raise Problem(400, "Invalid Request", "One or more parameters to your request was invalid.")
        self._paid()
        origin = next((one for one in [*self.others, *self.tweets] if one.number == number), None)
        if origin is None:
            raise Problem(404, "Not Found Error", f"Could not find tweet with tweet_id: [{number}].")
        there = next((one for one in self.tweets if one.reposts == number), None)
        if there is not None and not self.reposts_again:
            raise Problem(403, "Forbidden", "You have already retweeted this Tweet.")
        if there is None:
            now = datetime.now(UTC).replace(microsecond=0)
            there = Tweet(str(next(self.numbers)), f"RT @lain: {origin.text}", now, reposts=number)
            self.tweets.insert(0, there)
        return Said({"data": {"id": there.number, "retweeted": True}})

    def _undo(self, asked: Asked, user_id: str, number: str) -> Said:
        self._allowed(asked, "repost")
        self._mine(user_id)
        self.tweets = [one for one in self.tweets if one.reposts != number]
        return Said({"data": {"retweeted": False}})

    def _attached(self, media: Any) -> list[str]:
        if media is None:
            return []
        if not isinstance(media, dict) or set(media) - {"media_ids", "tagged_user_ids"}:
            raise Problem(400, "Invalid Request", "Unknown field of media.")
        ids = media.get("media_ids")
        ready = {number for number, one in self.uploads.items() if one.state == "succeeded"}
        if not isinstance(ids, list) or not 1 <= len(ids) <= 4 or set(ids) - set(self.media) - ready:
            raise Problem(400, "Invalid Request", "Your media IDs are invalid.")
        if len(ids) > 1 and set(ids) & ready:
            raise Problem(400, "Invalid Request", "A post has up to four photos, or one video.")
        return ids

    def _initialize(self, asked: Asked) -> Said:
        self._allowed(asked, "media")
        number = str(next(self.numbers))
        self.uploads[number] = x_uploads.begun(number, asked)
        return Said({"data": self.uploads[number].shown()})

    def _found(self, asked: Asked, number: str) -> Upload:
        self._allowed(asked, "media")
        if number not in self.uploads:
            raise Problem(400, "Invalid Request", "Invalid media id.")
        return self.uploads[number]

    def _append(self, asked: Asked, number: str) -> Said:
        return x_uploads.appended(self._found(asked, number), asked)

    def _finalize(self, asked: Asked, number: str) -> Said:
        return x_uploads.finalized(self._found(asked, number), asked, self.working, self.fails_with)

    def _progress(self, asked: Asked) -> Said:
        if set(asked.query) != {"command", "media_id"} or asked.query["command"] != "STATUS":
            raise Problem(400, "Invalid Request", "Unknown query parameter.")
        return x_uploads.looked_at(self._found(asked, asked.query["media_id"]))

    def _upload(self, asked: Asked) -> Said:
        self._allowed(asked, "media")
        fields, files = asked.form()
        if set(fields) - {"media_category", "media_type", "additional_owners", "shared"} or "media" not in files:
            raise Problem(400, "Invalid Request", "Unknown or missing field.")
        content = files["media"].content
        if fields.get("media_category") not in CATEGORIES or len(content) > 5 * 1024 * 1024:
            raise Problem(400, "Invalid Request", "The media category or the size is not allowed.")
        if not content.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF")):
            raise Problem(400, "Invalid Request", "Media type unrecognized.")
        number = str(next(self.numbers))
        self.media[number] = ""
        return Said(
            {"data": {"id": number, "media_key": f"3_{number}", "size": len(content), "expires_after_secs": 86400}}
        )

    def _describe(self, asked: Asked) -> Said:
        self._allowed(asked, "media")
        body = asked.json()
        words = body.get("metadata", {}).get("alt_text", {}).get("text") if isinstance(body, dict) else None
        if set(body or ()) != {"id", "metadata"} or body["id"] not in self.media or not isinstance(words, str):
            raise Problem(400, "Invalid Request", "Unknown media or field.")
        if not 1 <= len(words) <= 1000:
            raise Problem(400, "Invalid Request", "The alt text has 1 to 1,000 characters.")
        self.media[body["id"]] = words
        return Said({"data": {"id": body["id"], "associated_metadata": body["metadata"]}})

    def _delete(self, asked: Asked, number: str) -> Said:
        self._allowed(asked, "delete")
        tweet = next((one for one in self.tweets if one.number == number), None)
        if tweet is None:
            raise Problem(404, "Not Found Error", "Could not find tweet with that id.")
        self.tweets = [one for one in self.tweets if number not in {one.number, one.reposts}]
        return Said({"data": {"deleted": True}})

    def _list(self, asked: Asked, user_id: str) -> Said:
        self._allowed(asked, "list")
        ask = asked.query
        fields = set(ask.get("tweet.fields", "").split(",")) - {""}
        if set(ask) - LISTING or fields - FIELDS or not 5 <= int(ask.get("max_results", 10)) <= 100:
            raise Problem(400, "Invalid Request", "Unknown or invalid query parameter.")
        left_out = set(ask.get("exclude", "").split(",")) - {""}
        if left_out - {"retweets", "replies"}:
            raise Problem(400, "Invalid Request", "Unknown or invalid query parameter.")
        since = datetime.strptime(ask.get("start_time", "2010-11-06T00:00:01Z"), "%Y-%m-%dT%H:%M:%S%z")
        rows = [one for one in self.tweets if one.created_at >= since] if user_id == self.user_id else []
        rows = [one for one in rows if not one.reposts or "retweets" not in left_out]
        start, size = int(ask.get("pagination_token", 0)), min(self.page_size, int(ask.get("max_results", 10)))
        shown = [self._shown(one, fields) for one in rows[start : start + size]]
        more = {"next_token": str(start + size)} if start + size < len(rows) else {}
        return Said({**({"data": shown} if shown else {}), "meta": {"result_count": len(shown), **more}})

    def _shown(self, tweet: Tweet, fields: set[str] | None = None) -> dict[str, Any]:
        """Return a post as X shows it: links shortened, signs escaped, a link to its pictures at the end."""
        urls: list[dict[str, Any]] = []

        def shorten(match: re.Match[str]) -> str:
            urls.append({"url": f"https://t.co/{len(urls):010d}", "expanded_url": match.group(), "display_url": "x"})
            return str(urls[-1]["url"])

        text = html.escape(LINK.sub(shorten, tweet.text), quote=False)
        for number, key in enumerate(tweet.media, 1):
            kind, code = ("video", 13) if key in self.uploads else ("photo", 3)
            there = f"https://x.com/{self.username}/status/{tweet.number}/{kind}/{number}"
            urls.append({"url": "https://t.co/gambar0000", "expanded_url": there, "media_key": f"{code}_{key}"})
        if tweet.media:
            text += " https://t.co/gambar0000"
        more: dict[str, Any] = {"created_at": tweet.created_at.isoformat()}
        if urls:
            more["entities"] = {"urls": urls}
        if tweet.reposts:
            more["referenced_tweets"] = [{"type": "retweeted", "id": tweet.reposts}]
        wanted = {name: value for name, value in more.items() if name in (fields or ())}
        return {"id": tweet.number, "text": text, "edit_history_tweet_ids": [tweet.number], **wanted}


@contextmanager
def serve() -> Iterator[XServer]:
    """Run the stub."""
    server = XServer()
    with serving(server.answer) as server.url:
        yield server
