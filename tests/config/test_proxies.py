"""The recipes for proxies: uploads and videos go through them as they come."""

import re
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"


def directives(name: str) -> list[list[str]]:
    lines = re.sub(r"#.*", "", (DEPLOY / name).read_text()).replace(";", "\n").splitlines()
    return [words for line in lines if (words := line.split())]


def test_caddy_holds_back_neither_uploads_nor_answers():
    said = directives("Caddyfile")
    assert ["flush_interval", "-1"] in said
    assert not [words for words in said if "buffer" in words[0]]


def test_nginx_keeps_neither_uploads_nor_answers_on_its_disk():
    said = directives("nginx.conf")
    assert ["proxy_request_buffering", "off"] in said
    assert ["proxy_max_temp_file_size", "0"] in said


def test_what_may_be_uploaded_passes_both():
    assert ["max_size", "2GB"] in directives("Caddyfile")
    assert ["client_max_body_size", "2g"] in directives("nginx.conf")
