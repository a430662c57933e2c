"""Channels by kind, packages of others, and share dialogues."""

from importlib.metadata import EntryPoint
from urllib.parse import parse_qs, urlsplit

import pytest

from kentongan.channels import registry, sharing
from kentongan.channels.bluesky import tid
from kentongan.core.errors import NotFound


def test_every_channel_loads_and_says_whether_it_publishes():
    assert len(registry.every()) == len(registry.BUILT_IN)
    publishing = {"newsroom", "bluesky", "mastodon", "wordpress", "telegram", "x"}
    publishing |= {"facebook", "instagram", "threads", "youtube", "tiktok"}
    assert {channel.kind for channel in registry.publishing()} == publishing
    for channel in registry.every():
        assert channel.publishes or channel.manifest.note, channel.kind
        assert channel.manifest.count("Halo").used > 0


def test_a_package_that_is_broken_or_takes_a_taken_kind_changes_nothing(caplog: pytest.LogCaptureFixture):
    def point(name: str, value: str) -> EntryPoint:
        return EntryPoint(name, value, registry.GROUP)

    mastodon = registry.get("mastodon")
    found = registry.load(
        [
            point("mastodon", "kentongan.channels.mastodon:CHANNEL"),
            point("mastodon", "kentongan.channels.x:CHANNEL"),
            point("rusak", "tidak.ada:CHANNEL"),
            point("lain", "kentongan.channels.registry:GROUP"),
        ]
    )
    assert set(found) == {"mastodon", "x"}
    assert found["mastodon"] is mastodon
    assert "rusak" in caplog.text
    assert "is not a Channel" in caplog.text


def test_an_unknown_kind():
    with pytest.raises(NotFound):
        registry.get("friendster")
    assert registry.label("friendster") == "friendster"


@pytest.mark.parametrize(
    ("dialogue", "host", "query"),
    [
        (sharing.X, "x.com", {"text": ["Ayo & baca"], "url": ["https://a.id/?x=1&y=2"], "hashtags": ["Setu,Bekasi"]}),
        (sharing.FACEBOOK, "www.facebook.com", {"u": ["https://a.id/?x=1&y=2"]}),
        (sharing.WHATSAPP, "wa.me", {"text": ["Ayo & baca #Setu #Bekasi https://a.id/?x=1&y=2"]}),
        (sharing.TELEGRAM, "t.me", {"url": ["https://a.id/?x=1&y=2"], "text": ["Ayo & baca #Setu #Bekasi"]}),
    ],
)
def test_share_dialogues_are_filled_in(dialogue: sharing.Template, host: str, query: dict[str, list[str]]):
    address = urlsplit(dialogue.link(text="Ayo & baca", url="https://a.id/?x=1&y=2", tags=["Setu", "Bekasi"]))
    assert address.scheme == "https"
    assert address.hostname == host
    assert parse_qs(address.query) == query


def test_record_keys_are_in_order_of_time_and_decode():
    early, late = tid.encode(1_000_000, 1023), tid.encode(1_000_001, 0)
    assert early < late
    assert tid.decode(late) == (1_000_001, 0)
    assert len(tid.new_tid()) == 13
    with pytest.raises(ValueError, match="short"):
        tid.decode("short")
