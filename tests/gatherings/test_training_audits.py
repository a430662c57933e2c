"""An audit before a wave and one after it, beside each other on its page."""

from collections.abc import Callable
from datetime import timedelta

from django.test import Client

from gatherings.test_trainings import keepers, training, wave
from kentongan.core import clock
from kentongan.gatherings.models import Gathering, Wave
from kentongan.gatherings.queries import audits
from kentongan.registry.models import Account, Audit, AuditResult, Unit
from named_cast import Cast

__all__ = ["keepers", "training", "wave"]  # fixtures


def audit(unit: Unit, days: float, verdicts: dict[Account, str]) -> Audit:
    at = clock.now() + timedelta(days=days)
    made = Audit.objects.create(unit=unit, title="Audit", finished_at=at)
    Audit.objects.filter(pk=made.pk).update(created_at=at)
    for account, verdict in verdicts.items():
        AuditResult.objects.create(audit=made, account=account, rule="page", verdict=verdict, checked_at=at)
    return made


def test_a_wave_shows_what_audits_found_in_its_groups_before_and_after(
    cast: Cast, wave: Wave, sign_in: Callable[..., Client]
) -> None:
    now = clock.now()
    Gathering.objects.filter(pk=wave.pk).update(
        starts_at=now - timedelta(days=10), ends_at=now - timedelta(days=9, hours=20)
    )
    wave.refresh_from_db()
    wave.groups.set([cast.tambun_selatan])

    def account(unit: Unit, name: str) -> Account:
        return Account.objects.create(unit=unit, kind="official", platform="x", handle=name, identity=name)

    mine, other = account(cast.tambun_selatan, "tambun"), account(cast.cikarang_pusat, "cikarang")
    audit(cast.root, -30, {mine: "passed"})
    before = audit(cast.root, -20, {mine: "failed", other: "passed"})
    url = wave.gathering.get_absolute_url()
    client = sign_in(cast.user("dewi"))
    assert "banding" not in client.get(url).content.decode()
    after = audit(cast.root, -1, {mine: "passed", other: "failed"})
    found = audits.before_and_after(cast.actor("dewi"), wave)
    assert found.before == audits.Finding(before, 0, 1)
    assert found.after == audits.Finding(after, 1, 1)
    page = client.get(url).content.decode()
    assert f"/daftar/audit/{after.pk}/banding/?with={before.pk}" in page
