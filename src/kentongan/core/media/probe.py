"""A program of its own: it looks into one video, with little memory and time, and prints what it found as JSON.

    python -I probe.py PATH

Videos of strangers are taken apart by a large library in C++, so this happens in a process that may die alone. It
imports nothing of ours.
"""

import json
import resource
import sys
from typing import Any

from pymediainfo import MediaInfo

MOST_MEMORY, MOST_SECONDS = 2 << 30, 20
TRACK = ("format", "codec_id", "width", "height", "rotation", "duration", "bit_depth", "chroma_subsampling")
PLACES = ("xyz", "recorded_location", "location")


def look(path: str) -> dict[str, Any]:
    """Return container, length, the first video and audio track, and whether a place stands in the metadata."""
    # From an open file, so that the library opens no other that this one may name.
    with open(path, "rb") as file:
        tracks = MediaInfo.parse(file).tracks
    found: dict[str, Any] = {"located": False}
    for track in tracks:
        values = track.to_data()
        found["located"] |= any(place in name for name in values for place in PLACES)
        if track.track_type in {"General", "Video", "Audio"}:
            found.setdefault(track.track_type.lower(), {name: values.get(name) for name in TRACK})
    return found


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    json.dump(look(sys.argv[1]), sys.stdout)
