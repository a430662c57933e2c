"""What a channel is: a frozen manifest and a handful of small synchronous capabilities.

Adapters get plain dataclasses, credentials and an HTTP client; they return `Published` or raise one of the four errors
of `channels.errors`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import httpx
from django.utils.functional import Promise

from kentongan.channels.errors import Ambiguous as Ambiguous
from kentongan.channels.errors import CalledOff as CalledOff
from kentongan.channels.errors import ChannelError as ChannelError
from kentongan.channels.errors import CredentialsExpired as CredentialsExpired
from kentongan.channels.errors import NoSuchAccount as NoSuchAccount
from kentongan.channels.errors import PostsHidden as PostsHidden
from kentongan.channels.errors import Rejected as Rejected
from kentongan.channels.errors import RetryLater as RetryLater
from kentongan.channels.errors import StillWorking as StillWorking
from kentongan.channels.hearing import Absences, Listener
from kentongan.channels.limits import Count as Count
from kentongan.channels.limits import Counting as Counting
from kentongan.channels.limits import Limits as Limits
from kentongan.channels.looks import PLAIN, Look
from kentongan.channels.messaging import Messenger
from kentongan.channels.newest import Bookmark as Bookmark
from kentongan.channels.newest import Newest as Newest
from kentongan.channels.newest import PublicPosts as PublicPosts
from kentongan.channels.posts import Card as Card
from kentongan.channels.posts import Media as Media
from kentongan.channels.posts import Origin as Origin
from kentongan.channels.posts import Post as Post
from kentongan.channels.posts import Video as Video
from kentongan.channels.posts import origin_of as origin_of
from kentongan.channels.text import links, with_link
from kentongan.channels.viewing import Viewer

Text = str | Promise


class Idempotency(StrEnum):
    """By what means a repeated request stays one post."""

    RECORD_KEY = "record key"
    HEADER = "header"
    SLUG = "slug"
    TEXT = "the same text is refused"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Rate:
    """A budget of `posts` in any window of `per`."""

    posts: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing a person enters to connect an account; secret ones are never shown again."""

    name: str
    label: Text
    secret: bool = False
    required: bool = True
    help: Text = ""
    initial: str = ""
    type: str = "text"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about a platform that can be known without calling it.

    `count` measures a text as the platform does, `new_key` makes the idempotency key of a delivery when it is
    scheduled, `idempotency` is by what means a repeated request stays one post, `video_idempotency` one with a video,
    where the platform has other means for those. `settling` is how long after an attempt an absent post may still
    appear there, `video_settling` one with a video, where that takes longer. `link_in_text` says that a post's link
    is written below its text and counts with it, `link_beside` how it is written there beside pictures or a video,
    where those take the place of its card. `count_within` measures by what one server
    states (`Limits.stated`), for platforms whose servers differ. `goes_by_name` says that people know an account by
    its name, its handle being only part of an address. `reads_back` says that an account is shown all its own
    posts, so that a finder can tell absence; where it is not, only a person can. `attempt` is how long one attempt
    may take before a worker that does not come back is given up. `recall_within` is how long after publishing the
    platform lets us delete. `rate` is the budget of one account, `app_rate` that of the organisation's app over all its
    accounts, `repost_rate` that of one account for reposts, where those have one of their own besides. `cost_usd` is
    what one post costs, `cost_link_usd` one with a link; `health_costs` says that asking whether an account could
    publish is paid for too, so that we ask once a day only. `rehearsed_only` says that the channel was written from the
    platform's published description and has run against a stub of it, not yet against the platform itself. From the
    likeness `alike` on (`safeguards.authenticity.similarity`) texts of several accounts of one organisation are pointed
    out before approval; `forbids_alike` says that the platform forbids them. `fetches_pictures` and `fetches_videos`
    say that the platform fetches them itself, from a public address of ours (`Media.url`, `Video.url`). `neutral_only`
    says that parties and candidates may not use its interface. `look` is how it draws a post.
    """

    kind: str
    label: Text
    icon: str
    limits: Limits
    count: Callable[[str], Count]
    new_key: Callable[[], str]
    idempotency: Idempotency = Idempotency.NONE
    video_idempotency: Idempotency | None = None
    settling: timedelta = timedelta(minutes=2)
    video_settling: timedelta | None = None
    rate: Rate | None = None
    app_rate: Rate | None = None
    repost_rate: Rate | None = None
    cost_usd: float | None = None
    cost_link_usd: float | None = None
    health_costs: bool = False
    settings: tuple[Setting, ...] = ()
    recalls: bool = False
    link_in_text: bool = False
    link_beside: Callable[[str, str], str] | None = None
    note: Text = ""
    profile_url: str = ""
    goes_by_name: bool = False
    reads_back: bool = True
    recall_within: timedelta | None = None
    attempt: timedelta = timedelta(minutes=2)
    rehearsed_only: bool = False
    alike: float = 0.6
    forbids_alike: bool = False
    fetches_pictures: bool = False
    fetches_videos: bool = False
    neutral_only: bool = False
    count_within: Callable[[str, Mapping[str, int]], Count] | None = None
    look: Look = PLAIN

    def written(self, text: str, link: str, *, beside: bool) -> str:
        """Return the text that goes out, with the link where that stands in it; `beside` pictures or a video."""
        if self.link_in_text:
            return with_link(text, link)
        return self.link_beside(text, link) if self.link_beside and beside else text

    def measured(self, text: str, stated: Mapping[str, int] | None = None) -> Count:
        """Count a text, by what the account's own server states where that is known."""
        return self.count_within(text, stated) if stated and self.count_within else self.count(text)

    def means(self, *, video: bool) -> Idempotency:
        """Return by what means a repeated request stays one post."""
        return self.video_idempotency if video and self.video_idempotency else self.idempotency

    def settles(self, *, video: bool) -> timedelta:
        """Return how long after an attempt an absent post may still appear."""
        return self.video_settling if video and self.video_settling else self.settling

    def cost(self, text: str) -> float | None:
        """Return what a post with this text costs, in US dollars; None where posting costs nothing."""
        return self.cost_link_usd if self.cost_link_usd is not None and links(text) else self.cost_usd

    def recall_until(self, published_at: datetime | None) -> datetime | None:
        """Return until when the platform lets us delete what was published then; None where it sets no time."""
        return published_at + self.recall_within if self.recall_within and published_at else None


@dataclass(frozen=True, slots=True)
class App:
    """The organisation's own registration at a platform, which OAuth calls a client; without a secret a public one.

    `service` is the address of the platform's interface.
    """

    client_id: str
    client_secret: str = field(default="", repr=False)
    service: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How one account signs in: `service` is its server's address, `values` are secret, never printed.

    `app` is what signed in for it, on platforms where people sign in (`SignIn`).
    """

    handle: str
    service: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    app: App | None = None

    def get(self, name: str) -> str:
        """Return a stored value, or an empty string."""
        return self.values.get(name, "")


@dataclass(frozen=True, slots=True)
class Published:
    """The platform has it: its own identifier, its public address, and a summary of its answer.

    `hidden` says why nobody but the account sees it there, and what to do: then it is not out. `unaudited` says that it
    is what the platform does with all that comes from an app which it has not audited.
    """

    remote_id: str
    url: str
    response: Mapping[str, Any] = field(default_factory=dict)
    hidden: str = ""
    unaudited: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """What a finder looks for: the post as sent, since when, and which remote posts are known to be others.

    `receipts` are what the platform called earlier attempts (`response["receipt"]` of outcomes), the latest first;
    `last_receipt` what it called the last one, empty where that left none: only its failure is absence.
    """

    post: Post
    since: datetime
    taken: frozenset[str] = frozenset()
    receipts: tuple[str, ...] = ()
    last_receipt: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """It is there; `hidden` and `unaudited` as in `Published`."""

    remote_id: str
    url: str
    response: Mapping[str, Any] = field(default_factory=dict)
    hidden: str = ""
    unaudited: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """It is not there; this counts only after the settling time."""

    response: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unsure:
    """We could not tell, and why."""

    reason: str
    response: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether this account could publish right now; `problem` says why not and what to do, or what may fail.

    `ends_at` is when the sign-in ends that only a person can renew; None where we renew it ourselves, or it lasts.
    `passing` says that nobody could be asked: what was known before still holds.
    """

    ready: bool
    problem: Text = ""
    name: str = ""
    url: str = ""
    limits: Limits | None = None
    ends_at: datetime | None = None
    passing: bool = False

    @classmethod
    def failed(cls, error: ChannelError) -> "Health":
        """Return what an error says about an account: that the platform did not answer says nothing of it."""
        return cls(False, error.message, passing=isinstance(error, RetryLater))


@dataclass(frozen=True, slots=True)
class Counts:
    """What a platform reports for one post; None means that it does not say, which is not zero.

    `gone` is the platform's own word that the post is not there any more.
    """

    views: int | None = None
    likes: int | None = None
    shares: int | None = None
    replies: int | None = None
    gone: bool = False


@runtime_checkable
class Connector(Protocol):
    """Signs in, keeps the sign-in fresh and says whether the account could publish right now."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Turn what a person entered into stored credentials; raises Rejected with a readable reason."""
        ...

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return credentials that are good for a while; the same object when nothing had to be done."""
        ...

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask the platform whether this account could publish right now."""
        ...


@runtime_checkable
class SignIn(Protocol):
    """Signs in on the platform's own page (OAuth 2, authorization code; PKCE where it has that); tokens change."""

    service: str

    def page(self, app: App, *, redirect: str, state: str, challenge: str) -> str:
        """Return the address of the page where a person allows the app to publish."""
        ...

    def exchange(self, app: App, *, code: str, verifier: str, redirect: str, client: httpx.Client) -> Credentials:
        """Turn the code that the person came back with into credentials; raises the contract's errors."""
        ...

    def lasts(self, credentials: Credentials) -> bool:
        """Whether the credentials are good for a while, so that `Connector.refresh` would do nothing."""
        ...


@runtime_checkable
class SignInOfSeveral(SignIn, Protocol):
    """A sign-in that opens several accounts of a person, of which the one on our list is meant."""

    def pick(self, credentials: Credentials, handle: str, number: str, client: httpx.Client) -> Credentials:
        """Return what signs in for the account of that handle, or of that number where it was connected before.

        Raises Rejected, with what to do, where it is not among them or may not be published to.
        """
        ...


@runtime_checkable
class Publisher(Protocol):
    """Publishes, and takes back what it published."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Publish once. Raises Rejected, RetryLater, CredentialsExpired or Ambiguous.

        Calls `post.confirm` right before the request that decides, once all is carried there.
        """
        ...

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete it there; to find it already gone is a success. Raises the same four."""
        ...


@runtime_checkable
class Finder(Protocol):
    """Looks whether a post of doubtful fate arrived."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look for the post; trouble on the way is Unsure, never an exception."""
        ...


@runtime_checkable
class Reposter(Publisher, Finder, Protocol):
    """Lets an account repost the post of another one (`Post.origin`), takes that back, and finds it again.

    A refusal says nothing of the other account's post, which stays as it is.
    """


@runtime_checkable
class Metrics(Protocol):
    """Reads back what became of our own posts."""

    def read(self, remote_ids: Collection[str], credentials: Credentials, client: httpx.Client) -> Mapping[str, Counts]:
        """Return counts by remote id; an id that the platform did not report on is left out.

        Raises the contract's errors when the platform could not be asked: an outage is not silence.
        """
        ...


@dataclass(frozen=True, slots=True)
class Profile:
    """What a profile shows to everybody: texts that only its holder writes, and addresses it calls its own (rel=me).

    `keys` are further identities of the same account (its permanent number, say), as `addresses` writes them.
    """

    texts: tuple[str, ...]
    links: tuple[str, ...] = ()
    name: str = ""
    keys: tuple[str, ...] = ()


@runtime_checkable
class Prover(Protocol):
    """Reads what a profile shows to everybody, without signing in: its holder can put a code there."""

    place: Text

    def look(self, key: str, client: httpx.Client) -> Profile:
        """Return the profile of the account with that identity (`addresses.Identity.key`).

        Raises NoSuchAccount, RetryLater (not reached, or asked too often), or Rejected.
        """
        ...


@runtime_checkable
class ShareLink(Protocol):
    """Opens the platform's own share dialogue, filled in, for a person to send or not."""

    def link(self, *, text: str, url: str = "", tags: Sequence[str] = ()) -> str:
        """Return the address of the dialogue."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """A platform: its manifest and what it can do here; a capability that is None comes later."""

    manifest: Manifest
    connector: Connector | None = None
    sign_in: SignIn | None = None
    publisher: Publisher | None = None
    finder: Finder | None = None
    reposter: Reposter | None = None
    viewer: Viewer | None = None
    listeners: tuple[Listener, ...] = ()
    absences: Absences | None = None
    metrics: Metrics | None = None
    messenger: Messenger | None = None
    share: ShareLink | None = None
    prover: Prover | None = None
    posts: PublicPosts | None = None

    @property
    def kind(self) -> str:
        """Return the stored name of the platform."""
        return self.manifest.kind

    @property
    def publishes(self) -> bool:
        """Whether an account here can be connected and published to."""
        return self.connector is not None and self.publisher is not None

    @property
    def connects(self) -> bool:
        """Whether an account here can be connected: to publish, or to carry messages."""
        return self.connector is not None and (self.publisher is not None or self.messenger is not None)
