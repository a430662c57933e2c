"""The accounts of one unit: its official ones with letter and custodians, and what its people have of their own."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from kentongan.registry.actions.simulation import Simulated
from kentongan.registry.models import Unit
from kentongan.web.demo.national.names import pick
from kentongan.web.demo.national.people import Site, Someone

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ADDRESSES: Mapping[str, str] = {
    "facebook": "https://www.facebook.com/{}",
    "instagram": "https://www.instagram.com/{}/",
    "tiktok": "https://www.tiktok.com/@{}",
    "youtube": "https://www.youtube.com/@{}",
    "x": "https://x.com/{}",
    "threads": "https://www.threads.com/@{}",
    "telegram": "https://t.me/{}",
    "bluesky": "https://bsky.app/profile/{}",
}
OWN = (
    ("facebook", 0.83),
    ("instagram", 0.71),
    ("tiktok", 0.57),
    ("x", 0.22),
    ("youtube", 0.2),
    ("telegram", 0.2),
    ("threads", 0.15),
    ("bluesky", 0.02),
)
OFFICIAL: Mapping[str, Sequence[tuple[str, float]]] = {
    Unit.Level.NATION: [(platform, 1.0) for platform in ADDRESSES],
    Unit.Level.PROVINCE: [(platform, 0.9) for platform in ADDRESSES],
    Unit.Level.REGENCY: [("facebook", 1), ("instagram", 1), ("tiktok", 0.9), ("youtube", 0.8), ("x", 0.7)],
    Unit.Level.DISTRICT: [("facebook", 0.95), ("instagram", 0.8), ("tiktok", 0.6), ("youtube", 0.2)],
    Unit.Level.VILLAGE: [("facebook", 0.75), ("instagram", 0.35), ("tiktok", 0.25)],
}
FORMS = {
    ("official", "facebook"): "page",
    ("official", "telegram"): "channel",
    ("official", "youtube"): "channel",
    ("organic", "youtube"): "channel",
}
STATES = {
    "claimed": ("claimed",) * 20,
    "own": ("declared",) * 11 + ("proven",) * 7 + ("dormant", "retired"),
    "official": ("declared",) * 9 + ("proven",) * 8 + ("dormant", "lost", "retired"),
}
UNCLAIMED_SHARE, TWICE, LETTERS, TWO_CUSTODIANS = 0.68, 0.003, 0.85, 0.9
PROOFS = ("code", "attested", "attested", "link")


def suffix(number: int) -> str:
    """Return five letters and digits that no other number has."""
    text = ""
    for _each in range(5):
        number, rest = divmod(number, 36)
        text = DIGITS[rest] + text
    return text


def own(batch: Simulated, site: Site, rng: Random, people: Sequence[Someone], moment: datetime) -> None:
    """Add the accounts of a unit's people: stated on a list, or declared with their consent."""
    before: Someone | None = None
    for someone in people:
        if someone.state == "invited" or someone.listed:
            factor = UNCLAIMED_SHARE if someone.state == "invited" else 1.0
            for platform, share in OWN:
                if rng.random() < share * factor:
                    # Two people can state one account; which of them has it, only a proof can tell.
                    twice = before is not None and rng.random() < TWICE
                    _own(batch, site, rng, someone, platform, moment, before if twice else None)
        before = someone


def _own(
    batch: Simulated, site: Site, rng: Random, someone: Someone, platform: str, moment: datetime, of: Someone | None
) -> None:
    words = (of or someone).plain.lower().replace("-", " ").split()
    handle, identity = _handle(platform, words, suffix((of or someone).number))
    kind = "claimed" if someone.state == "invited" else "own"
    state = "declared" if of is not None and kind == "own" else pick(rng, STATES[kind])
    values = _values(rng, site, "organic", platform, handle, identity, someone.plain, state, moment)
    batch.accounts.append((someone.place, None, None, None, values))


def _handle(platform: str, words: Sequence[str], unique: str) -> tuple[str, str]:
    """Return (handle, identity) as `channels.addresses` would read them."""
    names = list(dict.fromkeys((words[0], words[-1])))
    match platform:
        case "x":
            handle = f"{''.join(names)[:10]}{unique}"
        case "telegram" | "youtube":
            handle = f"{''.join(names)[:20]}{unique}"
        case "bluesky":
            handle = f"{names[0]}-{unique}.bsky.social"
        case "facebook":
            handle = ".".join((*names, unique))
            return handle, handle.replace(".", "")
        case _:
            handle = f"{'.'.join(names)[:18].rstrip('.')}_{unique}"
    return handle, f"@{handle}" if platform == "youtube" else handle


def official(batch: Simulated, site: Site, rng: Random, people: Sequence[Someone], moment: datetime) -> None:
    """Add the accounts of the unit itself, the letter they rest on, and who keeps them."""
    wanted = [platform for platform, share in OFFICIAL[site.level] if rng.random() < share]
    if not wanted:
        return
    letter = None
    if rng.random() < LETTERS:
        letter = len(batch.letters)
        dated = moment.date() - timedelta(days=rng.randint(40, 900))
        number = f"{site.ordinal % 900 + 100}/SK/{site.label.upper() or 'DPP'}/{dated.month:02d}/{dated.year}"
        batch.letters.append((site.pk, number, dated, f"Penetapan akun resmi {site.name}"[:300]))
    keepers = [someone.place for someone in people[:2]]
    deputy = keepers[1] if rng.random() < TWO_CUSTODIANS else None
    unit = "".join(character for character in site.name.lower() if character.isalnum() and character.isascii())
    for platform in wanted:
        handle, identity = _handle(platform, [unit[:16], "resmi"], suffix(site.ordinal))
        values = _values(rng, site, "official", platform, handle, identity, site.name, "", moment)
        batch.accounts.append((None, letter, keepers[0], deputy, values))


def _values(
    rng: Random,
    site: Site,
    kind: str,
    platform: str,
    handle: str,
    identity: str,
    shown: str,
    state: str,
    moment: datetime,
) -> tuple[object, ...]:
    state = state or pick(rng, STATES["official"])
    proven = state in ("proven", "dormant")
    return (
        site.pk,
        kind,
        platform,
        handle,
        identity,
        FORMS.get((kind, platform), "profile"),
        shown,
        ADDRESSES[platform].format(handle),
        state,
        pick(rng, PROOFS) if proven else "",
        moment - timedelta(hours=int(rng.random() * 5000)) if proven else None,
        moment - timedelta(minutes=int(rng.random() * 90000)) if proven else None,
    )
