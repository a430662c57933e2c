"""A stub of Threads: signing in, containers, publishing, deleting, the account's posts and what is left of its day.

Written from the platform's own description before the adapter was: developers.facebook.com, as of November 2026, API
v1.0: "Get Access Tokens" (updated August 2026), "Long-Lived Tokens", "Threads Posts" (updated April 2026), references
"Publishing" and "Retrieve Media", "Delete Posts", "Overview" (250 posts in 24 hours), "Troubleshooting" (states, and
the words of error_message), "Reposts" (updated December 2024: POST /{id}/repost, REPOST_FACADE, reposted_post). What a
second repost of a post is answered is not described, nor that a repost is deleted like a post: the stub makes another
one or refuses (`reposts_again`), and deletes it or does not (`undoes`). Videos: media_type VIDEO, alone or in a
carousel, fetched after the answer. Sizes and lengths (MP4 or MOV, up to 1 GB and five minutes; pictures up to 8 MB)
from third parties' media guides.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from servers.containers import Container, ContainerServer, Made
from servers.graph import PAGING, Problem, between, missing, stamp, wanted
from servers.stub import Asked, Said, serving

BASIC, PUBLISH, DELETE = "threads_basic", "threads_content_publish", "threads_delete"
SCOPES = {BASIC, PUBLISH, DELETE, "threads_manage_insights", "threads_manage_replies", "threads_read_replies"}
MAKING = {
    "media_type", "text", "image_url", "video_url", "is_carousel_item", "children", "alt_text", "reply_to_id",
    "reply_control", "link_attachment", "topic_tag", "quote_post_id", "allowlisted_country_codes", "auto_publish_text",
    "location_id", "poll_attachment", "text_attachment", "gif_attachment", "is_spoiler_media", "text_entities",
}  # fmt: skip
POSTS = {
    "id", "text", "timestamp", "permalink", "media_type", "media_product_type", "media_url", "shortcode", "username",
    "owner", "children", "is_quote_post", "alt_text", "reposted_post", "quoted_post",
}  # fmt: skip
ME = {"id", "username", "name", "threads_profile_picture_url", "threads_biography", "is_verified"}
REPOST = "REPOST_FACADE"
LONGEST, LARGEST = 500, 8 * 1024 * 1024


@dataclass
class ThreadsServer(ContainerServer):
    """The stub's state."""

    version: ClassVar[str] = "v1.0"
    basic: ClassVar[str] = BASIC
    publishing: ClassVar[str] = PUBLISH
    scopes: ClassVar[set[str]] = SCOPES
    exchange: ClassVar[str] = "th_exchange_token"
    renewal: ClassVar[str] = "th_refresh_token"
    largest_video: ClassVar[int] = 1024 * 1024 * 1024
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("GET", r"/oauth/authorize", "window"),
        ("POST", r"/oauth/access_token", "first_token"),
        ("GET", r"/access_token", "longer_token"),
        ("GET", r"/refresh_access_token", "refreshed_token"),
        ("GET", r"/V/me", "me"),
        ("GET", r"/V/me/threads", "threads"),
        ("GET", r"/V/(\d+)/threads_publishing_limit", "left"),
        ("POST", r"/V/(\d+)/threads", "make"),
        ("POST", r"/V/(\d+)/threads_publish", "publish"),
        ("POST", r"/V/(\d+)/repost", "repost"),
        ("GET", r"/V/(\d+)", "thing"),
        ("DELETE", r"/V/(\d+)", "delete"),
    )

    others: list[Made] = field(default_factory=list)
    reposts_again: bool = True
    undoes: bool = True

    def post_of_others(self, text: str) -> Made:
        """Keep a post of another account."""
        self.others.append(Made(str(next(self.numbers)), text, datetime.now(UTC)))
        return self.others[-1]

    def repost(self, asked: Asked, number: str) -> Said:
        """Repost a post."""
        given, _files = self._given(asked, set())
        self._token(given, {BASIC, PUBLISH})
        if not any(one.number == number for one in [*self.others, *self.posts] if not one.reposts):
            raise missing(number, "post")
        if not self.reposts_again and any(one.reposts == number for one in self.posts):
            raise Problem(100, "You have already reposted this post.")
        now = datetime.now(UTC).replace(microsecond=0)
        self.posts.insert(0, Made(str(next(self.numbers)), "", now, kind=REPOST, reposts=number))
        return Said({"id": self.posts[0].number})

    def me(self, asked: Asked) -> Said:
        """Tell whose token it is."""
        given, _files = self._given(asked, {"fields"})
        self._token(given, {BASIC})
        shown = {"id": self.user_id, "username": self.username, "name": "Kabar Kabupaten"}
        names = wanted(given, ME)
        return Said({name: value for name, value in shown.items() if name in names})

    def make(self, asked: Asked, number: str) -> Said:
        """Make a container."""
        given, _files = self._given(asked, MAKING, {"media_type"})
        self._mine(given, number)
        text, kind = given.get("text", ""), given["media_type"]
        # Letters count one, what is shown as an emoji counts its bytes in UTF-8.
        if sum(len(sign.encode()) if ord(sign) >= 0x1F000 else 1 for sign in text) > LONGEST:
            raise Problem(100, "Param text must be at most 500 characters long.")
        if kind == "TEXT":
            if not text.strip() or set(given) & {"image_url", "is_carousel_item", "children", "alt_text"}:
                raise Problem(100, "A text post has a text and nothing else")
            return self._kept(Container(text, kind=kind))
        if kind == "CAROUSEL":
            return self._kept(Container(text, children=self._children(given, 20), kind=kind))
        if kind == "VIDEO" and "video_url" in given and "image_url" not in given:
            part, alts = given.get("is_carousel_item") == "true", (given.get("alt_text", ""),)
            return self._kept_film(Container(text, alts=alts, part=part, kind=kind), given["video_url"])
        if kind != "IMAGE" or "image_url" not in given:
            raise Problem(100, "The parameter image_url is required")
        content = self._fetched(given["image_url"])
        if not content.startswith((b"\xff\xd8\xff", b"\x89PNG")) or len(content) > LARGEST:
            raise Problem(100, "The image format or size is not supported.")
        return self._kept(
            Container(
                text,
                pictures=(given["image_url"],),
                alts=(given.get("alt_text", ""),),
                part=given.get("is_carousel_item") == "true",
            )
        )

    def publish(self, asked: Asked, number: str) -> Said:
        """Publish a container."""
        return self._publish(asked, number, Problem(24, "The requested resource does not exist", subcode=4_279_009))

    def threads(self, asked: Asked) -> Said:
        """List the account's posts, newest first."""
        given, _files = self._given(asked, {"fields", *PAGING})
        self._token(given, {BASIC})
        names = wanted(given, POSTS)
        rows = [made for made in self.posts if between(given, made.created_at)]
        return self.listed(given, [self._shown(made, names) for made in rows])

    def _shown(self, made: Made, names: set[str]) -> dict[str, Any]:
        shown = {
            "id": made.number,
            "text": made.text,
            "timestamp": stamp(made.created_at),
            "permalink": f"https://www.threads.com/@{self.username}/post/C{made.number}",
            "media_type": {"TEXT": "TEXT_POST", "CAROUSEL": "CAROUSEL_ALBUM"}.get(made.kind, made.kind),
            **({"reposted_post": {"id": made.reposts}} if made.reposts else {}),
        }
        return {name: value for name, value in shown.items() if name in names}

    def thing(self, asked: Asked, number: str) -> Said:
        """Show a container or a post."""
        given, _files = self._given(asked, {"fields"})
        self._token(given, {BASIC})
        if number in self.containers:
            names = wanted(given, {"id", "status", "error_message"})
            state, why = self._state(self.containers[number])
            shown = {"id": number, "status": state, **({"error_message": why} if why else {})}
            return Said({name: value for name, value in shown.items() if name in names})
        return Said(self._shown(self._post(number, "get"), wanted(given, POSTS)))

    def delete(self, asked: Asked, number: str) -> Said:
        """Delete a post."""
        given, _files = self._given(asked, set())
        self._token(given, {BASIC, DELETE})
        made = self._post(number, "delete")
        if made.reposts and not self.undoes:
            raise missing(number, "delete")
        self.posts.remove(made)
        return Said({"success": True, "deleted_id": number})


@contextmanager
def serve() -> Iterator[ThreadsServer]:
    """Run the stub."""
    server = ThreadsServer()
    with serving(server.answer) as server.url:
        yield server
