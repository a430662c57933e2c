import pytest

from kentongan.core.errors import NotFound
from kentongan.registry import areas


def test_the_whole_country_is_there() -> None:
    levels = [area.level for area in areas.scope()]
    assert [levels.count(level) for level in (1, 2, 3, 4)] == [38, 514, 7_285, 83_762]


def test_an_area_its_children_and_its_path() -> None:
    assert areas.get("32.16").name == "Kabupaten Bekasi"
    assert len(areas.children("32.16")) == 23
    assert {area.level for area in areas.children("32.16.09")} == {areas.VILLAGE}
    assert [area.name for area in areas.path("32.16.09")] == ["Jawa Barat", "Kabupaten Bekasi", "Cikarang Utara"]
    assert areas.get("32.16.09").parent == "32.16"
    assert areas.get("32").parent is None


def test_a_scope_holds_the_area_and_nothing_beside_it() -> None:
    codes = [area.code for area in areas.scope("32.16")]
    assert codes[0] == "32.16"
    assert len(codes) == 1 + 23 + 187
    assert all(code == "32.16" or code.startswith("32.16.") for code in codes)


@pytest.mark.parametrize("code", ["99", "32.16.99", "", "32.1"])
def test_an_unknown_code_is_not_found(code: str) -> None:
    with pytest.raises(NotFound):
        areas.get(code)


@pytest.mark.parametrize("name", ["cikarang utara", "Cikarang  Utara", "Kec. Cikarang Utara", "CIKARANGUTARA"])
def test_search_ignores_spelling(name: str) -> None:
    assert areas.search(name)[0].code == "32.16.09"


def test_search_keeps_to_a_scope_and_a_level() -> None:
    assert {area.parent for area in areas.search("sukatani", within="32.16", level=areas.DISTRICT)} == {"32.16"}
    assert areas.search("zzzz") == []
    assert areas.search(" ") == []
