"""Clean: entities written out, mentions hashed, links taken out (their keys stay), white space made one."""

import html
import re
from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc

from kentongan.listening.pipeline.columns import put, single
from kentongan.listening.pipeline.context import Context

MENTION = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_])?(?:@[A-Za-z0-9.\-]+\.[A-Za-z]{2,})?)")
LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"']+", re.IGNORECASE)
SPACE = re.compile(r"[\s\u00a0\u200b\u200e\u200f\ufeff]+")
REPOST = r"(?i)^\s*RT\s*@"
NOT_WORD = r"(?:[@][\pL\pN_.\-]+)|[^\pL\pN#]+|#"
# A text longer than this is not a post; what follows is cut.
LONGEST = 20_000


def link_key(link: str) -> int:
    """Return the key under which a shared link is compared, without the link."""
    bare = re.sub(r"^https?://(www\.)?", "", link.strip().rstrip("/.,)").lower())
    return int.from_bytes(blake2b(bare.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


def _clean(text: str, context: Context) -> tuple[str, list[int]]:
    text = text[:LONGEST].replace("\x00", "")
    if "&" in text:
        text = html.unescape(text)
    links: list[int] = []
    if "http" in text or "www." in text:
        links = [link_key(link) for link in LINK.findall(text)]
        text = LINK.sub(" ", text)
    if "@" in text:
        text = MENTION.sub(lambda match: "@" + context.hash_mention(match[1]), text)
    return SPACE.sub(" ", text).strip(), links


def tokens(texts: pa.Array) -> pa.Array:
    """Return the lower-case words of clean texts, hashed mentions left out."""
    lowered = pc.utf8_trim(pc.replace_substring_regex(pc.utf8_lower(texts), pattern=NOT_WORD, replacement=" "), " ")
    return pc.split_pattern(pc.replace_substring_regex(lowered, pattern=" +", replacement=" "), " ")


def step(table: pa.Table, context: Context) -> pa.Table:
    """Set `text`; add `links` (keys of the links it held), `repost`, `tokens`."""
    raw = single(table["text"])
    cleaned = [_clean(text, context) for text in raw.to_pylist()]
    texts = pa.array([text for text, _links in cleaned], pa.string())
    table = put(table, "text", texts)
    table = put(table, "links", pa.array([links for _text, links in cleaned], pa.list_(pa.int64())))
    table = put(table, "repost", pc.match_substring_regex(raw, pattern=REPOST))
    return put(table, "tokens", tokens(texts))
