"""Tokens of links do not stand in the log."""

import logging

import pytest

from kentongan.config.logs import HideTokens

TOKEN = "Zk3vJ9xQw_7LmN-pR2tYb8Vc"


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (f"/saya/t/{TOKEN}/", "/saya/t/…/"),
        (f"/m/{TOKEN}/data/?x=1", "/m/…/data/?x=1"),
        ("/daftar/unit/12/orang/", "/daftar/unit/12/orang/"),
    ],
)
def test_a_token_is_written_as_dots(path: str, written: str) -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "%s: %s", ("Unprocessable", path), None)
    assert HideTokens().filter(record)
    assert record.getMessage() == f"Unprocessable: {written}"
