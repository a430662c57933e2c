"""A server on this machine that takes the calls of six kinds of channels, for `deliveries.py`.

Each account is a number of nine digits that stands in every call of its (token, page, chat, repository); what is
published is counted by it. It keeps nothing, refuses nothing and checks nothing: the contract tests do that.
"""

import asyncio
import base64
import json
import multiprocessing
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs

FIRST_NUMBER = 700_000_000
NUMBER = re.compile(r"7\d{8}")
FAR_AWAY = "2100-01-01T00:00:00+00:00"
LONG_TOKEN = "e30." + base64.urlsafe_b64encode(b'{"exp": 4102444800}').decode().rstrip("=") + ".e30"


def _mastodon(number: str, count: int, _body: str) -> Any:
    return {"id": str(count), "url": f"https://contoh.social/@{number}/{count}"}


def _bluesky(number: str, count: int, _body: str) -> Any:
    return {"uri": f"at://did:plc:{number}/app.bsky.feed.post/{count}", "cid": "bafy"}


def _wordpress(number: str, count: int, body: str) -> Any:
    slug = json.loads(body)["slug"]
    return {"id": count, "slug": slug, "status": "publish", "link": f"https://{number}.example.id/{slug}/"}


def _telegram(number: str, count: int, _body: str) -> Any:
    return {"ok": True, "result": {"message_id": count, "date": 0, "chat": {"id": -1, "username": f"kabar{number}"}}}


def _graph(number: str, count: int, _body: str) -> Any:
    return {"id": f"{number}_{count}"}


PUBLISHES: Mapping[str, tuple[str, Callable[[str, int, str], Any]]] = {
    "mastodon": ("/api/v1/statuses", _mastodon),
    "bluesky": ("/xrpc/com.atproto.repo.createRecord", _bluesky),
    "wordpress": ("/wp-json/wp/v2/posts", _wordpress),
    "telegram": ("/sendMessage", _telegram),
    "facebook": ("/feed", _graph),
    "threads": ("/threads_publish", _graph),
}
KINDS = tuple(PUBLISHES)


def credentials(kind: str, number: int) -> dict[str, str]:
    """Return what an account of that kind is signed in with."""
    return {
        "mastodon": {"access_token": f"t{number}", "account_id": str(number)},
        "bluesky": {"access": LONG_TOKEN, "refresh": LONG_TOKEN, "did": f"did:plc:{number}", "app_password": "x"},
        "wordpress": {"username": f"humas{number}", "password": "x", "place": "/wp-json"},
        "telegram": {"token": f"{number}:x", "chat_id": f"-100{number}"},
        "facebook": {"access": f"t{number}", "user_id": str(number), "expires_at": FAR_AWAY},
        "threads": {"access": f"t{number}", "user_id": str(number), "expires_at": FAR_AWAY},
    }[kind]


def _answer(verb: str, target: str, headers: Mapping[str, str], body: str, seen: "Counter[str]") -> Any:
    path = target.partition("?")[0]
    if path == "/seen":
        return seen
    for kind, (ending, said) in PUBLISHES.items():
        if verb == "POST" and path.endswith(ending):
            number = _number(target, headers, body)
            seen[f"{kind} {number}"] += 1
            return said(number, seen.total(), body)
    if path.endswith("/wp/v2/posts"):
        return []  # no such slug yet
    if path.endswith("/threads_publishing_limit"):
        return {"data": [{"quota_usage": 0, "config": {"quota_total": 250, "quota_duration": 86400}}]}
    if path.endswith("/threads"):
        return {"id": "1"}  # a container
    return {"id": "1", "status": "FINISHED", "permalink": "https://www.threads.com/@kabar/post/1"}


def _number(target: str, headers: Mapping[str, str], body: str) -> str:
    scheme, _space, given = headers.get("authorization", "").partition(" ")
    user = base64.b64decode(given).decode() if scheme == "Basic" else given
    token = parse_qs(body).get("access_token", [""])[0]
    found = next(filter(None, (NUMBER.search(place) for place in (user, token, target, body))), None)
    return found.group() if found else "nobody"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: "Counter[str]") -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *lines = head.decode().split("\r\n")
            headers = {name.lower(): value for name, _colon, value in (line.partition(": ") for line in lines)}
            body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
            verb, target, _version = first.split(" ")
            said = json.dumps(_answer(verb, target, headers, body, seen)).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n".encode()
            writer.write(head + said)
            await writer.drain()


def _server(port: "multiprocessing.Queue[int]") -> None:
    async def run() -> None:
        seen: Counter[str] = Counter()
        server = await asyncio.start_server(lambda r, w: _serve(r, w, seen), "127.0.0.1", 0, backlog=1000)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def running() -> Iterator[str]:
    """Run the server in a process of its own; yields its address."""
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    process = multiprocessing.Process(target=_server, args=(port,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{port.get(timeout=30)}"
    finally:
        process.terminate()
