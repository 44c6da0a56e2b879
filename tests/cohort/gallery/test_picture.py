from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gluteal_grade.cohort.gallery.picture import choose_level, find_panels, muscle_box, study_picture
from gluteal_grade.report.levels import choose_levels
from gluteal_grade.report.look import Look
from gluteal_grade.report.overlay import write_overlays
from gluteal_grade.report.panel import ZONE_COLOUR
from tests.cohort.gallery.cohorts import overlay_page
from tests.report.studies import rotation, toy_study


@pytest.mark.parametrize(
    ("slugs", "side", "chosen"),
    [
        (("upper_medius", "medius", "minimus", "maximus"), "", "minimus"),
        (("upper_medius", "medius_minimus", "maximus"), "", "medius_minimus"),
        (("upper_medius", "left_out", "medius", "maximus"), "", "medius"),
        (("anterior_medius", "posterior_maximus"), "", "anterior_medius"),
        (("right_medius", "right_minimus", "left_minimus"), "left", "left_minimus"),
        (("right_medius", "right_minimus", "left_minimus"), "right", "right_minimus"),
        (("middle",), "", "middle"),
        (("maximus", "lower_maximus"), "", "maximus"),
    ],
)
def test_the_level_through_minimus_or_medius_is_chosen(slugs, side, chosen):
    names = [f"overlay_{n:02d}_{slug}.png" for n, slug in enumerate(slugs, start=1)]
    name, words = choose_level([*names, "overlay_summary.png", "result.json"], side)
    assert (name, words) == (names[slugs.index(chosen)], chosen.replace("_", " "))


def test_without_a_level_there_is_none():
    assert choose_level(["overlay_summary.png", "result.json"]) == ("", "")


def test_panels_of_a_drawn_page_are_found_exactly():
    page = np.asarray(overlay_page(200, 120))
    assert find_panels(page) == ((20, 40, 220, 160), (226, 40, 426, 160))
    assert muscle_box(page[40:160, 226:426]) == (60, 50, 141, 80)


@pytest.mark.long
@pytest.mark.parametrize(
    ("slice_axis", "modality", "theme"), [(2, "map", "print"), (2, "ct", "dark"), (1, "map", "dark"), (0, "map", "print")]
)
def test_panels_of_real_overlays_are_found(tmp_path, slice_axis, modality, theme):
    result, images = toy_study(slice_axis=slice_axis, modality=modality)
    paths = [p for p in write_overlays(result, images, tmp_path, Look(theme)) if choose_level([p.name])[0]]
    assert len(paths) >= 4
    for path in paths:
        page = np.asarray(Image.open(path).convert("RGB"))
        source, fat = find_panels(page)
        # as report.overlay lays them out: margin 24, caption ends at 174 where the verdict is a line, 6 pixels between
        assert source[:2] == (24, 174)
        assert fat[0] - source[2] == 6
        assert (source[2] - source[0], source[3] - source[1]) == (fat[2] - fat[0], fat[3] - fat[1])
        assert source[2] - source[0] == 923 or source[3] - source[1] == 1100
        picture = study_picture(path, (466, 300))
        assert picture.width <= 466
        assert picture.height <= 300
        assert picture.width == 466 or picture.height == 300


@pytest.mark.long
def test_levels_that_are_written_are_levels_that_are_read(tmp_path):
    result, images = toy_study(turned=rotation(10))
    names = [p.name for p in write_overlays(result, images, tmp_path)]
    slugs = {level.slug for level in choose_levels(images.labels, images.slice_axis)}
    assert choose_level(names)[1].replace(" ", "_") in slugs


def test_the_crop_holds_all_muscles_and_their_colours():
    picture = np.asarray(_pictured(overlay_page(400, 240))).astype(int)
    orange = (picture[..., 0] - picture[..., 2]) > 80
    rows, columns = np.flatnonzero(orange.any(1)), np.flatnonzero(orange.any(0))
    assert 0 < rows[0] < rows[-1] < picture.shape[0] - 1
    assert 0 < columns[0] < columns[-1] < picture.shape[1] - 1
    assert columns[-1] - columns[0] > 0.7 * picture.shape[1]  # the muscles fill the picture


def _pictured(page: Image.Image) -> Image.Image:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        page.save(path)
        return study_picture(path, (466, 300))


def test_what_is_no_overlay_gives_no_picture(tmp_path):
    for name, image in (("white", Image.new("RGB", (400, 300), "white")), ("grey", Image.new("RGB", (400, 300), "#777777"))):
        image.save(tmp_path / f"{name}.png")
        assert study_picture(tmp_path / f"{name}.png", (466, 300)) is None
    (tmp_path / "text.png").write_text("no picture")
    assert study_picture(tmp_path / "text.png", (466, 300)) is None
    assert study_picture(tmp_path / "gone.png", (466, 300)) is None


def test_the_zone_left_out_counts_as_colour():
    red, green, blue = (int(ZONE_COLOUR[n : n + 2], 16) for n in (1, 3, 5))
    picture = np.full((100, 100, 3), 40, np.uint8)
    picture[20:30, 40:60] = red, green, blue
    assert muscle_box(picture) == (40, 20, 60, 30)
