"""When accounts last posted: told by what knows, silent ones rest, and wake again."""

from datetime import timedelta

import pytest

from kentongan.core import clock, ticks
from kentongan.core.errors import NotFound
from kentongan.core.models import AuditEntry
from kentongan.registry import actions, activity
from kentongan.registry.models import Account, Connection
from named_cast import SYSTEM, Cast

State = Account.State


@pytest.fixture
def account(cast: Cast) -> Account:
    """A connected account of the root."""
    made = actions.declare_account(cast.actor("arif"), cast.root.pk, handle="pemkabbekasi", platform="x")
    actions.connect(SYSTEM, made.pk, secrets={"token": "x"})
    Connection.objects.filter(account=made).update(connected_at=clock.now() - timedelta(days=200))
    made.refresh_from_db()
    return made


def posted(account: Account, days_ago: int) -> None:
    """Let the account have posted so many days ago."""
    Account.objects.filter(pk=account.pk).update(last_posted_at=clock.now() - timedelta(days=days_ago))


def state(account: Account) -> str:
    """Return the state after the tick has come round."""
    ticks.run_once("registry.activity")
    account.refresh_from_db()
    return account.state


def test_a_silent_account_rests_and_wakes_as_it_was(account: Account) -> None:
    posted(account, 91)
    assert state(account) == State.DORMANT
    assert AuditEntry.objects.filter(verb="registry.activity.sweep").count() == 1
    assert state(account) == State.DORMANT
    posted(account, 0)
    assert state(account) == State.CONNECTED
    posted(account, 91)
    assert state(account) == State.DORMANT, "waking is no post"


def test_one_without_a_connection_wakes_as_proven(account: Account) -> None:
    posted(account, 91)
    state(account)
    actions.disconnect(SYSTEM, account.pk)
    Account.objects.filter(pk=account.pk).update(state=State.DORMANT)
    posted(account, 1)
    assert state(account) == State.PROVEN


def test_who_never_told_and_who_was_just_connected_do_not_rest(cast: Cast, account: Account) -> None:
    assert state(account) == State.CONNECTED, "nobody knows when it posted"
    posted(account, 91)
    actions.connect(SYSTEM, account.pk, secrets={"token": "y"})
    assert state(account) == State.CONNECTED


def test_the_organisation_sets_the_days_or_switches_it_off(cast: Cast, account: Account) -> None:
    actions.set_rule(cast.actor("arif"), "not_dormant", enabled=True, days=120)
    posted(account, 100)
    assert state(account) == State.CONNECTED
    actions.set_rule(cast.actor("arif"), "not_dormant", enabled=False)
    posted(account, 400)
    assert state(account) == State.CONNECTED


def test_a_later_post_is_noted_an_earlier_one_is_not(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()

    class Told:
        """What a room knows."""

        def __init__(self, days_ago: int) -> None:
            self.moment = now - timedelta(days=days_ago)

        def latest(self, since: object) -> dict[int, object]:
            return {account.pk: self.moment}

    monkeypatch.setattr(activity, "_sources", {"a": Told(3), "b": Told(1)})
    state(account)
    assert account.last_posted_at == now - timedelta(days=1)
    monkeypatch.setattr(activity, "_sources", {"a": Told(5)})
    state(account)
    assert account.last_posted_at == now - timedelta(days=1)


def test_only_the_system_notes_and_sweeps(cast: Cast, account: Account) -> None:
    for act in (lambda who: actions.note_posts(who, {account.pk: clock.now()}), actions.sweep_silent):
        with pytest.raises(NotFound):
            act(cast.actor("arif"))
