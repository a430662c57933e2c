"""Share dialogues of the platforms: a link opens them filled in; the person sends it, or does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode


def _joined(text: str, url: str, tags: Sequence[str]) -> str:
    return " ".join(part for part in (text, *(f"#{tag}" for tag in tags), url) if part)


@dataclass(frozen=True, slots=True)
class Template:
    """A dialogue at `address`; parameters that stay empty are left out.

    `text`, `url` and `tags` name its parameters. What has no parameter of its own is joined to the text;
    a platform that takes no text at all (`text` empty) gets the link alone.
    """

    address: str
    text: str = ""
    url: str = ""
    tags: str = ""

    def link(self, *, text: str, url: str = "", tags: Sequence[str] = ()) -> str:
        """Return the address of the dialogue, filled in."""
        query = {}
        if self.text:
            query[self.text] = _joined(text, "" if self.url else url, () if self.tags else tags)
        if self.url:
            query[self.url] = url
        if self.tags:
            query[self.tags] = ",".join(tags)
        filled = {name: value for name, value in query.items() if value}
        return f"{self.address}?{urlencode(filled)}"


X = Template("https://x.com/intent/post", text="text", url="url", tags="hashtags")
FACEBOOK = Template("https://www.facebook.com/sharer/sharer.php", url="u")
WHATSAPP = Template("https://wa.me/", text="text")
TELEGRAM = Template("https://t.me/share/url", text="text", url="url")
