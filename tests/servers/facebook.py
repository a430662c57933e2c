"""A stub of Facebook: signing in, the Pages of a person, and the Pages API as far as posts are published.

Written from the platform's own description before the adapter was: developers.facebook.com, as of November 2026, Graph
API v25.0: "Manually Build a Login Flow" (updated March 2026), "Long-Lived Access Tokens", "Pages API: Getting Started"
and "Posts", references "Page Feed", "Page Photos" (4 MB; `alt_text_custom`, "user provided accessible description"; the
reference "Photo" says less than 10 MB), "Page Published Posts", "Page Post", "User Accounts", "Debug Token"
(`is_valid`, `scopes`, `expires_at`, `data_access_expires_at`; `profile_id`: "For impersonated access tokens, the ID of
the page this token contains", looked up on 27 November 2026), and "Handling Errors" (506: the same text twice in a
row; 492: the person has no role on the Page any more). `auth_type=rerequest`, which asks again for what was declined,
is known from Facebook's own libraries; no page was read that says so. That Pages of
a business portfolio are listed only with `business_management`, from public reports of 2026. Videos are in
`facebook_videos`.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from servers.facebook_videos import PagePost, PageVideos
from servers.graph import (
    APP_ID,
    APP_SECRET,
    PAGING,
    SIXTY_DAYS,
    Problem,
    Token,
    between,
    missing,
    stamp,
    wanted,
)
from servers.stub import Asked, Said, serving

SCOPES = {"pages_show_list", "pages_manage_posts", "pages_read_engagement", "public_profile", "business_management"}
FEED = {
    "message", "link", "published", "scheduled_publish_time", "attached_media[]", "backdated_time", "call_to_action",
    "child_attachments", "feed_targeting", "object_attachment", "place", "tags", "targeting", "og_action_type_id",
}  # fmt: skip
PHOTO = {
    "source", "url", "caption", "message", "published", "temporary", "alt_text_custom", "no_story", "place", "tags",
    "scheduled_publish_time", "unpublished_content_type", "targeting", "feed_targeting", "backdated_time",
}  # fmt: skip
POST_FIELDS = {
    "id", "message", "created_time", "permalink_url", "attachments", "is_published", "shares", "reactions", "comments",
    "status_type", "story", "full_picture", "from",
}  # fmt: skip
PAGE_FIELDS = {"id", "name", "username", "link", "access_token", "tasks", "category", "is_published"}
LONGEST, LARGEST = 63_206, 4 * 1024 * 1024
ALL_TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")


@dataclass
class Page:
    """A Page; `role` says whether the person still has one on it."""

    number: str
    name: str
    username: str = ""
    link: str = ""
    tasks: tuple[str, ...] = ALL_TASKS
    ticked: bool = True
    role: bool = True
    published: bool = True
    portfolio: bool = False


@dataclass
class Photo:
    """A photo that was uploaded."""

    page: str
    alt: str
    used: bool = False


@dataclass
class FacebookServer(PageVideos):
    """The stub's state: one person, their Pages and what is on them."""

    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("GET", r"/V/dialog/oauth", "dialog"),
        ("GET", r"/V/oauth/access_token", "tokens_for"),
        ("GET", r"/V/debug_token", "debug"),
        ("GET", r"/V/me/accounts", "accounts"),
        ("POST", r"/V/(\d+)/feed", "feed"),
        ("POST", r"/V/(\d+)/photos", "upload"),
        ("POST", r"/V/(\d+)/uploads", "begin_upload"),
        ("POST", r"/V/(upload:[\w-]+)", "take"),
        ("GET", r"/V/(upload:[\w-]+)", "arrived"),
        ("POST", r"/V/(\d+)/videos", "film"),
        ("DELETE", r"/V/(\d+)", "delete_video"),
        ("GET", r"/V/(\d+)/published_posts", "published_posts"),
        ("GET", r"/V/(\d+)", "page"),
        ("GET", r"/V/(\d+_\d+)", "post"),
        ("DELETE", r"/V/(\d+_\d+)", "delete"),
    )

    pages: list[Page] = field(
        default_factory=lambda: [Page("61550001", "Kabar Kabupaten", "KabarUji", "https://www.facebook.com/KabarUji")]
    )
    photos: dict[str, Photo] = field(default_factory=dict)
    page_tokens: dict[str, tuple[str, Token]] = field(default_factory=dict)
    data_access_ends: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(days=90))

    # ---- signing in ----

    def dialog(self, asked: Asked) -> Said:
        """Show the login dialog."""
        return self.authorize(asked, {"auth_type", "display"}, SCOPES)

    def tokens_for(self, asked: Asked) -> Said:
        """Give a token for a code, or one of sixty days for a shorter one."""
        given, _files = self._given(
            asked, {"client_id", "client_secret", "redirect_uri", "code", "grant_type", "fb_exchange_token"}
        )
        if given.get("client_id") != APP_ID:
            raise Problem(101, "Error validating application. Cannot get application info due to a system error.")
        if given.get("client_secret") != APP_SECRET:
            raise Problem(1, "Error validating client secret.")
        if given.get("grant_type") == "fb_exchange_token":
            old = self._token({"access_token": given.get("fb_exchange_token", "")}, set())
            token = Token(old.scopes, ends_at=datetime.now(UTC) + timedelta(seconds=SIXTY_DAYS))
            self.tokens.append(token)
        elif set(given) == {"client_id", "client_secret", "redirect_uri", "code"}:
            found = self.by_code(given)
            if found is None:
                raise Problem(100, "This authorization code has been used.", subcode=36009)
            token = found
        else:
            raise Problem(100, "Missing redirect_uri or code parameter.", subcode=36008)
        lasts = int((token.ends_at - datetime.now(UTC)).total_seconds())
        return Said({"access_token": token.text, "token_type": "bearer", "expires_in": lasts})

    def debug(self, asked: Asked) -> Said:
        """Tell what a token is worth; asked with the app's own token."""
        given, _files = self._given(asked, {"input_token"}, {"input_token"})
        if given.get("access_token") != f"{APP_ID}|{APP_SECRET}":
            raise Problem(190, "Invalid OAuth access token signature.", status=401)
        page, token = self.page_tokens.get(given["input_token"], ("", None))
        if token is None or token not in self.tokens:
            return Said({"data": {"is_valid": False, "scopes": [], "error": {"code": 190, "message": "Invalid"}}})
        ends = int(self.data_access_ends.timestamp())
        told = {"app_id": APP_ID, "type": "PAGE", "profile_id": page, "is_valid": self._has_role(page), "expires_at": 0}
        return Said({"data": {**told, "scopes": sorted(token.scopes), "data_access_expires_at": ends}})

    def _has_role(self, number: str) -> bool:
        return any(page.number == number and page.role for page in self.pages)

    def accounts(self, asked: Asked) -> Said:
        """List the Pages that were ticked, each with its token."""
        given, _files = self._given(asked, {"fields", *PAGING})
        token = self._token(given, {"pages_show_list"})
        names = wanted(given, PAGE_FIELDS)
        all_of_them = "business_management" in token.scopes
        ticked = [page for page in self.pages if page.ticked and page.role and (all_of_them or not page.portfolio)]
        return self.listed(given, [self._shown(page, names, token) for page in ticked])

    def _shown(self, page: Page, names: set[str], token: Token | None) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": page.number,
            "name": page.name,
            "link": page.link or f"https://www.facebook.com/{page.number}",
            "is_published": page.published,
            **({"username": page.username} if page.username else {}),
        }
        if token is not None:
            shown |= {"tasks": list(page.tasks), "access_token": self._page_token(page, token)}
        return {name: value for name, value in shown.items() if name in names}

    def _page_token(self, page: Page, token: Token) -> str:
        text = secrets.token_urlsafe(60)
        self.page_tokens[text] = (page.number, token)
        return text

    def _as_page(self, given: Mapping[str, str], number: str, scopes: set[str]) -> Page:
        """Return the Page whose token a request has: a Page's token outlives the person's, but not their role."""
        text = given.get("access_token", "")
        self._check_proof(given, text)
        owner, token = self.page_tokens.get(text, ("", None))
        if token is None or token not in self.tokens:
            raise Problem(190, "Error validating access token: The user has not authorized application.", subcode=458)
        page = next((one for one in self.pages if one.number == number), None)
        if page is None or owner != number:
            raise Problem(200, "Requires the access token of this Page", status=403)
        if not page.role:
            raise Problem(190, "The user does not have an appropriate role on the page.", subcode=492)
        self._check_scopes(token, scopes)
        return page

    # ---- posts ----

    def feed(self, asked: Asked, number: str) -> Said:
        """Publish a post."""
        given, _files = self._given(asked, FEED)
        page = self._as_page(given, number, {"pages_manage_posts", "pages_read_engagement"})
        if "CREATE_CONTENT" not in page.tasks:
            raise Problem(200, "The user has no permission to create content on the page", status=403)
        message, link = given.get("message", ""), given.get("link", "")
        photos = self._attached(given, number)
        if not (message.strip() or link or photos):
            raise Problem(197, "The post is empty. Please enter a message to share.")
        if len(message) > LONGEST:
            raise Problem(100, "Param message is too long")
        if link and (not link.startswith(("http://", "https://")) or " " in link):
            raise Problem(1500, "The url you supplied is invalid")
        if link and photos:
            raise Problem(100, "A post has either a link or photos")
        mine = [post for post in self.posts if post.page == number]
        if mine and not photos and (mine[0].message, mine[0].link) == (message, link):
            raise Problem(506, "Duplicate status message")
        now = datetime.now(UTC).replace(microsecond=0)
        made = PagePost(f"{number}_{next(self.numbers)}", number, message, now, link, tuple(photos))
        self.posts.insert(0, made)
        return Said({"id": made.number})

    def _attached(self, given: Mapping[str, str], page: str) -> list[str]:
        photos = []
        for name in sorted(one for one in given if one.startswith("attached_media[")):
            try:
                body = json.loads(given[name])
            except ValueError:
                body = None
            if not isinstance(body, dict) or set(body) != {"media_fbid"}:
                raise Problem(100, "Param attached_media must be objects with media_fbid")
            photo = self.photos.get(body["media_fbid"])
            if photo is None or photo.page != page or photo.used:
                raise Problem(100, "Cannot attach this media")
            photo.used = True
            photos.append(body["media_fbid"])
        return photos

    def upload(self, asked: Asked, number: str) -> Said:
        """Take a photo that is not published by itself."""
        given, files = self._given(asked, PHOTO, {"source", "published"})
        self._as_page(given, number, {"pages_manage_posts", "pages_read_engagement"})
        content = files["source"].content
        if not content.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8")):
            raise Problem(324, "Missing or invalid image file")
        if len(content) > LARGEST:
            raise Problem(1366046, "The photo you tried to upload is too large")
        if given["published"] != "false":
            raise Problem(100, "The stub takes photos only for a post")
        key = str(next(self.numbers))
        self.photos[key] = Photo(number, given.get("alt_text_custom", ""))
        return Said({"id": key})

    def published_posts(self, asked: Asked, number: str) -> Said:
        """List what is published on the Page, newest first."""
        given, _files = self._given(asked, {"fields", *PAGING})
        self._as_page(given, number, {"pages_read_engagement"})
        names = wanted(given, POST_FIELDS)
        if not 1 <= int(given.get("limit", 25)) <= 100:
            raise Problem(100, "Please reduce the amount of data you're asking for")
        rows = [post for post in self.posts if post.page == number and between(given, post.created_at)]
        return self.listed(given, [self._told(post, names) for post in rows])

    def _told(self, post: PagePost, names: set[str]) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": post.number,
            **({"message": post.message} if post.message else {}),
            "created_time": stamp(post.created_at),
            "permalink_url": f"https://www.facebook.com/{post.number.replace('_', '/posts/')}",
            "is_published": True,
            "reactions": {"data": [], "summary": {"total_count": 12}},
            "comments": {"data": [], "summary": {"order": "ranked", "total_count": 3}},
            "shares": {"count": 2},
        }
        return {name: value for name, value in told.items() if name in names}

    def page(self, asked: Asked, number: str) -> Said:
        """Show a Page: to its own token, or with one to whoever has a role on it. Or a video."""
        given, _files = self._given(asked, {"fields"})
        if number in self.videos:
            return self.video(given, number)
        if not any(page.number == number for page in self.pages):
            raise missing(number, "get")
        names = wanted(given, PAGE_FIELDS)
        if given.get("access_token", "") in self.page_tokens:
            return Said(self._shown(self._as_page(given, number, set()), names, None))
        token = self._token(given, {"pages_show_list"})
        page = next((one for one in self.pages if one.number == number and one.ticked and one.role), None)
        if page is None:
            raise missing(number, "get")
        return Said(self._shown(page, names, token))

    def _own(self, given: Mapping[str, str], number: str, verb: str, scopes: set[str]) -> PagePost:
        self._as_page(given, number.partition("_")[0], scopes)
        found = next((one for one in self.posts if one.number == number), None)
        if found is None:
            raise missing(number, verb)
        return found

    def post(self, asked: Asked, number: str) -> Said:
        """Show a post."""
        given, _files = self._given(asked, {"fields"})
        names = wanted(given, POST_FIELDS)
        return Said(self._told(self._own(given, number, "get", {"pages_read_engagement"}), names))

    def delete(self, asked: Asked, number: str) -> Said:
        """Delete a post."""
        given, _files = self._given(asked, set())
        self.posts.remove(self._own(given, number, "delete", {"pages_manage_posts"}))
        return Said({"success": True})


@contextmanager
def serve() -> Iterator[FacebookServer]:
    """Run the stub."""
    server = FacebookServer()
    with serving(server.answer) as server.url:
        yield server
