"""The frame and the pages that belong to no single room."""

import pytest
from django.test import Client

from conftest import Cast


@pytest.mark.django_db
def test_a_visitor_is_led_to_signing_in(client: Client, cast: Cast) -> None:
    assert client.get("/").headers["Location"] == "/akun/login/"
    assert client.get("/akun/login/").status_code == 200
