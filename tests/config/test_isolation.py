"""Over random trees, grants and objects: nothing outside a role's subtree is readable or writable, on any way in.

The oracle is drawn by hand: it walks parents in Python and knows nothing of paths, grants or querysets.
"""

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import Model
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from kentongan.cli import accounts as accounts_command
from kentongan.cli import context, gather, listen, plan
from kentongan.core import clock, tokens
from kentongan.core.actor import Actor
from kentongan.core.models import User
from kentongan.core.permissions import ROLE_CAPABILITIES, Capability, Role
from kentongan.gatherings.models import Gathering
from kentongan.listening.models import Issue, Source
from kentongan.missions.models import Instruction
from kentongan.planning.models import Brief, Campaign, ContentItem
from kentongan.registry.models import Account, Contact, Grant, Organisation, Person, Unit

Make = Callable[[Unit, User], Model]


def _issue(unit: Unit, _author: User) -> Model:
    return Issue.objects.create(unit=unit, title="Jalan", first_at=clock.now(), last_at=clock.now())


def _source(unit: Unit, _author: User) -> Model:
    return Source.objects.create(unit=unit, name="Kabar", kind="website.feed", query="https://kabar.example/feed")


def _brief(unit: Unit, author: User) -> Model:
    return Brief.objects.create(
        unit=unit, title="B", message="m", audience="a", deadline=clock.now(), created_by=author
    )


def _campaign(unit: Unit, author: User) -> Model:
    return Campaign.objects.create(
        unit=unit, name="P", purpose="service", starts_on=clock.now().date(), created_by=author
    )


def _item(unit: Unit, author: User) -> Model:
    return ContentItem.objects.create(unit=unit, title="M", text="t", purpose="service", created_by=author)


def _instruction(unit: Unit, _author: User) -> Model:
    return Instruction.objects.create(
        unit=unit, scope=unit, title="I", text="t", due_at=clock.now() + timedelta(days=1), form_key=uuid4()
    )


def _gathering(unit: Unit, _author: User) -> Model:
    later = clock.now() + timedelta(days=1)
    return Gathering.objects.create(
        unit=unit, title="T", place="p", starts_at=later, ends_at=later + timedelta(hours=1)
    )


def _account(unit: Unit, _author: User) -> Model:
    name = f"a{unit.pk}"
    return Account.objects.create(unit=unit, kind=Account.Kind.OFFICIAL, platform="x", handle=name, identity=name)


def _contact(unit: Unit, _author: User) -> Model:
    person = Person.objects.create(full_name="Ratna", basis="Kartu nama")
    return Contact.objects.create(person=person, unit=unit, kind=Contact.Kind.JOURNALIST, source=Contact.Source.GIVEN)


@dataclass(frozen=True)
class Room:
    """One kind of object: how it is made, who reads and who writes it, and its addresses."""

    make: Make
    reads: Capability
    writes: Capability
    page: str
    api: str = ""
    write: str = ""
    body: str = "{}"


ROOMS = {
    "issue": Room(
        _issue,
        Capability.LISTEN,
        Capability.LISTEN,
        "/simak/isu/{}/",
        "/api/v1/listening/issues/{}",
        "/api/v1/listening/issues/{}/title",
        '{"title": "Judul lain yang panjang"}',
    ),
    "source": Room(
        _source,
        Capability.LISTEN,
        Capability.ANALYSE,
        "/simak/sumber/{}/",
        "/api/v1/listening/sources/{}",
        "/api/v1/listening/sources/{}/pause",
    ),
    "brief": Room(_brief, Capability.LISTEN, Capability.EDIT, "/rancang/brief/{}/", "/api/v1/planning/briefs/{}"),
    "campaign": Room(
        _campaign,
        Capability.LISTEN,
        Capability.EDIT,
        "/rancang/program/{}/",
        "/api/v1/planning/campaigns/{}",
        "/api/v1/planning/campaigns/{}/close",
        '{"reason": "Selesai"}',
    ),
    "item": Room(
        _item,
        Capability.LISTEN,
        Capability.EDIT,
        "/rancang/materi/{}/",
        "/api/v1/planning/items/{}",
        "/api/v1/planning/items/{}/submit",
    ),
    "instruction": Room(
        _instruction,
        Capability.MEASURE,
        Capability.INSTRUCT,
        "/gerak/instruksi/{}/",
        "/api/v1/missions/instructions/{}",
        "/api/v1/missions/instructions/{}/recall",
        '{"reason": "Keliru"}',
    ),
    "gathering": Room(
        _gathering,
        Capability.MEASURE,
        Capability.GATHER,
        "/temu/{}/",
        "/api/v1/gatherings/gatherings/{}",
        "/api/v1/gatherings/gatherings/{}/record",
        '{"note": "x"}',
    ),
    "account": Room(
        _account, Capability.VIEW, Capability.ADMINISTER, "/daftar/akun/{}/", "/api/v1/registry/accounts/{}"
    ),
    "contact": Room(
        _contact,
        Capability.ADMINISTER,
        Capability.ADMINISTER,
        "/daftar/kontak/{}/",
        "/api/v1/registry/contacts/{}",
        "/api/v1/registry/contacts/{0}/apart/{0}",
    ),
}
LISTS = {
    "account": (accounts_command.app, ("list", "--json")),
    "source": (listen.app, ("sources", "--json")),
    "item": (plan.app, ("items", "--json")),
    "campaign": (plan.app, ("campaigns", "--json")),
    "brief": (plan.app, ("briefs", "--json")),
    "gathering": (gather.app, ("list", "--json")),
}


# Each role at a unit of its own, since few random trees meet all of them.
EVERY_ROLE = ([0] * len(Role), list(enumerate(Role, start=1)))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, Role]]]:
    """A tree as parents by position (the root is 0), and one user's grants as (unit, role)."""
    size = draw(st.integers(2, 7))
    parents = [draw(st.integers(0, position - 1)) for position in range(1, size)]
    grants = draw(st.lists(st.tuples(st.integers(0, size - 1), st.sampled_from(list(Role))), min_size=1, max_size=3))
    return parents, grants


def _plant(parents: list[int]) -> list[Unit]:
    Organisation.objects.create(pk=1, name="Uji", short_name="Uji", kind="regency")
    units = [Unit.objects.create(code="0", slug="0", name="Akar", level=Unit.Level.NATION)]
    for position, parent in enumerate(parents, start=1):
        code = str(position)
        units.append(Unit.objects.create(parent=units[parent], code=code, slug=code, name=code, level=Unit.Level.NONE))
    return units


def _held(parents: list[int], grants: list[tuple[int, Role]], unit: int) -> set[Capability]:
    """Walk up from the unit; a role met on the way holds."""
    held: set[Capability] = set()
    while True:
        for place, role in grants:
            if place == unit:
                held |= ROLE_CAPABILITIES[role]
        if unit == 0:
            return held
        unit = parents[unit - 1]


@pytest.fixture(autouse=True)
def _commands_use_the_tests_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "running_database", nullcontext)


@pytest.fixture
def quick_sessions(settings: object) -> None:
    """Sign in without writing a session row for each example."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.usefixtures("quick_sessions")
@pytest.mark.parametrize("name", ROOMS)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds())
@example(world=EVERY_ROLE)
def test_every_way_in_gives_the_same_answer(name: str, world: tuple[list[int], list[tuple[int, Role]]]) -> None:
    parents, grants = world
    room = ROOMS[name]
    with transaction.atomic():
        units = _plant(parents)
        author = User.objects.create_user("author@example.id", name="Author")
        user = User.objects.create_user("somebody@example.id", name="Somebody")
        for unit, role in grants:
            Grant.objects.get_or_create(user=user, unit=units[unit], role=role)
        objects = [room.make(unit, author) for unit in units]
        rights = [_held(parents, grants, position) for position in range(len(units))]
        _check_web_and_api(room, user, objects, rights)
        _check_command(name, room, user, objects, rights)
        transaction.set_rollback(True)


def _check_web_and_api(room: Room, user: User, objects: list[Model], rights: list[set[Capability]]) -> None:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    _row, secret = tokens.create(Actor.of_user(user), "tes", tokens.SCOPES)
    headers = {"Authorization": f"Bearer {secret}"}
    for found, held in zip(objects, rights, strict=True):
        readable = room.reads in held
        assert (client.get(room.page.format(found.pk)).status_code == 200) == readable
        assert (client.get(room.api.format(found.pk), headers=headers).status_code == 200) == readable
    if not room.write:
        return
    for found, held in zip(objects, rights, strict=True):
        before = _state(found)
        status = client.post(
            room.write.format(found.pk), room.body, content_type="application/json", headers=headers
        ).status_code
        if room.writes not in held:
            assert status in {403, 404}, (status, held)
            assert _state(found) == before
        else:
            assert status not in {403, 404}, status


def _state(found: Model) -> dict[str, object]:
    return dict(type(found)._default_manager.filter(pk=found.pk).values().get())


def _check_command(name: str, room: Room, user: User, objects: list[Model], rights: list[set[Capability]]) -> None:
    if name not in LISTS:
        return
    app, words = LISTS[name]
    result = CliRunner().invoke(app, [*words, "--as", user.email])
    allowed = {found.pk for found, held in zip(objects, rights, strict=True) if room.reads in held}
    listed = {row["id"] for row in json.loads(result.stdout)} if result.exit_code == 0 else set()
    assert listed == allowed
