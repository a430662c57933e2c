"""What goes out of a picture: its pixels, upright, small enough, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from core.pictures import noise, opened, photo
from kentongan.core.errors import Invalid
from kentongan.core.media import pictures
from kentongan.core.media.pictures import Recipe, fit, look

JPEG, PNG, WEBP, GIF = "image/jpeg", "image/png", "image/webp", "image/gif"
ANY = Recipe((JPEG, PNG, WEBP), 2_000_000, 2_000)


def test_a_photograph_loses_its_place_and_its_camera(tmp_path: Path):
    path = photo(tmp_path / "foto.jpg")
    assert look(path) == pictures.Seen(640, 480, located=True)
    made = fit(path, ANY)
    assert made.changes[:2] == ("place", "details")
    image = opened(made.content)
    assert not dict(image.getexif())
    for told in (b"Exif", b"GPS", b"xmp", b"Telepon"):
        assert told in path.read_bytes() or told == b"xmp"
        assert told not in made.content


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_was_taken_lying_down_is_turned_upright(tmp_path: Path, orientation: int):
    """The upper left quarter of the upright picture is white, whatever the telephone noted."""
    upright = Image.new("RGB", (80, 40))
    upright.paste("white", (0, 0, 40, 20))
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright.transpose(Image.Transpose(back[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "miring.png"
    stored.save(path, exif=exif)
    made = fit(path, ANY)
    image = opened(made.content).convert("RGB")
    assert image.size == (80, 40) == (made.width, made.height) == (look(path).width, look(path).height)
    assert image.getpixel((5, 5)) == (255, 255, 255)
    assert image.getpixel((75, 5)) == image.getpixel((5, 35)) == (0, 0, 0)
    assert ("turned" in made.changes) is (orientation > 1)


def test_too_many_bytes_are_saved_more_tightly_then_scaled_down(tmp_path: Path):
    path = tmp_path / "besar.png"
    noise(1_200, 900).save(path)
    tight = fit(path, Recipe((JPEG,), 700_000))
    assert (tight.width, tight.height) == (1_200, 900)
    assert len(tight.content) <= 700_000
    assert {"format", "quality"} <= set(tight.changes)
    small = fit(path, Recipe((JPEG, PNG), 100_000))
    assert len(small.content) <= 100_000
    assert small.width < 1_200
    assert abs(small.width / small.height - 4 / 3) < 0.02
    assert "scaled" in small.changes


def test_the_same_file_makes_the_same_bytes(tmp_path: Path):
    path = photo(tmp_path / "foto.jpg", 900, 700, orientation=6)
    assert fit(path, Recipe((JPEG,), 60_000)) == fit(path, Recipe((JPEG,), 60_000))


def test_what_is_transparent_goes_on_white_where_only_jpeg_is_taken(tmp_path: Path):
    path = tmp_path / "lambang.png"
    Image.new("RGBA", (60, 60), (200, 0, 0, 0)).save(path)
    made = fit(path, Recipe((JPEG,), 100_000))
    assert made.media_type == JPEG
    assert min(opened(made.content).convert("RGB").getpixel((30, 30))) > 250
    assert "background" in made.changes
    kept = fit(path, Recipe((JPEG, PNG), 100_000))
    assert kept.media_type == PNG
    assert opened(kept.content).convert("RGBA").getpixel((30, 30))[3] == 0


def test_sixteen_bits_keep_what_is_bright(tmp_path: Path):
    path = tmp_path / "pindai.png"
    Image.fromarray(np.array([[0, 65_535], [32_768, 16_384]], dtype=np.uint16)).save(path)
    pixels = opened(fit(path, ANY).content).convert("L")
    assert [pixels.getpixel((x, y)) for y in (0, 1) for x in (0, 1)] == [0, 255, 128, 64]


def test_colours_for_print_become_those_of_screens(tmp_path: Path):
    path = tmp_path / "cetak.jpg"
    Image.new("CMYK", (40, 40), (0, 255, 255, 0)).save(path)
    red, green, blue = opened(fit(path, ANY).content).getpixel((20, 20))
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_pixel_is_understood(tmp_path: Path, mode: str):
    path = tmp_path / "x.png"
    noise(50, 40, "RGBA").convert("RGB" if mode in {"1", "P"} else mode).convert(mode).save(path)
    for recipe in (ANY, Recipe((JPEG,), 50_000), Recipe((WEBP,), 50_000)):
        made = fit(path, recipe)
        assert opened(made.content).size == (50, 40)
        assert made.media_type in recipe.types


def test_what_moves_is_kept_where_it_is_taken_and_refused_elsewhere(tmp_path: Path):
    path = tmp_path / "gerak.gif"
    frames = [noise(30, 30, seed=seed).convert("P") for seed in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert look(path).animated
    assert fit(path, Recipe((GIF, PNG), 1_000_000)).content == path.read_bytes()
    with pytest.raises(Invalid) as refused:
        fit(path, ANY)
    assert refused.value.code == "animated"
    still = tmp_path / "diam.gif"
    frames[0].save(still)
    assert not look(still).animated
    assert fit(still, ANY).media_type == PNG


@pytest.mark.parametrize("name", ["jpg", "png", "webp", "gif"])
def test_damaged_files_are_refused_with_what_to_do(tmp_path: Path, name: str):
    path = tmp_path / f"rusak.{name}"
    noise(300, 300).save(path)
    whole = path.read_bytes()
    for part in (whole[: len(whole) // 2], whole[:30], whole[:8] + b"\xff" * 500):
        path.write_bytes(part)
        for use in (look, lambda broken: fit(broken, ANY)):
            with pytest.raises(Invalid) as refused:
                use(path)
            assert refused.value.remedy


def test_a_picture_that_unpacks_to_gigabytes_is_refused_before_it_does(tmp_path: Path):
    path = tmp_path / "bom.png"
    Image.new("1", (60_000, 40_000)).save(path)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(Invalid, match="60000"):
        look(path)


def test_texts_and_other_programs_in_a_picture_stay_here(tmp_path: Path):
    path = tmp_path / "catatan.png"
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Dewi Lestari")
    noise(60, 60).save(path, pnginfo=info)
    path.write_bytes(path.read_bytes() + b"PK\x03\x04 zip di belakang")
    made = fit(path, ANY).content
    assert b"Dewi" not in made
    assert b"di belakang" not in made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    limit=st.integers(3_000, 400_000),
    side=st.sampled_from([0, 50, 333, 2_000]),
    types=st.sampled_from([(JPEG,), (JPEG, PNG), (JPEG, PNG, WEBP), (WEBP,)]),
    mode=st.sampled_from(["RGB", "RGBA", "L"]),
)
def test_it_always_fits_and_never_grows(
    tmp_path: Path, width: int, height: int, limit: int, side: int, types: tuple[str, ...], mode: str
):
    path = tmp_path / "apa.png"
    noise(width, height, "RGBA").convert(mode).save(path)
    recipe = Recipe(types, limit, side)
    try:
        made = fit(path, recipe)
    except Invalid:
        assert min(width, height) < 10  # a line cannot be scaled any further
        return
    image = opened(made.content)
    assert len(made.content) <= limit
    assert made.media_type in types
    assert image.size == (made.width, made.height)
    assert image.width <= width
    assert image.height <= height
    assert not side or max(image.size) <= side
    assert Recipe.parse(recipe.key) == recipe
