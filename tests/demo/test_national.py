"""The simulated party: what it holds."""

from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from kentongan.channels import addresses
from kentongan.core import jobs
from kentongan.core.models import AuditEntry, Job
from kentongan.registry import names
from kentongan.registry.models import Account, Consent, Grant, Membership, Organisation, Person, Unit
from kentongan.web.demo import national

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
TINY = 0.0005


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Job]:
    """The simulation, in one transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield jobs.run_now(national.begin(scale=TINY))
        transaction.set_rollback(True)


def test_it_has_the_shape_of_a_country_and_says_that_it_is_invented(loaded: Job) -> None:
    job = loaded
    assert job.state == Job.State.DONE, job.error
    assert job.result == national.figures()
    assert Organisation.objects.get().simulated
    levels = Counter(Unit.objects.values_list("level", flat=True))
    assert set(levels) == {"nation", "province", "regency", "district", "village"}
    assert levels["district"] == 5
    lonely = Unit.objects.exclude(memberships__isnull=False)
    assert not lonely.exists()
    real = Person.objects.filter(simulated=False)
    assert set(real.values_list("email", flat=True)) == {one.email for one in national.PLAYERS}
    assert Membership.objects.filter(unit__level="village").count() / levels["village"] == pytest.approx(16.5, abs=1.5)
    assert 2.1 < Account.objects.filter(kind="organic").count() / Person.objects.count() < 2.6
    assert Grant.objects.count() == levels["province"] + levels["regency"] + levels["district"] + len(national.PLAYERS)


def test_what_people_did_not_agree_to_is_not_there() -> None:
    own = Account.objects.filter(kind="organic")
    assert not own.exclude(state="claimed").exclude(
        person__consents__purpose="accounts", person__consents__revoked_at=None
    )
    assert set(own.filter(state="claimed").values_list("person__state", flat=True)) == {"invited"}
    assert not Consent.objects.filter(person__state="withdrawn", revoked_at=None).exists()
    assert not own.filter(person__state="withdrawn").exists()


def test_every_address_is_one_that_people_could_paste() -> None:
    for platform, identity, url in Account.objects.values_list("platform", "identity", "url"):
        found = addresses.parse(url)
        assert (found.platform, found.key) == (platform, identity)


def test_each_batch_is_in_the_audit_log() -> None:
    entries = AuditEntry.objects.filter(verb="registry.simulation.load")
    assert sum(entry.after["people"] for entry in entries) == Person.objects.filter(simulated=True).count()


def test_imports_of_lists_recognise_the_people_by_name() -> None:
    for full_name, key in Person.objects.values_list("full_name", "name_key"):
        assert key == names.key(full_name)
