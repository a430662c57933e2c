"""Training in waves: who needs it, who has it, who lacks it; seats, races, results, reminders; who may do what."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from kentongan.core import clock
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry
from kentongan.core.models.messages import Message
from kentongan.gatherings import access, actions
from kentongan.gatherings.actions import Outcome, Plan, Syllabus, WavePlan
from kentongan.gatherings.actions.telling import TRAINING
from kentongan.gatherings.models import Participant, Result, Training, Wave
from kentongan.gatherings.queries import trainings as queries
from kentongan.registry import actions as registry
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Membership, Person, Unit
from named_cast import SYSTEM, Cast

KEEPER = "Pengelola akun"


def plan(hours: float = 72, title: str = "Gelombang 1") -> Plan:
    start = clock.now() + timedelta(hours=hours)
    return Plan(title, "Aula Kecamatan", start, start + timedelta(hours=4))


def wave_plan(*groups: Unit, hours: float = 72, capacity: int = 10, seats: int = 1) -> WavePlan:
    return WavePlan(plan(hours), capacity, seats, tuple(group.pk for group in groups))


def person(unit: Unit, name: str, title: str = KEEPER, phone: str = "") -> Person:
    return registry.add_person(SYSTEM, NewPerson(name, unit.pk, title, "SK 12/2026", phone=phone))


@pytest.fixture
def keepers(cast: Cast) -> dict[str, Person]:
    """Two keepers of accounts in each district, one in the village."""
    return {
        "Asep": person(cast.cikarang_pusat, "Asep Sunandar"),
        "Ade": person(cast.cikarang_pusat, "Ade Rohmat"),
        "Titin": person(cast.tambun_selatan, "Titin Suhartini", phone="081234567891"),
        "Tarsih": person(cast.tambun_selatan, "Tarsih"),
        "Ujang": person(cast.sukamahi, "Ujang Kosasih"),
    }


@pytest.fixture
def training(cast: Cast) -> Training:
    syllabus = Syllabus("Mengelola akun resmi", "Nama, halaman, sandi.", "position", KEEPER, ("district", "village"))
    return actions.open_training(cast.actor("dewi"), cast.root.pk, syllabus)


@pytest.fixture
def wave(cast: Cast, training: Training, keepers: dict[str, Person]) -> Wave:
    return actions.plan_wave(cast.actor("dewi"), training.pk, wave_plan(cast.cikarang_pusat, cast.tambun_selatan))


def seat_names(wave: Wave) -> set[str]:
    rows = Participant.objects.filter(gathering=wave.gathering).exclude(state="declined")
    return set(rows.values_list("person__full_name", flat=True))


def attend(cast: Cast, wave: Wave) -> list[Participant]:
    rows = list(wave.gathering.participants.order_by("pk"))
    return [actions.check_in(cast.actor("dewi"), row.pk) for row in rows]


# Who needs it


def test_units_of_the_levels_at_work_need_it(cast: Cast, training: Training) -> None:
    assert [unit.code for unit in queries.needing(training).order_by("path")] == [
        "32.16.20",
        "32.16.20.2002",
        "32.16.06",
    ]
    Unit.objects.filter(pk=cast.sukamahi.pk).update(closed_at=clock.now())
    assert cast.sukamahi not in queries.needing(training)
    Unit.objects.filter(pk=cast.tambun_selatan.pk).update(starts_on=clock.now().date() + timedelta(days=3))
    assert [unit.code for unit in queries.needing(training)] == ["32.16.20"]


def test_filling_gives_each_unit_its_seats_and_no_more_than_it_lacks(cast: Cast, wave: Wave) -> None:
    assert actions.fill_wave(cast.actor("dewi"), wave.pk) == 3
    units = list(wave.gathering.participants.values_list("unit__code", flat=True).order_by("unit__code"))
    assert units == ["32.16.06", "32.16.20", "32.16.20.2002"]
    assert actions.fill_wave(cast.actor("dewi"), wave.pk) == 0


def test_every_unit_gets_its_first_seat_before_anybody_a_second(cast: Cast, training: Training, wave: Wave) -> None:
    actions.change_training(
        cast.actor("dewi"), training.pk, Syllabus("T", "N", "position", KEEPER, ("district", "village"), per_unit=2)
    )
    actions.change_wave(
        cast.actor("dewi"), wave.pk, wave_plan(cast.cikarang_pusat, cast.tambun_selatan, capacity=4, seats=2)
    )
    assert actions.fill_wave(cast.actor("dewi"), wave.pk) == 4
    seats = list(wave.gathering.participants.values_list("unit__code", flat=True))
    assert set(seats) == {"32.16.06", "32.16.20", "32.16.20.2002"}
    with pytest.raises(Conflict):
        actions.fill_wave(cast.actor("dewi"), wave.pk)


def test_only_the_chosen_groups_sit_in_a_wave(cast: Cast, training: Training, keepers: dict[str, Person]) -> None:
    one = actions.plan_wave(cast.actor("dewi"), training.pk, wave_plan(cast.tambun_selatan))
    actions.fill_wave(cast.actor("dewi"), one.pk)
    assert seat_names(one) <= {"Titin Suhartini", "Tarsih"}
    with pytest.raises(Invalid):
        actions.add_person(cast.actor("dewi"), one.pk, keepers["Asep"].pk)


def test_custodians_of_official_accounts_are_those_to_be_trained(cast: Cast, keepers: dict[str, Person]) -> None:
    training = actions.open_training(cast.actor("dewi"), cast.root.pk, Syllabus("T", "N", "custodians"))
    held = Account.objects.create(
        unit=cast.cikarang_pusat,
        kind="official",
        platform="instagram",
        handle="kec",
        identity="kec",
        custodian=keepers["Asep"],
        deputy_custodian=keepers["Ujang"],
    )
    found = queries.positions(training, queries.needing(training))
    # Ujang has no position at the unit whose account he keeps.
    assert [row.person for row in found] == [keepers["Asep"]]
    Account.objects.filter(pk=held.pk).update(state="retired")
    assert not found.all().exists()


# Who has it, who lacks it


def test_what_a_unit_has_follows_its_people(
    cast: Cast, training: Training, wave: Wave, keepers: dict[str, Person]
) -> None:
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    first, second, third = attend(cast, wave)
    outcomes = [Outcome(first.pk, True, Decimal("88.5"), "S-001"), Outcome(second.pk, False, Decimal(40))]
    assert actions.record_results(cast.actor("dewi"), wave.pk, outcomes) == 2
    assert actions.record_results(cast.actor("dewi"), wave.pk, outcomes) == 0
    whole = queries.total(queries.branches(training, cast.root), cast.root)
    assert (whole.units, whole.complete, whole.has, whole.lacks) == (3, 1, 1, 2)
    lacking = {unit.pk for unit in queries.lacking(training, cast.root)}
    assert lacking == {cast.sukamahi.pk, cast.cikarang_pusat.pk, cast.tambun_selatan.pk} - {first.unit_id}
    # Who leaves takes the training along to where they go.
    Membership.objects.filter(person=first.person).update(ends_on=clock.now().date() - timedelta(days=1))
    assert queries.total(queries.branches(training, cast.root), cast.root).has == 0
    other = next(unit for unit in (cast.tambun_selatan, cast.cikarang_pusat) if unit.pk != first.unit_id)
    Membership.objects.create(person=first.person, unit=other, title=KEEPER)
    assert other not in queries.lacking(training, cast.root)
    assert third.unit_id != second.unit_id


def test_branches_of_a_node_add_up_and_drill_down(cast: Cast, training: Training, wave: Wave) -> None:
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    rows = {row.unit.code: row for row in queries.branches(training, cast.root)}
    assert (rows["32.16.20"].units, rows["32.16.20"].coming) == (2, 2)
    assert (rows["32.16.06"].units, rows["32.16.06"].coming) == (1, 1)
    below = {row.unit.code: row.units for row in queries.branches(training, cast.cikarang_pusat)}
    assert below == {"32.16.20": 1, "32.16.20.2002": 1}


def test_the_next_wave_takes_those_who_did_not_pass_and_nobody_else(cast: Cast, training: Training, wave: Wave) -> None:
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    first, second, third = attend(cast, wave)
    actions.record_results(
        cast.actor("dewi"), wave.pk, [Outcome(first.pk, True), Outcome(second.pk, False), Outcome(third.pk, True)]
    )
    wave.gathering.participants.update(during=None)
    type(wave.gathering).objects.filter(pk=wave.pk).update(
        starts_at=clock.now() - timedelta(days=2),
        ends_at=clock.now() - timedelta(days=1),
        state="held",
        held_at=clock.now(),
    )
    again = actions.plan_wave(
        cast.actor("dewi"), training.pk, wave_plan(cast.cikarang_pusat, cast.tambun_selatan, hours=100)
    )
    assert again.number == 2
    assert actions.fill_wave(cast.actor("dewi"), again.pk) == 1
    assert set(again.gathering.participants.values_list("unit", flat=True)) == {second.unit_id}


# Seats


def test_nobody_sits_in_two_waves_at_once(cast: Cast, training: Training, wave: Wave) -> None:
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    syllabus = Syllabus("Foto dan video", "Cahaya.", "position", KEEPER)
    other = actions.open_training(cast.actor("dewi"), cast.root.pk, syllabus)
    groups = (cast.cikarang_pusat, cast.tambun_selatan)
    at_once = actions.plan_wave(cast.actor("dewi"), other.pk, wave_plan(*groups, hours=73, seats=5))
    later = actions.plan_wave(cast.actor("dewi"), other.pk, wave_plan(*groups, hours=100, seats=5))
    sitting = wave.gathering.participants.first()
    assert sitting is not None
    with pytest.raises(Invalid):
        actions.add_person(cast.actor("dewi"), at_once.pk, sitting.person_id or 0)
    assert actions.fill_wave(cast.actor("dewi"), at_once.pk) == 2  # the two who do not sit elsewhere then
    assert not seat_names(wave) & seat_names(at_once)
    assert sitting.person is not None
    actions.add_person(cast.actor("dewi"), later.pk, sitting.person.pk)
    with pytest.raises(Conflict):
        actions.change_wave(cast.actor("dewi"), later.pk, wave_plan(*groups, hours=72.5, seats=5))


def test_who_declines_frees_the_seat_and_comes_back_only_to_a_free_one(cast: Cast, training: Training) -> None:
    a, b = person(cast.tambun_selatan, "Satu"), person(cast.tambun_selatan, "Dua")
    wave = actions.plan_wave(cast.actor("dewi"), training.pk, wave_plan(cast.tambun_selatan, capacity=1))
    seat = actions.add_person(cast.actor("dewi"), wave.pk, a.pk)
    with pytest.raises(Conflict):
        actions.add_person(cast.actor("dewi"), wave.pk, b.pk)
    actions.answer(SYSTEM, seat.pk, coming=False)
    actions.add_person(cast.actor("dewi"), wave.pk, b.pk)
    with pytest.raises(Conflict):
        actions.answer(SYSTEM, seat.pk, coming=True)
    seat.refresh_from_db()
    assert (seat.state, seat.during) == ("declined", None)


def test_who_is_put_in_another_wave_meanwhile_cannot_come_back_to_the_first(cast: Cast, training: Training) -> None:
    a = person(cast.tambun_selatan, "Satu")
    one = actions.plan_wave(cast.actor("dewi"), training.pk, wave_plan(cast.tambun_selatan))
    two = actions.plan_wave(cast.actor("dewi"), training.pk, wave_plan(cast.tambun_selatan, hours=73))
    seat = actions.add_person(cast.actor("dewi"), one.pk, a.pk)
    actions.answer(SYSTEM, seat.pk, coming=False)
    actions.add_person(cast.actor("dewi"), two.pk, a.pk)
    with pytest.raises(Conflict):
        actions.answer(SYSTEM, seat.pk, coming=True)


def test_seats_cannot_fall_below_those_that_are_taken(cast: Cast, wave: Wave) -> None:
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    with pytest.raises(Invalid) as refused:
        actions.change_wave(cast.actor("dewi"), wave.pk, wave_plan(cast.cikarang_pusat, capacity=2))
    assert "capacity" in refused.value.fields


# Telling


def test_moving_and_cancelling_tells_those_who_were_invited(cast: Cast, wave: Wave) -> None:
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    groups = (cast.cikarang_pusat, cast.tambun_selatan)
    actions.change_wave(cast.actor("dewi"), wave.pk, wave_plan(*groups, hours=80))
    assert not Message.objects.exists()  # nobody was invited yet
    actions.invite(cast.actor("dewi"), wave.pk)
    # Rests on the membership: no consent for meetings was given by any of them.
    assert set(Message.objects.values_list("purpose", flat=True)) == {TRAINING}
    assert Message.objects.get(recipient="Titin Suhartini").state == "queued"
    actions.change_wave(cast.actor("dewi"), wave.pk, wave_plan(*groups, hours=90))
    assert Message.objects.count() == 6
    actions.cancel(cast.actor("dewi"), wave.pk, "Gedung dipakai.")
    assert Message.objects.filter(body__contains="Gedung dipakai.").count() == 3
    assert not wave.gathering.participants.filter(during__isnull=False).exists()


def test_reminders_go_to_those_who_lack_it_once_a_day(cast: Cast, training: Training, wave: Wave) -> None:
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    # Two keepers without a seat: one in each district.
    assert actions.remind(cast.actor("dewi"), training.pk, cast.root.pk) == 2
    assert actions.remind(cast.actor("dewi"), training.pk, cast.root.pk) == 0
    assert not set(Message.objects.values_list("recipient", flat=True)) & seat_names(wave)
    assert actions.remind(cast.actor("joko"), training.pk, cast.tambun_selatan.pk) == 0
    with pytest.raises(NotFound):
        actions.remind(cast.actor("joko"), training.pk, cast.cikarang_pusat.pk)
    with pytest.raises(NotAllowed):
        actions.remind(cast.actor("sari"), training.pk, cast.root.pk)


# Results


def test_a_result_needs_attendance_and_is_of_a_hundred(cast: Cast, wave: Wave) -> None:
    actions.fill_wave(cast.actor("dewi"), wave.pk)
    one = wave.gathering.participants.first()
    assert one is not None
    with pytest.raises(Invalid):
        actions.record_results(cast.actor("dewi"), wave.pk, [Outcome(one.pk, True)])
    rows = attend(cast, wave)
    for bad in (
        Outcome(rows[0].pk, True, Decimal(101)),
        Outcome(rows[0].pk, False, None, "S-1"),
        Outcome(rows[0].pk, None, None, "S-1"),
    ):
        with pytest.raises(Invalid):
            actions.record_results(cast.actor("dewi"), wave.pk, [bad])
    with pytest.raises(Invalid):
        actions.record_results(
            cast.actor("dewi"),
            wave.pk,
            [Outcome(rows[0].pk, True, None, "S-1"), Outcome(rows[1].pk, True, None, "S-1")],
        )
    assert not Result.objects.exists()
    actions.record_results(cast.actor("dewi"), wave.pk, [Outcome(rows[0].pk, True, None, " S-1 ")])
    with pytest.raises(Conflict):
        actions.undo_check_in(cast.actor("dewi"), rows[0].pk)
    # The certificate goes from one to another in one step; the first result is taken back.
    swap = [Outcome(rows[0].pk, None), Outcome(rows[1].pk, True, None, "S-1")]
    assert actions.record_results(cast.actor("dewi"), wave.pk, swap) == 2
    assert list(Result.objects.values_list("participant", "certificate")) == [(rows[1].pk, "S-1")]
    assert AuditEntry.objects.filter(verb="gatherings.wave.result").count() == 3
    actions.undo_check_in(cast.actor("dewi"), rows[0].pk)


# Rights


@pytest.mark.parametrize(
    ("name", "sees", "runs"),
    [
        ("wulan", True, True),
        ("arif", True, True),
        ("dewi", True, True),
        ("hendra", True, False),
        ("sari", True, False),
        ("maman", False, False),
        ("tono", False, False),
        ("euis", True, False),  # from below: it is given to her unit
        ("joko", True, False),
    ],
)
def test_who_sees_and_who_runs_a_training(
    cast: Cast, training: Training, wave: Wave, name: str, sees: bool, runs: bool
) -> None:
    actor = cast.actor(name)
    assert (training in access.trainings(actor)) == sees
    syllabus = Syllabus("Judul lain", "Isi", "anybody")
    attempts: list[Callable[[], object]] = [
        lambda: actions.change_training(actor, training.pk, syllabus),
        lambda: actions.plan_wave(actor, training.pk, wave_plan(cast.tambun_selatan, hours=200)),
        lambda: actions.fill_wave(actor, wave.pk),
        lambda: actions.record_results(actor, wave.pk, []),
        lambda: actions.change_wave(actor, wave.pk, wave_plan(cast.tambun_selatan)),
        lambda: actions.open_training(actor, cast.root.pk, syllabus),
    ]
    for attempt in attempts:
        if runs:
            attempt()
        else:
            with pytest.raises((NotAllowed, NotFound)):
                attempt()


def test_who_looks_from_below_sees_their_own_part_only(cast: Cast, training: Training) -> None:
    actor = cast.actor("euis")
    assert queries.node(actor, training) == cast.tambun_selatan
    with pytest.raises(NotFound):
        queries.node(actor, training, "32.16.20")


def test_groups_of_somebody_else_are_refused(cast: Cast, keepers: dict[str, Person]) -> None:
    own = actions.open_training(cast.actor("euis"), cast.tambun_selatan.pk, Syllabus("T", "N", "anybody"))
    with pytest.raises(Invalid) as refused:
        actions.plan_wave(cast.actor("euis"), own.pk, wave_plan(cast.cikarang_pusat))
    assert "groups" in refused.value.fields


def test_a_closed_training_takes_no_wave_and_a_wave_to_come_keeps_it_open(
    cast: Cast, training: Training, wave: Wave
) -> None:
    with pytest.raises(Conflict):
        actions.close_training(cast.actor("dewi"), training.pk)
    actions.cancel(cast.actor("dewi"), wave.pk, "Batal.")
    actions.close_training(cast.actor("dewi"), training.pk)
    for refused in (
        lambda: actions.plan_wave(cast.actor("dewi"), training.pk, wave_plan(cast.tambun_selatan)),
        lambda: actions.remind(cast.actor("dewi"), training.pk, cast.root.pk),
        lambda: actions.close_training(cast.actor("dewi"), training.pk),
    ):
        with pytest.raises(Conflict):
            refused()
    actions.close_training(cast.actor("dewi"), training.pk, again=True)
    actions.plan_wave(cast.actor("dewi"), training.pk, wave_plan(cast.tambun_selatan))


@pytest.mark.parametrize(
    ("syllabus", "field"),
    [
        (Syllabus(" ", "N", "anybody"), "title"),
        (Syllabus("T", " ", "anybody"), "teaches"),
        (Syllabus("T", "N", "semua"), "wanted"),
        (Syllabus("T", "N", "position"), "position"),
        (Syllabus("T", "N", "anybody", levels=("kelurahan",)), "levels"),
        (Syllabus("T", "N", "anybody", per_unit=0), "per_unit"),
        (Syllabus("T", "N", "anybody", per_unit=51), "per_unit"),
    ],
)
def test_what_a_training_must_say(cast: Cast, syllabus: Syllabus, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.open_training(cast.actor("dewi"), cast.root.pk, syllabus)
    assert field in refused.value.fields
    assert not Training.objects.exists()
