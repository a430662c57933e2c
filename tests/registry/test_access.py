"""Nothing outside a role's subtree can be read or changed, whatever the tree, the grants and the objects."""

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.core.models import User
from kentongan.core.permissions import ROLE_CAPABILITIES, Capability, Role
from kentongan.registry import access, actions
from kentongan.registry.models import Account, Grant, Unit


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, Role]]]:
    """A tree as parents by position (the root is 0), and one user's grants as (unit, role)."""
    size = draw(st.integers(1, 12))
    parents = [draw(st.integers(0, max(0, position - 1))) for position in range(1, size)]
    grants = draw(st.lists(st.tuples(st.integers(0, size - 1), st.sampled_from(list(Role))), max_size=3))
    return parents, grants


def _plant(parents: list[int]) -> list[Unit]:
    units = [Unit.objects.create(code="0", slug="0", name="root", level=Unit.Level.NATION)]
    for position, parent in enumerate(parents, start=1):
        code = str(position)
        units.append(Unit.objects.create(parent=units[parent], code=code, slug=code, name=code, level=Unit.Level.NONE))
    return units


def _inside(parents: list[int], unit: int, top: int) -> bool:
    while unit != top and unit != 0:
        unit = parents[unit - 1]
    return unit == top


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds(), capability=st.sampled_from(list(Capability)))
def test_rights_are_exactly_those_of_the_subtrees(
    world: tuple[list[int], list[tuple[int, Role]]], capability: Capability
) -> None:
    parents, grants = world
    with transaction.atomic():
        units = _plant(parents)
        user = User.objects.create_user("somebody@example.id", name="Somebody")
        for unit, role in grants:
            Grant.objects.get_or_create(user=user, unit=units[unit], role=role)
        accounts = [
            Account.objects.create(
                unit=unit, kind=Account.Kind.OFFICIAL, platform="x", handle=unit.code, identity=unit.code
            )
            for unit in units
        ]
        actor = Actor.of_user(user)
        for position, account in enumerate(accounts):
            held = {
                right for unit, role in grants if _inside(parents, position, unit) for right in ROLE_CAPABILITIES[role]
            }
            _check(actor, capability, account, held)
        transaction.set_rollback(True)


def _check(actor: Actor, capability: Capability, account: Account, held: set[Capability]) -> None:
    accounts = Account.objects.all()
    assert access.scope(accounts, actor, capability).filter(pk=account.pk).exists() == (capability in held)
    if capability in held:
        assert access.get(accounts, actor, capability, pk=account.pk) == account
        return
    expected = NotAllowed if Capability.VIEW in held else NotFound
    with pytest.raises(expected):
        access.get(accounts, actor, capability, pk=account.pk)


@pytest.mark.django_db
def test_a_unit_cannot_move_below_itself_and_its_subtree_moves_with_it() -> None:
    units = _plant([0, 1, 2])
    units[1].parent = units[3]
    with pytest.raises(IntegrityError), transaction.atomic():
        units[1].save(update_fields=["parent"])
    aside = Unit.objects.create(parent=units[0], code="9", slug="9", name="9", level=Unit.Level.NONE)
    Unit.objects.filter(pk=units[2].pk).update(parent=aside)
    leaf = Unit.objects.get(pk=units[3].pk)
    assert str(leaf.path) == ".".join(str(unit.pk) for unit in (units[0], aside, units[2], units[3]))


def test_a_disabled_user_has_no_rights(cast) -> None:
    editor = cast.user("dewi")
    assert access.units_for(cast.actor("dewi"), Capability.EDIT).exists()
    User.objects.filter(pk=editor.pk).update(is_active=False)
    assert not access.units_for(cast.actor("dewi"), Capability.EDIT).exists()


def test_the_last_administrator_stays(cast) -> None:
    grant = Grant.objects.get(user=cast.user("arif"))
    with pytest.raises(Exception, match=r"last administrator|administrator terakhir"):
        actions.revoke_role(cast.actor("arif"), grant.pk)


def test_the_audit_log_cannot_be_changed_even_by_its_owner(cast) -> None:
    for statement in ("UPDATE core_auditentry SET note = 'x'", "DELETE FROM core_auditentry"):
        with pytest.raises(Exception, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
