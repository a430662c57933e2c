"""The contract suite: what every adapter must do, against a real server wherever there is one.

A channel's tests subclass `PublisherContract` (or `HttpPublisherContract` for one that is called over HTTP) and provide
a pytest fixture `bench`; for each way to listen `ListenerContract` with a fixture `listening`. Nothing here imports
pytest, so that packages of others can use it as they like.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum, auto

import httpx

from kentongan.channels import server_clock
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    CalledOff,
    Channel,
    ChannelError,
    Credentials,
    CredentialsExpired,
    Finder,
    Found,
    Idempotency,
    Media,
    Post,
    Published,
    Publisher,
    Rejected,
    RetryLater,
    Sought,
    Unsure,
)
from kentongan.channels.hearing import Asked, Batch, Heard, Listener, Unread, Unreadable
from kentongan.core import clock


class Failure(Enum):
    """What can happen to the deciding request; AFTER means that the platform has taken it."""

    CUT_BEFORE = auto()
    CUT_AFTER = auto()
    HALF_AFTER = auto()
    MALFORMED_AFTER = auto()
    ERROR_500_AFTER = auto()
    REFUSED_400_AFTER = auto()
    ERROR_500_BEFORE = auto()
    LIMITED_WITH_DELAY = auto()
    LIMITED_WITHOUT_DELAY = auto()


AFTER = (
    Failure.CUT_AFTER,
    Failure.HALF_AFTER,
    Failure.MALFORMED_AFTER,
    Failure.ERROR_500_AFTER,
    Failure.REFUSED_400_AFTER,
)
DELAY = timedelta(seconds=37)
AHEAD = timedelta(hours=1)


@dataclass
class Bench:
    """A channel with an account on a server: `count` says how many posts of that text are there.

    `images` go with every post, on platforms that take none without. `listed` says that the platform lists such posts:
    where it does not, the finder knows a post by what the platform called an attempt at it (`receipts`), or not at all.
    """

    channel: Channel
    credentials: Credentials
    client: httpx.Client
    count: Callable[[Post], int]
    refused: Post
    fail: Callable[[Failure], None] = field(default=lambda failure: None)
    expired: Credentials | None = None
    images: tuple[Media, ...] = ()
    listed: bool = True

    def post(self, text: str) -> Post:
        """Return a post with a key of its own."""
        key = self.channel.manifest.new_key()
        return Post(key, f"{text} ({key})", clock.now().replace(microsecond=0), title=text, images=self.images)

    @property
    def publisher(self) -> Publisher:
        """Return what publishes."""
        assert self.channel.publisher is not None
        return self.channel.publisher

    @property
    def finder(self) -> Finder:
        """Return what finds."""
        assert self.channel.finder is not None
        return self.channel.finder

    def publish(self, post: Post, credentials: Credentials | None = None) -> Published | ChannelError:
        """Publish and return the outcome, errors included; anything but the contract's errors goes through."""
        try:
            return self.publisher.publish(post, credentials or self.credentials, self.client)
        except ChannelError as error:
            return error

    def find(
        self,
        post: Post,
        taken: frozenset[str] = frozenset(),
        receipts: tuple[str, ...] = (),
        last_receipt: str | None = None,
    ) -> Found | Absent | Unsure:
        """Look for a post; `last_receipt` is the first of the receipts where nothing else is said."""
        last = next(iter(receipts), "") if last_receipt is None else last_receipt
        sought = Sought(post, clock.now() - timedelta(minutes=1), taken, receipts=receipts, last_receipt=last)
        return server_clock.look(self.finder.find, sought, self.credentials, self.client)

    def tells_presence(self, post: Post, ids: Collection[str] = (), taken: frozenset[str] = frozenset()) -> bool:
        """Whether the finder says of a post that is there what it may say, one of those ids where any are given.

        That is Found, or where the platform lists no such posts (`listed`), Unsure and why.
        """
        seen = self.find(post, taken)
        if self.listed:
            return isinstance(seen, Found) and (not ids or seen.remote_id in ids)
        return isinstance(seen, Unsure) and bool(seen.reason)

    def refusal_of_recall(self, remote_id: str) -> str:
        """Take a post back; return why that was refused, else an empty text."""
        try:
            self.publisher.recall(remote_id, self.credentials, self.client)
        except Rejected as error:
            return error.message
        return ""

    def tells_absence(self, post: Post) -> bool:
        """Whether the finder says of a post that is not there what it may say.

        That is Absent, or where the platform shows an account not all its posts (`reads_back`), Unsure and why.
        """
        seen = self.find(post)
        if self.channel.manifest.reads_back:
            return isinstance(seen, Absent)
        return isinstance(seen, Unsure) and bool(seen.reason)


class PublisherContract:
    """Holds for every channel."""

    def test_the_manifest_says_what_the_channel_can_do(self, bench: Bench) -> None:
        """A channel that publishes can be looked into, and makes a new key for each delivery."""
        assert bench.channel.publishes
        assert bench.channel.finder is not None
        assert bench.channel.manifest.new_key() != bench.channel.manifest.new_key()

    def test_an_accepted_post_is_there_once(self, bench: Bench) -> None:
        """Success names the post's id and address, and the finder finds the same."""
        post = bench.post("Jalan Setu selesai diperbaiki")
        published = bench.publish(post)
        assert isinstance(published, Published)
        assert published.remote_id
        assert published.url
        assert bench.count(post) == 1
        assert bench.tells_presence(post, {published.remote_id})

    def test_a_repeated_request_leaves_one_post(self, bench: Bench) -> None:
        """The same key again is the same post, or at worst a doubt; never a second post.

        A platform that has no means against it says so in its manifest; of its two posts none is guessed to be ours.
        """
        post = bench.post("Puskesmas buka sampai malam")
        first = bench.publish(post)
        second = bench.publish(post)
        assert isinstance(first, Published)
        if bench.channel.manifest.means(video=bool(post.videos)) is Idempotency.NONE:
            assert isinstance(second, Published)
            assert bench.count(post) == 2
            assert isinstance(bench.find(post), Unsure)
            assert bench.tells_presence(post, {second.remote_id}, frozenset({first.remote_id}))
            return
        assert isinstance(second, Published | Ambiguous)
        if isinstance(second, Published):
            assert second.remote_id == first.remote_id
        assert bench.count(post) == 1

    def test_what_was_never_sent_is_absent(self, bench: Bench) -> None:
        """The finder tells absence from doubt; where nobody can, it never claims absence."""
        assert bench.tells_absence(bench.post("Tidak pernah dikirim"))

    def test_a_refusal_is_final_and_says_why(self, bench: Bench) -> None:
        """What the platform refuses is Rejected, with its words."""
        outcome = bench.publish(bench.refused)
        assert isinstance(outcome, Rejected)
        assert outcome.message
        assert bench.count(bench.refused) == 0

    def test_a_recalled_post_is_gone_and_recalling_twice_is_harmless(self, bench: Bench) -> None:
        """Deleting what is deleted already is a success; a platform that lets no program delete says so, both times."""
        post = bench.post("Keliru, ditarik kembali")
        published = bench.publish(post)
        assert isinstance(published, Published)
        refusals = [bench.refusal_of_recall(published.remote_id) for _time in range(2)]
        if bench.channel.manifest.recalls:
            assert refusals == ["", ""]
        else:
            assert all(refusals)
        assert bench.count(post) == int(not bench.channel.manifest.recalls)


class HttpPublisherContract(PublisherContract):
    """Holds for every channel that is called over HTTP."""

    def test_an_answer_lost_after_acceptance_is_never_taken_for_a_refusal(self, bench: Bench) -> None:
        """Cut, half, unreadable, 500 or 400: it is known to be published, or in doubt, and there is one post."""
        for failure in AFTER:
            post = bench.post(f"Diterima, lalu {failure.name}")
            bench.fail(failure)
            outcome = bench.publish(post)
            assert isinstance(outcome, Published | Ambiguous), (failure, outcome)
            assert bench.tells_presence(post), failure
            assert bench.count(post) == 1, failure

    def test_what_was_accepted_is_found_though_our_clock_is_ahead(self, bench: Bench) -> None:
        """The platform dates a post by its own clock: by ours it was there before it was sent."""
        for failure in (Failure.CUT_AFTER, Failure.REFUSED_400_AFTER):
            with clock.playing(clock.now() + AHEAD):
                post = bench.post(f"Jam kita sejam lebih cepat: {failure.name}")
                bench.fail(failure)
                assert isinstance(bench.publish(post), Published | Ambiguous), failure
                assert bench.tells_presence(post), failure
            assert bench.count(post) == 1, failure

    def test_what_is_called_off_before_the_decision_publishes_nothing(self, bench: Bench) -> None:
        """The post is asked once more when all is carried there, however long that took."""

        def stopped() -> None:
            raise CalledOff("Dihentikan")

        post = bench.post("Ditarik saat dikirim")
        assert isinstance(bench.publish(replace(post, confirm=stopped)), CalledOff)
        assert bench.count(post) == 0

    def test_a_request_cut_before_acceptance_is_in_doubt_and_found_absent(self, bench: Bench) -> None:
        """Nobody can tell from here whether the platform got it: only looking helps."""
        for failure in (Failure.CUT_BEFORE, Failure.ERROR_500_BEFORE):
            post = bench.post(f"Tidak sampai: {failure.name}")
            bench.fail(failure)
            assert isinstance(bench.publish(post), Ambiguous), failure
            assert bench.tells_absence(post), failure
            assert bench.count(post) == 0, failure

    def test_a_rate_limit_says_when_if_the_platform_says_when(self, bench: Bench) -> None:
        """Nothing was published; the platform's delay is kept, and none is made up."""
        for failure, after in ((Failure.LIMITED_WITH_DELAY, DELAY), (Failure.LIMITED_WITHOUT_DELAY, None)):
            post = bench.post(f"Terlalu sering: {failure.name}")
            bench.fail(failure)
            outcome = bench.publish(post)
            assert isinstance(outcome, RetryLater), failure
            assert outcome.after == after, failure
            assert outcome.response["status"] == 429, failure
            assert bench.count(post) == 0, failure

    def test_an_expired_sign_in_is_told_apart(self, bench: Bench) -> None:
        """Nothing was published, and somebody has to sign in."""
        post = bench.post("Sudah tidak boleh")
        assert bench.expired is not None
        assert isinstance(bench.publish(post, bench.expired), CredentialsExpired)
        assert bench.count(post) == 0

    def test_a_server_that_is_not_there_was_sent_nothing(self, bench: Bench) -> None:
        """A connection that was never made is safe to try again."""
        nowhere = replace(bench.credentials, service="http://127.0.0.1:1")
        assert isinstance(bench.publish(bench.post("Tidak ada siapa-siapa"), nowhere), RetryLater)


@dataclass
class ListeningBench:
    """A listener with a server that holds posts: `say` puts one there, `poison` an item that cannot be read.

    `fail` makes the server answer every request with that status and headers; None ends it.
    """

    listener: Listener
    query: str
    credentials: Credentials
    client: httpx.Client
    say: Callable[[str], None]
    fail: Callable[[int | None, Mapping[str, str]], None] = field(default=lambda status, headers: None)
    poison: Callable[[], None] | None = None
    bad_queries: tuple[str, ...] = ()

    def read(self, cursor: str = "", most: int = 100) -> Batch:
        """Read all that is there now after a cursor."""
        heard: list[Heard] = []
        unread: list[Unread] = []
        for _round in range(50):
            batch = self.listener.read(Asked(self.query, cursor, most), self.credentials, self.client)
            heard, unread, cursor = [*heard, *batch.heard], [*unread, *batch.unread], batch.cursor
            if not batch.more:
                return replace(batch, heard=heard, unread=unread)
        raise AssertionError("It never ends.")

    def refusal(self) -> ChannelError | None:
        """Return what a reading ends in besides success."""
        try:
            self.read()
        except ChannelError as error:
            return error
        return None


class ListenerContract:
    """Holds for every listener."""

    def test_what_is_said_is_heard_once_and_in_words(self, listening: ListeningBench) -> None:
        """Each post comes with its id, its author, plain words and an aware time, and after the cursor no more."""
        listening.say("Jalan rusak & berlubang di Setu")
        first = listening.read()
        (post,) = [one for one in first.heard if "rusak" in one.text]
        assert "Jalan rusak & berlubang di Setu" in post.text
        assert post.remote_id
        assert post.author
        assert post.created_at.tzinfo is not None
        assert abs(post.created_at - clock.now()) < timedelta(minutes=10)
        assert not post.url or post.url.startswith("http")
        listening.say("Banjir di Babelan")
        known = {one.remote_id for one in first.heard}
        later = [one for one in listening.read(first.cursor).heard if one.remote_id not in known]
        assert ["Banjir di Babelan" in one.text for one in later] == [True]

    def test_the_same_reading_twice_gives_the_same(self, listening: ListeningBench) -> None:
        """A cursor that was not stored is read from again: the platform keeps no state for us."""
        listening.say("Sampah menumpuk di Tambun")
        first, again = listening.read(), listening.read()
        assert [one.remote_id for one in first.heard] == [one.remote_id for one in again.heard]
        assert first.heard

    def test_small_pages_lose_and_double_nothing(self, listening: ListeningBench) -> None:
        """However few are read at once, all come, each once."""
        for number in range(5):
            listening.say(f"Keluhan nomor {number}")
        ids = [one.remote_id for one in listening.read(most=2).heard]
        assert len(ids) == len(set(ids))
        assert {one.remote_id for one in listening.read().heard} == set(ids)

    def test_one_bad_item_holds_up_no_other(self, listening: ListeningBench) -> None:
        """It comes back with its reason and itself, which is refused again with a reason and never breaks."""
        if listening.poison is None:
            return
        listening.say("Air mati sejak subuh")
        listening.poison()
        batch = listening.read()
        assert [one for one in batch.heard if "Air mati" in one.text]
        assert batch.unread
        for item in batch.unread:
            assert item.reason
            assert _is_refused(listening.listener, item.raw)
        for nonsense in ("", "{}", "[]", "null", "\x00", '{"id": 1}'):
            assert _is_refused(listening.listener, nonsense)

    def test_trouble_is_told_in_the_contracts_words(self, listening: ListeningBench) -> None:
        """A server that asks for patience, and one that is down, are told apart from a refusal."""
        listening.say("Lampu jalan mati")
        for status, headers, after in ((429, {"Retry-After": "37"}, DELAY), (500, {}, None)):
            listening.fail(status, headers)
            refusal = listening.refusal()
            listening.fail(None, {})
            assert isinstance(refusal, RetryLater)
            assert refusal.after == after
        assert listening.read().heard

    def test_what_a_person_enters_is_checked(self, listening: ListeningBench) -> None:
        """The form in which it is kept stays as it is; nonsense is refused with a reason."""
        assert listening.listener.normal(listening.query) == listening.query
        assert listening.listener.host(listening.query, listening.credentials)
        for bad in listening.bad_queries:
            assert _why_not(listening.listener, bad), bad


def _why_not(listener: Listener, query: str) -> str:
    try:
        listener.normal(query)
    except Rejected as error:
        return error.message
    return ""


def _is_refused(listener: Listener, raw: str) -> bool:
    try:
        listener.again(raw)
    except Unreadable as error:
        return bool(error.reason)
    return False
