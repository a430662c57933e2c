"""A stub of Instagram: signing in, containers, publishing, the account's media and what is left of its day.

Written from the platform's own description before the adapter was: developers.facebook.com, as of November 2026, API
v25.0: "Business Login for Instagram" (updated March 2026), "Get Started", "Content Publishing", references "IG User
Media", "IG User Media Publish", "IG Container", "IG User Content Publishing Limit", "Refresh Access Token", "Error
Codes" (updated June 2026). Videos from "Content Publishing" (a video by itself is media_type REELS, within a carousel
VIDEO; both are fetched after the answer, and alt_text is for pictures only) and "IG User Media"; 300 MB and 3 seconds
to 15 minutes, MP4 or MOV, in part from third parties' media guides. That 2207081 is about trial reels, which we do not
make, and that 2207052 passes, from public reports of 2026. The pages show some answers within a list called `data`,
the platform also gives them as they are (`wrapped`). Hashtags and the length of a caption from "IG User Media"; that
nothing can be deleted from its list of edges.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from servers.containers import Container, ContainerServer, Made
from servers.graph import PAGING, Problem, between, stamp, wanted
from servers.stub import Asked, Said, serving

BASIC, PUBLISH = "instagram_business_basic", "instagram_business_content_publish"
SCOPES = {BASIC, PUBLISH, "instagram_business_manage_comments", "instagram_business_manage_messages"}
MAKING = {
    "image_url", "video_url", "caption", "alt_text", "media_type", "is_carousel_item", "children", "location_id",
    "user_tags", "product_tags", "collaborators", "cover_url", "thumb_offset", "share_to_feed", "audio_name",
}  # fmt: skip
MEDIA = {"id", "caption", "timestamp", "permalink", "media_type", "media_url", "username", "like_count", "shortcode"}
ME = {"id", "user_id", "username", "name", "account_type", "profile_picture_url", "followers_count", "media_count"}
LONGEST, TAGS, LARGEST = 2_200, 30, 8 * 1024 * 1024
FILMED = {"media_type", "video_url", "caption", "is_carousel_item", "cover_url", "thumb_offset", "share_to_feed"}


@dataclass
class InstagramServer(ContainerServer):
    """The stub's state."""

    version: ClassVar[str] = "v25.0"
    basic: ClassVar[str] = BASIC
    publishing: ClassVar[str] = PUBLISH
    scopes: ClassVar[set[str]] = SCOPES
    exchange: ClassVar[str] = "ig_exchange_token"
    renewal: ClassVar[str] = "ig_refresh_token"
    largest_video: ClassVar[int] = 300 * 1024 * 1024
    routes: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("GET", r"/oauth/authorize", "window"),
        ("POST", r"/oauth/access_token", "first_token"),
        ("GET", r"/access_token", "longer_token"),
        ("GET", r"/refresh_access_token", "refreshed_token"),
        ("GET", r"/V/me", "me"),
        ("GET", r"/V/(\d+)/content_publishing_limit", "left"),
        ("POST", r"/V/(\d+)/media", "make"),
        ("POST", r"/V/(\d+)/media_publish", "publish"),
        ("GET", r"/V/(\d+)/media", "media"),
        ("GET", r"/V/(\d+)", "thing"),
    )

    quota: int = 100
    account_type: str = "Business"
    wrapped: bool = True

    def told(self, token_scopes: set[str]) -> dict[str, Any]:
        """Return what the first token comes with: "Business Login for Instagram" shows names with commas."""
        if self.wrapped:
            return {"user_id": self.user_id, "permissions": ",".join(sorted(token_scopes))}
        return {"user_id": int(self.user_id), "permissions": sorted(token_scopes)}

    def enveloped(self, told: dict[str, Any]) -> dict[str, Any]:
        """Return an answer within a list called `data`, as "Business Login" and "Get Started" show it."""
        return {"data": [told]} if self.wrapped else told

    def me(self, asked: Asked) -> Said:
        """Tell whose token it is."""
        given, _files = self._given(asked, {"fields"})
        self._token(given, {BASIC})
        shown = {
            "user_id": self.user_id,
            "id": "2" + self.user_id,
            "username": self.username,
            "name": "Kabar Kabupaten",
        }
        names = wanted(given, ME)
        shown["account_type"] = self.account_type
        return Said(self.enveloped({name: value for name, value in shown.items() if name in names}))

    def make(self, asked: Asked, number: str) -> Said:
        """Make a container: Instagram fetches the picture before it answers."""
        given, _files = self._given(asked, MAKING)
        self._mine(given, number)
        kind = given.get("media_type", "IMAGE")
        caption = given.get("caption", "")
        if len(caption) > LONGEST or caption.count("#") > TAGS:
            raise Problem(36_004, "The caption was too long.", subcode=2_207_010)
        if kind == "CAROUSEL":
            return self._kept(Container(caption, children=self._children(given, 10), kind=kind))
        if kind in {"REELS", "VIDEO"}:
            return self._filmed(given, kind, caption)
        if kind != "IMAGE" or "image_url" not in given:
            raise Problem(100, "The parameter image_url is required")
        if "is_carousel_item" in given and caption:
            raise Problem(100, "A carousel item has no caption")
        content = self._fetched(given["image_url"])
        if not content.startswith(b"\xff\xd8\xff"):
            raise Problem(36_001, "The image format is not supported.", subcode=2_207_005)
        if len(content) > LARGEST:
            raise Problem(36_000, "The image size is too large.", subcode=2_207_004)
        return self._kept(
            Container(
                caption,
                pictures=(given["image_url"],),
                alts=(given.get("alt_text", ""),),
                part=given.get("is_carousel_item") == "true",
            )
        )

    def _filmed(self, given: Mapping[str, str], kind: str, caption: str) -> Said:
        part = given.get("is_carousel_item") == "true"
        if "video_url" not in given or set(given) - FILMED - {"access_token", "appsecret_proof"}:
            raise Problem(100, "The parameter video_url is required, and a video has no alt_text")
        if part is (kind == "REELS"):
            raise Problem(100, "VIDEO is for carousels, REELS for everything else", subcode=2_207_023)
        if part and caption:
            raise Problem(100, "A carousel item has no caption")
        return self._kept_film(Container(caption, part=part, kind=kind), given["video_url"])

    def publish(self, asked: Asked, number: str) -> Said:
        """Publish a container."""
        return self._publish(asked, number, Problem(24, "The requested resource does not exist", subcode=2_207_008))

    def media(self, asked: Asked, number: str) -> Said:
        """List the account's media, newest first."""
        given, _files = self._given(asked, {"fields", *PAGING})
        self._mine(given, number, {BASIC})
        names = wanted(given, MEDIA)
        rows = [made for made in self.posts if between(given, made.created_at)]
        return self.listed(given, [self._shown(made, names) for made in rows])

    def _shown(self, made: Made, names: set[str]) -> dict[str, Any]:
        shown = {
            "id": made.number,
            "caption": made.text,
            "timestamp": stamp(made.created_at),
            "permalink": f"https://www.instagram.com/p/C{made.number}/",
        }
        return {name: value for name, value in shown.items() if name in names}

    def thing(self, asked: Asked, number: str) -> Said:
        """Show a container or a medium."""
        given, _files = self._given(asked, {"fields"})
        self._token(given, {BASIC})
        if number in self.containers:
            names = wanted(given, {"id", "status", "status_code", "copyright_check_status"})
            state, why = self._state(self.containers[number])
            shown = {"id": number, "status_code": state, "status": why if state == "ERROR" else f"{state.title()}: x"}
            return Said({name: value for name, value in shown.items() if name in names})
        return Said(self._shown(self._post(number, "get"), wanted(given, MEDIA)))


@contextmanager
def serve() -> Iterator[InstagramServer]:
    """Run the stub."""
    server = InstagramServer()
    with serving(server.answer) as server.url:
        yield server
