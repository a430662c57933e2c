"""The simulated party: that it is never mixed with real people, that a broken load goes on."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import pytest
from django.db import transaction

from kentongan.core import jobs
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.models import Job, User
from kentongan.registry import actions, trees
from kentongan.registry.actions.simulation import Simulated
from kentongan.registry.models import Account, Membership, Organisation, Person, Unit
from kentongan.registry.trees import NewUnit
from kentongan.web.demo import national
from kentongan.web.demo.national import loading, tree
from named_cast import SYSTEM, Cast

TINY = 0.0005


def load(scale: float = TINY, seed: int = national.SEED) -> Job:
    return jobs.run_now(national.begin(scale=scale, seed=seed))


def made() -> list[tuple[object, ...]]:
    """Return all that the seed decides: people with their unit, and accounts; not their numbers in the database."""
    people = Membership.objects.filter(person__simulated=True).order_by("unit__code", "person_id", "title")
    accounts = Account.objects.order_by("unit__code", "platform", "identity", "state")
    return [
        *people.values_list("unit__code", "title", "person__full_name", "person__phone", "person__state"),
        *accounts.values_list("unit__code", "platform", "identity", "state", "url"),
    ]


@cache
def _country() -> Sequence[NewUnit]:
    return list(trees.plan(trees.Wanted(Organisation.Kind.PARTY), Unit(code="root")))


@pytest.fixture(autouse=True)
def _plan_the_country_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "whole", lambda _root: _country())


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "BATCH", 10)


@pytest.mark.django_db
@pytest.mark.usefixtures("small_batches")
def test_a_load_that_broke_goes_on_and_a_larger_one_has_all_of_a_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    real = actions.add_simulated

    def breaks(actor: object, batch: Simulated) -> None:
        if len(written) == 3:
            raise RuntimeError("the database went away")
        written.append(len(batch.people))
        real(SYSTEM, batch)

    with monkeypatch.context() as patched:
        patched.setattr(actions, "add_simulated", breaks)
        assert load().state == Job.State.FAILED
    assert 0 < Person.objects.count() == sum(written)
    assert load().state == Job.State.DONE
    broken = made()
    assert load().state == Job.State.DONE
    assert made() == broken, "a third load adds nothing"
    load(TINY * 2)
    assert Counter(broken) <= Counter(made())


@pytest.mark.django_db
def test_the_same_seed_makes_the_same_people_and_another_one_others() -> None:
    first, again, other = (_made_and_taken_back(seed) for seed in (national.SEED, national.SEED, 7))
    assert first == again
    assert len(first) > 1000
    assert not Counter(first) <= Counter(other)


def _made_and_taken_back(seed: int) -> list[tuple[object, ...]]:
    with transaction.atomic():
        load(seed=seed)
        found = made()
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
@pytest.mark.usefixtures("small_batches")
def test_it_stops_between_two_batches_when_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    real = actions.add_simulated

    def stopping(actor: object, batch: Simulated) -> None:
        real(SYSTEM, batch)
        jobs.stop(SYSTEM, Job.objects.latest("pk").pk)

    monkeypatch.setattr(actions, "add_simulated", stopping)
    assert load().state == Job.State.STOPPED
    assert Membership.objects.values("unit").distinct().count() >= loading.BATCH
    assert Unit.objects.exclude(memberships__isnull=False).exists()


def test_it_never_stands_beside_a_real_organisation(cast: Cast) -> None:
    with pytest.raises(Conflict, match="Dinas"):
        national.begin(scale=TINY)
    with pytest.raises(Conflict):
        actions.add_simulated(SYSTEM, Simulated())
    assert not Person.objects.filter(simulated=True).exists()


@pytest.mark.django_db
def test_it_never_stands_beside_real_people() -> None:
    load()
    root = Unit.objects.get(parent=None)
    actions.add_user(SYSTEM, root.pk, email="warga@bekasikab.go.id", name="Warga Sungguhan")
    with pytest.raises(Conflict, match=r"real people|orang sungguhan"):
        national.begin(scale=TINY)


@pytest.mark.django_db
def test_an_installation_in_which_somebody_signs_in_is_not_empty() -> None:
    User.objects.create_user("arif@bekasikab.go.id", name="Arif")
    with pytest.raises(Conflict):
        national.begin(scale=TINY)


@pytest.mark.parametrize("scale", [0, -1, 1.5, float("nan")])
@pytest.mark.django_db
def test_a_scale_that_is_none_is_refused(scale: float) -> None:
    with pytest.raises(Invalid):
        national.begin(scale=scale)
    assert not Organisation.objects.exists()
