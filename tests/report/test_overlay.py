"""The pictures as files: sizes, sides, words; every kind of study and every kind of gap in one."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from PIL import Image

from gluteal_grade.drawing.page import Area, Page
from gluteal_grade.geometry import Volume
from gluteal_grade.pipeline import StudyImages
from gluteal_grade.report import overlay
from gluteal_grade.report.overlay import write_overlays
from gluteal_grade.report.view import view_of
from gluteal_grade.result.models import MuscleStatus, StudyResult
from gluteal_grade.vocabulary import Muscle, Side
from tests.report.studies import blob, rotation, toy_study


@pytest.fixture
def words(monkeypatch) -> list[tuple[float, float, str]]:
    """Every text drawn, with its place on its page."""
    seen: list[tuple[float, float, str]] = []
    draw = Area.text

    def record(self, x, y, string, size=12, **style):
        assert size >= 11, f"{string!r} is too small to read"
        seen.append((self.left + x, self.top + y, string))
        draw(self, x, y, string, size, **style)

    monkeypatch.setattr(Area, "text", record)
    return seen


@pytest.fixture
def images_drawn(monkeypatch) -> list[tuple[int, int, np.ndarray]]:
    """Every image drawn, with the place of its top left corner on its page."""
    seen: list[tuple[int, int, np.ndarray]] = []
    draw = Area.image

    def record(self, rgb, x=0, y=0):
        seen.append((self.left + x, self.top + y, rgb))
        draw(self, rgb, x, y)

    monkeypatch.setattr(Area, "image", record)
    return seen


@pytest.fixture
def summary_only(monkeypatch):
    """Most tests need no page per level and none of the hips."""
    monkeypatch.setattr(overlay, "_single", lambda *_: _Nothing())
    monkeypatch.setattr(overlay, "_hips", lambda *_: _Nothing())


@pytest.fixture
def nothing_inked(monkeypatch):
    """For tests of what is put where, by `words` and `images_drawn`: turning that into pixels is most of a picture's time."""
    monkeypatch.setattr(Page, "pixels", lambda self: np.zeros((self.height, self.width, 3), np.uint8))


class _Nothing:
    def write(self, path):
        path.touch()
        return path


def strings(words) -> str:
    return "\n".join(string for _, _, string in words)


def test_files_of_an_axial_study(tmp_path, words):
    result, images = toy_study(fractions=0.3)
    paths = write_overlays(result, images, tmp_path)
    assert [p.name for p in paths] == [
        "overlay_summary.png",
        "overlay_01_crest_third.png",
        "overlay_02_medius.png",
        "overlay_03_joint_top.png",
        "overlay_04_femoral_head.png",
        "overlay_05_trochanter.png",
        "overlay_hips.png",
    ]
    for path in paths:
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert picture.width <= 2000
            assert 300 < picture.height < 2200
            assert not (picture.info.keys() & {"Software", "Creation Time", "Author", "Title"})
    text = strings(words)
    assert result.study in text
    assert "Research use. Not a medical device." in text
    assert "fat-fraction map · series s1 (fat fraction)" in text
    assert {"R", "L", "A", "P", "5 cm", "Minimus, posterior", "both: whole muscle in view"} <= {s for _, _, s in words}
    assert any(s.startswith("30.0 % (") for _, _, s in words), "the fat fraction with its interval"
    assert {"Fat fraction, %", "0", "10", "25", "50", "75", "100"} <= {s for _, _, s in words}, "the edges of the Quartile grades"
    assert "de-identified" in text


def test_bytes_are_the_same_every_time(tmp_path):
    result, images = toy_study(edit=_one_slice)
    for name in "ab":
        (tmp_path / name).mkdir()
        write_overlays(result, images, tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("slice_axis", "turned"),
    [(2, None), (2, rotation(x_deg=40)), (2, rotation(z_deg=-30, y_deg=20)), (1, None), (1, rotation(x_deg=-35, z_deg=25))],
)
def test_the_right_muscle_lies_by_the_letter_r(tmp_path, words, images_drawn, summary_only, nothing_inked, slice_axis, turned):
    """The only label is on the patient's right: its colours must be on the half of the picture that the drawn R stands on."""
    facts = {"shape": (72, 52, 30), "spacing": (5.0, 5.0, 5.0)}
    result, images = toy_study(slice_axis=slice_axis, turned=turned, side=Side.RIGHT, **facts)
    write_overlays(result, images, tmp_path)
    panels = [(x, y, rgb) for x, y, rgb in images_drawn if rgb.shape[0] > 100]
    assert panels
    coloured = 0
    for left, top, rgb in panels:
        height, width = rgb.shape[:2]
        letters = {s: x - left for x, y, s in words if s in ("R", "L") and left <= x <= left + width and top <= y <= top + height}
        assert letters["R"] < width / 4 < 3 * width / 4 < letters["L"]
        hue = rgb.astype(int).max(axis=2) - rgb.astype(int).min(axis=2) > 30
        if hue.any():
            coloured += 1
            assert np.nonzero(hue)[1].mean() < width / 2
    assert coloured == len(panels) // 2


def test_a_bright_spot_on_the_right_is_drawn_by_the_letter_r(tmp_path, images_drawn, summary_only, nothing_inked):
    result, images = toy_study(turned=rotation(x_deg=25, z_deg=10))
    world = images.image.grid.to_world([76, 35, 20])
    assert world[0] > 0
    spot = np.where(blob(images.image.grid, tuple(world), 30), 5000, 10)
    write_overlays(result, dataclasses.replace(images, image=images.image.with_array(spot)), tmp_path)
    bright = [rgb for _, _, rgb in images_drawn if rgb.shape[0] > 100 and (rgb > 250).all(axis=2).any()]
    assert bright
    for rgb in bright:
        assert np.nonzero((rgb > 250).all(axis=2))[1].mean() < rgb.shape[1] / 2


@pytest.mark.parametrize(("slice_axis", "spacing"), [(2, (1.5, 3.0, 6.0)), (1, (3.0, 6.0, 5.0)), (0, (6.0, 2.5, 5.0))])
def test_pictures_have_true_proportions(tmp_path, images_drawn, summary_only, nothing_inked, slice_axis, spacing):
    extent = (360, 260, 150)
    shape = tuple(round(e / s) for e, s in zip(extent, spacing, strict=True))
    result, images = toy_study(slice_axis=slice_axis, shape=shape, spacing=spacing)
    write_overlays(result, images, tmp_path)
    view = view_of(images.image.grid, slice_axis)
    seen = [(rgb.shape[1], rgb.shape[0]) for _, _, rgb in images_drawn if rgb.shape[1] > 250 and rgb.shape[0] > 100]
    assert len(set(seen)) == 1
    width, height = seen[0]
    # the toy's body: ellipse of 320 x 230 mm and the whole height, and a margin inside the field of view
    body = {"axial": (320, 230), "coronal": (320, 150), "sagittal": (230, 150)}[view.plane]
    assert width / height == pytest.approx(body[0] / body[1], rel=0.12)


def test_missing_side_is_told(tmp_path, words, summary_only, nothing_inked):
    result, images = toy_study(side=Side.RIGHT)
    write_overlays(result, images, tmp_path)
    assert [s for _, _, s in words if "no labels on this side" in s and s.isascii() is False] == [
        "LEFT · not measured: no labels on this side"
    ]
    assert "Not measured, no labels on this side: left maximus, left medius and left minimus." in strings(words)
    assert not (tmp_path / "overlay_hips.png").exists(), "one hip: nothing to compare with"


def test_muscle_without_fat_values_is_hatched_and_told(tmp_path, words, images_drawn, summary_only, nothing_inked):
    def edit(labels, fat):
        fat[labels == 120] = np.nan

    result, images = toy_study(edit=edit)
    assert next(m for m in result.muscles if m.side is Side.RIGHT and m.muscle is Muscle.GLUTEUS_MEDIUS).status is MuscleStatus.NOT_GRADABLE
    write_overlays(result, images, tmp_path)
    assert "not gradable: no fat value in it" in strings(words)
    assert "no fat value" in strings(words)
    assert any(((rgb == (150, 150, 150)).all(axis=2)).sum() > 200 for _, _, rgb in images_drawn if rgb.shape[0] > 100)


def test_study_of_which_nothing_could_be_graded(tmp_path, words, summary_only, nothing_inked):
    def edit(labels, fat):
        fat[labels > 0] = np.nan

    result, images = toy_study(edit=edit)
    write_overlays(result, images, tmp_path)
    assert "no muscle could be graded" in strings(words)
    assert "nan" not in strings(words).lower().replace("dominance", "")


def _one_slice(labels, fat):
    keep = labels[:, :, 15].copy()
    labels[:] = 0
    labels[:, :, 15] = keep


def _tiny(labels, fat):
    labels[labels // 10 == 13] = 0
    labels[60, 60, 12] = 131
    labels[62, 64, 15] = 132


def _on_the_border(labels, fat):
    labels[:3, :3, :] = 210
    labels[-2:, :, -1] = 120
    labels[:, 0, 0] = 131


def _everything(labels, fat):
    labels[:] = 110


def _all_regions(labels, fat):
    for whole, regions in ((110, 2), (120, 3), (210, 2), (220, 3)):
        i, _, _ = np.nonzero(labels == whole)
        labels[labels == whole] = whole + 1 + i % regions


def _one_voxel(labels, fat):
    labels[:] = 0
    labels[71, 0, 0] = 131


@pytest.mark.long
@pytest.mark.parametrize("edit", [_one_slice, _tiny, _on_the_border, _everything, _all_regions, _one_voxel])
@pytest.mark.parametrize("slice_axis", [0, 1, 2])
def test_odd_labels_are_drawn(tmp_path, summary_only, edit, slice_axis):
    result, images = toy_study(edit=edit, slice_axis=slice_axis, shape=(72, 65, 30), spacing=(5.0, 4.0, 5.0))
    assert len(write_overlays(result, images, tmp_path)) >= 2


def test_labels_that_are_empty_show_the_middle_slice(tmp_path):
    result, images = toy_study()
    empty = dataclasses.replace(images, labels=images.labels.with_array(np.zeros(images.labels.shape, np.uint8)))
    assert [p.name for p in write_overlays(result, empty, tmp_path)] == ["overlay_summary.png", "overlay_01_middle.png"]


def test_values_beyond_the_scale_and_missing_pixels(tmp_path, summary_only):
    result, images = toy_study()
    fat = images.fat_fraction.array.copy()
    fat[images.labels.array == 110] = 1.4
    fat[images.labels.array == 210] = -0.3
    image = images.image.array.copy()
    image[:20] = np.nan
    write_overlays(result, StudyImages(*(Volume(a, images.image.affine) for a in (image, images.labels.array, fat)), 2, False), tmp_path)


def test_ct_says_its_window(tmp_path, words, summary_only, nothing_inked):
    result, images = toy_study(modality="ct")
    write_overlays(result, images, tmp_path)
    assert "soft tissue, -160 to 240 HU" in strings(words)
    assert "CT attenuation" in strings(words)


def test_nothing_in_a_picture_comes_from_free_text(tmp_path, words, summary_only, nothing_inked):
    """Series descriptions, file names and UIDs may name the patient; no text of a picture may hold them."""
    result, images = toy_study()
    named = result.model_copy(
        update={
            "series": tuple(
                s.model_copy(update={"uid": "1.2.3.DOE", "kind_reason": "DOE^JANE", "sources": ("DOE.nii",)}) for s in result.series
            )
        }
    )
    assert isinstance(named, StudyResult)
    write_overlays(named, images, tmp_path)
    assert "DOE" not in strings(words)


def test_the_users_matplotlibrc_changes_nothing(tmp_path, summary_only):
    import matplotlib as mpl

    result, images = toy_study()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    write_overlays(result, images, tmp_path / "a")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.bbox": "tight", "figure.dpi": 50, "text.color": "red"}):
        write_overlays(result, images, tmp_path / "b")
        assert math.isclose(mpl.rcParams["font.size"], 30)
    assert (tmp_path / "a" / "overlay_summary.png").read_bytes() == (tmp_path / "b" / "overlay_summary.png").read_bytes()
