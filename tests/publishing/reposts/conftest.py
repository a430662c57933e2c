"""What the tests of reposts share: a server that takes boosts, and accounts of three units there, all in English."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from kentongan.core.models import User
from kentongan.publishing import connections
from kentongan.registry.models import Account
from named_cast import Cast
from publishing.desk import Desk
from publishing.reposts.boosting import Boosting


@pytest.fixture(autouse=True)
def english(cast: Cast) -> Iterator[None]:
    """Everybody reads English."""
    User.objects.update(language="en")
    with translation.override("en"):
        yield


@pytest.fixture
def boosting(monkeypatch: pytest.MonkeyPatch) -> Boosting:
    """The scripted Mastodon server that all accounts are at."""
    scripted = Boosting()
    monkeypatch.setattr(connections, "client", scripted.client)
    return scripted


@pytest.fixture
def accounts(desk: Desk) -> list[Account]:
    """The office's account, and those of two districts."""
    cast = desk.cast
    return [desk.account(unit=unit) for unit in (cast.root, cast.cikarang_pusat, cast.tambun_selatan)]
