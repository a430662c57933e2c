"""How a version looks on its platform, in outline: by what the platform's manifest says of how it draws a post."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from django.utils.safestring import SafeString

from kentongan.channels import articles, looks
from kentongan.channels import registry as channels
from kentongan.channels.contract import Limits, Manifest
from kentongan.channels.looks import CardForm, Layout, Look, Segment
from kentongan.channels.text import Span, with_link
from kentongan.core.models.files import StoredFile
from kentongan.core.models.media import MediaFacts
from kentongan.planning.models import ItemAsset, LinkCard
from kentongan.registry.models import Account, Unit

OPENED = 600
"""How many characters of an article are drawn before the rest unfolds."""
DOTS = 10


@dataclass(frozen=True, slots=True)
class Piece:
    """A picture or video as it is shown: its address here, what it shows in words, pixels and seconds if known.

    `small` is the address of a picture's small copy.
    """

    url: str
    alt: str
    is_video: bool = False
    width: int = 0
    height: int = 0
    seconds: float | None = None
    small: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """Whose post it is, as readers see it."""

    name: str
    handle: str = ""

    @property
    def letter(self) -> str:
        """What stands where a profile's picture would."""
        return next((sign.upper() for sign in self.name if sign.isalnum()), "?")


@dataclass(frozen=True, slots=True)
class Written:
    """What a version says, and whose it is; `at` None is “just now”."""

    text: str
    title: str = ""
    link: str = ""
    face: Face | None = None
    language: str = "id"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A link as a platform shows it; `state` is a `LinkCard.State`, or "" where nobody asked for it so far.

    `slow` says that it was asked for so long ago that it may be asked for again.
    """

    url: str
    state: str = ""
    title: str = ""
    description: str = ""
    site: str = ""
    picture: str = ""
    problem: str = ""
    slow: bool = False

    @property
    def host(self) -> str:
        """The server that the link leads to."""
        return (urlsplit(self.url).hostname or self.url).removeprefix("www.")

    @classmethod
    def of(cls, card: LinkCard) -> "Card":
        """Return a card as it is kept."""
        picture = card.picture.get_absolute_url() if card.picture else ""
        return cls(card.url, card.state, card.title, card.description, card.site, picture, card.problem, card.is_slow)


def cards_of(kept: Iterable[LinkCard]) -> dict[str, Card]:
    """Return cards as they are kept, by their address."""
    return {one.url: Card.of(one) for one in kept}


@dataclass(frozen=True, slots=True)
class Preview:
    """A version as its platform would draw it.

    `shown` is the text that stands there, `folded` what unfolds; of an article `body` and `rest` are HTML. `beyond` is
    how many pictures are behind the last one shown, `left_out` how many do not go there. Where pictures and videos are
    swiped through together, `pictures` are both, in their order. `link_lost` says that the link
    goes nowhere, `silent` that descriptions do not go out.
    """

    manifest: Manifest
    written: Written
    shown: Sequence[Segment]
    folded: Sequence[Segment]
    pictures: Sequence[Piece]
    videos: Sequence[Piece]
    beyond: int
    left_out: int
    shape: str
    body: SafeString | None = None
    rest: SafeString | None = None
    teaser: str = ""
    card: Card | None = None
    link_lost: bool = False
    silent: bool = False

    @property
    def look(self) -> Look:
        """How the platform draws a post."""
        return self.manifest.look

    @property
    def card_lines(self) -> list[tuple[str, str]]:
        """What the card says, in this platform's order, each with the name of its line."""
        said = ((name, getattr(self.card, name)) for name in self.look.card_lines) if self.card else ()
        return [(name, text) for name, text in said if text]

    @property
    def dots(self) -> range:
        """The dots below pictures that are swiped through."""
        swiped = self.look.layout == Layout.SWIPE and len(self.pictures) > 1
        return range(min(len(self.pictures), DOTS)) if swiped else range(0)

    @property
    def is_approximate(self) -> bool:
        """Whether it shows something cut off where no page of the platform says that it is."""
        single = "single" if len(self.pictures) == 1 else "several"
        cut = {
            "fold": bool(self.folded) and self.look.fold is not None,
            "fold_lines": bool(self.folded) and self.look.fold_lines is not None,
            "link_shown": any(part.kind == "link" and part.text.endswith("…") for part in self.shown),
            "pictures": bool(self.beyond),
            single: bool(self.pictures) and self.shape != looks.Shape.FREE,
            "video": bool(self.videos) and self.look.video != looks.Shape.FREE,
        }
        return any(cut.get(name) for name in self.look.unverified)

    @property
    def more(self) -> int:
        """How many characters unfold."""
        return sum(len(part.text) for part in self.folded)


def face_of(account: Account | None, unit: Unit) -> Face:
    """Return whose post it is: the account's name and handle, or the unit's name where it has none there."""
    if account is None:
        return Face(unit.name)
    return Face(account.display_name or unit.name, account.known_as)


def pieces(assets: Iterable[ItemAsset], facts: Mapping[str, MediaFacts]) -> list[Piece]:
    """Return an item's pictures and videos, with what is known of them."""
    return [
        piece(asset.file, asset.alt, facts.get(asset.file.sha256))
        for asset in assets
        if asset.file.is_image or asset.file.is_video
    ]


def piece(file: StoredFile, alt: str, facts: MediaFacts | None, url: str = "") -> Piece:
    """Return a picture or video of ours; `url` is where it is shown, where that is not the file's own address."""
    whole = url or file.get_absolute_url()
    one = Piece(whole, alt, file.is_video, small=f"{url}kecil/" if url else file.small_url)
    return replace(one, width=facts.width, height=facts.height, seconds=facts.seconds) if facts else one


def draw(kind: str, written: Written, media: Sequence[Piece] = (), cards: Mapping[str, Card] | None = None) -> Preview:
    """Return a version as its platform draws it, `cards` by their address; NotFound for a kind that there is not."""
    manifest = channels.get(kind).manifest
    look, limits = manifest.look, manifest.limits
    media = media if written.text else ()
    pictures, videos = _going(media, limits)
    text = _text(manifest, written, bool(pictures or videos))
    left_out = len(media) - len(pictures) - len(videos)
    if look.layout == Layout.SWIPE and pictures and videos:
        pictures, videos = [one for one in media if one in pictures or one in videos], []
    head, tail = ("", "") if look.article else looks.fold(text, look)
    body, rest = _article(text) if look.article else (None, None)
    return Preview(
        manifest=manifest,
        written=written,
        shown=looks.segments(head.rstrip() if tail else head, look, _below(written, text)),
        folded=looks.segments(tail, look),
        pictures=pictures[: look.pictures],
        videos=videos,
        beyond=max(len(pictures) - look.pictures, 0),
        left_out=left_out,
        shape=_shape(look, pictures),
        body=body,
        rest=rest,
        teaser=articles.shortened(articles.opening(written.text), look.teaser) if look.teaser else "",
        card=_card(look, written, cards or {}) if not pictures and not videos else None,
        link_lost=_lost(look, written, text, bool(media)),
        silent=any(not (look.alt_video if one.is_video else look.alt) for one in (*pictures, *videos)),
    )


def _going(media: Sequence[Piece], limits: Limits) -> tuple[list[Piece], list[Piece]]:
    """Return the pictures and the videos that go out, no more than the platform takes together."""
    taken: dict[bool, list[Piece]] = {False: [], True: []}
    for one in media:
        most = limits.videos if one.is_video else limits.images
        room = limits.media_most is None or sum(map(len, taken.values())) < limits.media_most
        if room and len(taken[one.is_video]) < most:
            taken[one.is_video].append(one)
    return taken[False], taken[True]


def _text(manifest: Manifest, written: Written, beside: bool) -> str:
    """Return the text that goes out, with the link where the adapter writes it there."""
    if manifest.look.article and written.text:
        return with_link(written.text, written.link)
    return manifest.written(written.text, written.link, beside=beside) if written.text else ""


def _below(written: Written, text: str) -> list[Span]:
    """Return where the link stands that was written below the text, however short."""
    start = len(written.text) + len("\n\n")
    return [Span(start, len(text), written.link)] if written.link not in text and start < len(text) else []


def _lost(look: Look, written: Written, text: str, beside: bool) -> bool:
    """Whether the link goes nowhere: it is neither in the text, nor shown as a card."""
    if not written.link or written.link in text or text != written.text:
        return False
    return beside or look.card == CardForm.NONE


def _card(look: Look, written: Written, cards: Mapping[str, Card]) -> Card | None:
    """Return the card that is shown; one that nobody fetched yet says so."""
    address = looks.address_of(written.text, written.link) if look.card != CardForm.NONE else ""
    return cards.get(address, Card(address)) if address else None


def _article(text: str) -> tuple[SafeString, SafeString | None]:
    first, rest = articles.parted(text, OPENED)
    return articles.html(first), articles.html(rest) if rest else None


def _nearest(first: Piece) -> looks.Shape:
    """Return the shape that all are cut to, where the first one decides that."""
    if not first.width or not first.height:
        return looks.Shape.SQUARE
    shapes = (looks.Shape.SQUARE, looks.Shape.PORTRAIT, looks.Shape.WIDE)
    sides = first.width / first.height
    return min(shapes, key=lambda shape: abs(sides - shape.sides[0] / shape.sides[1]))


def _shape(look: Look, pictures: Sequence[Piece]) -> str:
    """Return to what the pictures are cut."""
    if len(pictures) != 1:
        return _nearest(pictures[0]) if pictures and look.by_first else look.several
    one, (across, down) = pictures[0], look.single.sides
    return look.single if down and one.height * across > one.width * down else looks.Shape.FREE
