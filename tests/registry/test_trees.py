"""Templates build the tree of an organisation from the areas of the country."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from kentongan.core import clock, jobs
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, NotAllowed, NotFound
from kentongan.registry import actions, queries, trees
from kentongan.registry.models import Organisation, Unit
from named_cast import SYSTEM, Cast

Kind = Organisation.Kind


def found(kind: str, area: str = "", level: str = Unit.Level.NATION) -> Unit:
    actions.found_organisation(SYSTEM, name="Uji", short_name="Uji", kind=kind, area_code=area, level=level)
    return Unit.objects.get(parent=None)


def load(actor: Actor, wanted: trees.Wanted) -> dict[str, object]:
    job = jobs.run_now(actions.load_tree(actor, wanted, inline=True))
    assert job.state == jobs.Job.State.DONE, job.error
    return job.result


def test_a_part_of_a_party_has_all_that_lies_above_and_below(db: None) -> None:
    found(Kind.PARTY)
    wanted = trees.Wanted(Kind.PARTY, scope="32.16")
    shown = {tier.level: (tier.label, tier.new, tier.there) for tier in queries.tree_preview(SYSTEM, wanted)}
    assert shown == {
        "province": ("DPD", 1, 0),
        "regency": ("DPC", 1, 0),
        "district": ("PAC", 23, 0),
        "village": ("Ranting", 187, 0),
    }
    assert load(SYSTEM, wanted) == {"made": 212, "there": 0}
    village = Unit.objects.get(code="32.16.20.2002")
    names = list(queries.ancestors(SYSTEM, village).values_list("name", flat=True))
    assert names == ["Uji", "DPD Jawa Barat", "DPC Kabupaten Bekasi", "PAC Cikarang Pusat"]
    assert load(SYSTEM, wanted) == {"made": 0, "there": 212}
    assert sum(tier.new for tier in queries.tree_preview(SYSTEM, wanted)) == 0


def test_labels_are_the_organisations_own_and_it_may_end_above_the_villages(db: None) -> None:
    found(Kind.PARTY)
    load(SYSTEM, trees.Wanted(Kind.PARTY, scope="51.02", down_to="district", labels={"province": "DPW"}))
    bali = Unit.objects.get(code="51")
    assert (bali.name, bali.label, bali.timezone) == ("DPW Bali", "DPW", "Asia/Makassar")
    assert not Unit.objects.filter(level=Unit.Level.VILLAGE).exists()


def test_an_election_commission_has_38_and_514_and_temporary_bodies_only_with_their_days(db: None) -> None:
    root = found(Kind.COMMISSION)
    units = list(trees.plan(trees.Wanted(Kind.COMMISSION), root))
    assert Counter(unit.level for unit in units) == {"province": 38, "regency": 514}
    names = {unit.code: unit.name for unit in units}
    assert (names["11"], names["11.01"]) == ("KIP Aceh", "KIP Kabupaten Aceh Selatan")
    assert (names["32"], names["32.16"]) == ("KPU Provinsi Jawa Barat", "KPU Kabupaten Bekasi")
    assert trees.Wanted(Kind.COMMISSION).without_term() == ["PPK", "PPS"]
    term = {"starts_on": date(2028, 6, 1), "ends_on": date(2029, 4, 1)}
    load(SYSTEM, trees.Wanted(Kind.COMMISSION, scope="32.16.20", **term))
    body = Unit.objects.get(code="32.16.20.2002")
    assert (body.name, body.starts_on, body.ends_on) == ("PPS Sukamahi", *term.values())


def test_a_whole_nation_of_a_party_is_planned_with_every_parent_first(db: None) -> None:
    root = found(Kind.PARTY)
    placed = {root.code}
    count = 0
    for unit in trees.plan(trees.Wanted(Kind.PARTY), root):
        assert unit.parent_code in placed
        placed.add(unit.code)
        count += 1
    assert count == len(placed) - 1 == 91_599


def test_temporary_bodies_close_by_themselves_the_lowest_first(db: None) -> None:
    found(Kind.COMMISSION)
    ended = {"starts_on": clock.now().date() - timedelta(days=90), "ends_on": clock.now().date() - timedelta(days=1)}
    load(SYSTEM, trees.Wanted(Kind.COMMISSION, scope="32.16.20", **ended))
    while actions.close_ended(SYSTEM):
        pass
    closed = Unit.objects.exclude(closed_at=None)
    assert set(closed.values_list("level", flat=True)) == {"district", "village"}
    assert closed.count() == 7


@pytest.mark.parametrize(
    "wanted",
    [
        trees.Wanted(Kind.PARTY),
        trees.Wanted("guild"),
        trees.Wanted(Kind.REGENCY, scope="32.17"),
        trees.Wanted(Kind.REGENCY, down_to="province"),
        trees.Wanted(Kind.REGENCY, labels={"nation": "X"}),
        trees.Wanted(Kind.REGENCY, starts_on=date(2028, 1, 1)),
        trees.Wanted(Kind.REGENCY, starts_on=date(2028, 1, 2), ends_on=date(2028, 1, 1)),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_made(cast: Cast, wanted: trees.Wanted) -> None:
    before = Unit.objects.count()
    for call in (queries.tree_preview, actions.load_tree):
        with pytest.raises(Invalid):
            call(cast.actor("arif"), wanted)
    assert Unit.objects.count() == before


def test_an_area_that_does_not_exist_is_not_found(db: None) -> None:
    found(Kind.PARTY)
    with pytest.raises(NotFound):
        queries.tree_preview(SYSTEM, trees.Wanted(Kind.PARTY, scope="99.99"))


def test_only_an_administrator_of_the_whole_loads_a_tree(cast: Cast) -> None:
    wanted = trees.Wanted(Kind.REGENCY)
    for name, error in {"joko": NotFound, "dewi": NotAllowed, "tono": NotFound}.items():
        with pytest.raises(error):
            actions.load_tree(cast.actor(name), wanted)


def test_units_go_only_below_what_one_administers(cast: Cast) -> None:
    new = [trees.NewUnit("x.1", "Pos", Unit.Level.NONE, cast.cikarang_pusat.code)]
    with pytest.raises(NotAllowed):
        actions.add_units(cast.actor("joko"), new)
    assert actions.add_units(cast.actor("arif"), new) == 1


def test_a_long_name_keeps_the_code_in_its_address(db: None) -> None:
    root = found(Kind.PARTY)
    name = "Badan Pemenangan " * 10
    for code in ("bp.1", "bp.2"):
        actions.add_unit(SYSTEM, root.pk, code=code, name=name, level=Unit.Level.NONE, kind=Unit.Kind.BODY)
    assert [slug[-5:] for slug in Unit.objects.exclude(parent=None).values_list("slug", flat=True)] == [
        "-bp-1",
        "-bp-2",
    ]


def test_the_units_of_the_demo_are_those_of_the_template(make_cast: Callable[..., Cast]) -> None:
    cast = make_cast()
    names = {unit.code: unit.name for unit in trees.plan(trees.Wanted(Kind.REGENCY), cast.root)}
    assert names["32.16.01.1007"] == "Kelurahan Setia Asih"
    assert names["32.16.20.2002"] == "Desa Sukamahi"
