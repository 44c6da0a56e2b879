"""`gg.grade` as a new user calls it, with good input and bad."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

import gluteal_grade as gg
from gluteal_grade import cli
from tests.cohort.studies import toy, write_pair

QUICK = {"report.pictures": "none"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Water, fat and labels."""
    return write_pair(tmp_path_factory.mktemp("studies"), "a", 0.3, 7)


@pytest.fixture(scope="module")
def graded(study: Path) -> gg.Graded:
    return gg.grade(study, labels=study / "labels.nii.gz", settings=QUICK)


@pytest.fixture(scope="module")
def by_command(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's folder as the command line writes it."""
    out = tmp_path_factory.mktemp("cli")
    assert cli.run([str(a) for a in ("grade", study, "-o", out, "--labels", study / "labels.nii.gz", "-q")]) == 0
    (folder,) = out.iterdir()
    return folder


@pytest.fixture
def none_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Whatever is written on the way is taken away again."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    yield scratch
    assert list(scratch.iterdir()) == []


def loaded(study: Path, name: str) -> nib.Nifti1Image:
    return nib.load(study / f"{name}.nii.gz")


def test_the_frame_holds_the_numbers_of_the_command_line(by_command: Path, graded: gg.Graded) -> None:
    path = by_command / "muscles.csv"
    frame = graded.to_frame()
    pd.testing.assert_frame_equal(frame.astype(object).where(frame.notna(), None), pd.read_csv(path).astype(object).where(
        lambda f: f.notna(), None), check_dtype=False)  # fmt: skip
    assert frame["fat_fraction"].dtype == "float64"
    assert {str(frame[name].dtype) for name in ("quartile", "goutallier", "bal_lowe")} == {"Int64"}
    written = json.loads((path.parent / "result.json").read_text())
    mine = json.loads(graded.result.to_json())
    made, made_too = written.pop("provenance"), mine.pop("provenance")
    assert mine == written
    assert (made["input_hash"], made["model_hash"], made["config_hash"]) == tuple(
        made_too[name] for name in ("input_hash", "model_hash", "config_hash")
    )


def test_write_gives_the_files_of_the_command_line(study: Path, by_command: Path, tmp_path: Path) -> None:
    folder = gg.grade(str(study), labels=str(study / "labels.nii.gz")).write(tmp_path / "api")
    assert folder == tmp_path / "api" / by_command.name
    assert {p.name for p in folder.iterdir()} == {p.name for p in by_command.iterdir()}
    for path in by_command.iterdir():
        if path.name not in ("result.json", "report.html"):
            assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_images_in_memory_are_graded_as_their_files(study: Path, graded: gg.Graded, none_left: Path) -> None:
    held = gg.grade({"dixon_water": loaded(study, "water"), "fat": loaded(study, "fat")}, labels=loaded(study, "labels"), settings=QUICK)
    pd.testing.assert_frame_equal(held.to_frame().drop(columns="study"), graded.to_frame().drop(columns="study"))
    mixed = gg.grade({"water": study / "water.nii.gz", "fat": loaded(study, "fat")}, labels=study / "labels.nii.gz", settings=QUICK)
    pd.testing.assert_frame_equal(mixed.to_frame().drop(columns="study"), graded.to_frame().drop(columns="study"))
    again = gg.grade({"dixon_water": loaded(study, "water"), "fat": loaded(study, "fat")}, labels=loaded(study, "labels"), settings=QUICK)
    assert again.result.provenance.input_hash == held.result.provenance.input_hash


def test_one_image_with_its_contrast(study: Path, none_left: Path) -> None:
    one = toy(0.3)
    image = nib.Nifti1Image((100 * np.nan_to_num(one.fat)).astype(np.float64), one.grid.affine)
    graded = gg.grade(image, kind="ff", labels=loaded(study, "labels"), settings=QUICK)
    assert graded.to_frame()["fat_fraction"].mean() == pytest.approx(0.3, abs=0.01)


def test_a_study_is_found_once_and_graded_several_times(study: Path, graded: gg.Graded, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("water", "fat"):
        (folder / f"{name}.nii.gz").write_bytes((study / f"{name}.nii.gz").read_bytes())
    found = gg.read_study(folder)
    assert gg.grade(found, labels=study / "labels.nii.gz", settings=QUICK).to_frame().equals(graded.to_frame())
    assert found.series[0].load().array.shape == toy(0.3).grid.shape
    with pytest.raises(ValueError, match="read_study"):
        gg.grade(found, kind="t1")


def test_a_mask_may_be_an_image(study: Path, graded: gg.Graded, none_left: Path) -> None:
    one = toy(0.3)
    mask = np.zeros(one.grid.shape, bool)
    mask[: one.grid.shape[0] // 4] = True
    masked = gg.grade(
        study, labels=study / "labels.nii.gz", exclude=nib.Nifti1Image(mask.astype(np.uint8), one.grid.affine), settings=QUICK
    )
    assert masked.to_frame()["evaluable_share"].min() < 1 == graded.to_frame()["evaluable_share"].min()
    assert masked.images is not None
    assert masked.images.excluded is not None


def test_settings_by_keyword(study: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("measure: {fat_area_threshold: 0.2}\nreport: {pictures: none}\n")
    ways = [
        {"measure.fat_area_threshold": 0.2} | QUICK,
        {"measure": {"fat_area_threshold": 0.2}} | QUICK,
        own,
        str(own),
        gg.load_settings(own),
    ]
    shares = {gg.grade(study, labels=study / "labels.nii.gz", settings=way).to_frame()["fat_area_fraction"].mean() for way in ways[:1]}
    assert shares > {0.9} or min(shares) > 0.9
    assert len({gg.load_settings(way).hash() for way in ways}) == 1
    for unknown, meant in (
        ("measure.fat_area_treshold", "measure.fat_area_threshold"),
        ("fat.t1.lean_reference", "fat.t1.lean_reference_ff"),
    ):
        with pytest.raises(ValueError, match=rf"{unknown}: no such key \(did you mean {meant}\?\)"):
            gg.grade(study, settings={unknown: 0.2})
    with pytest.raises(ValueError, match=r"measure\.fat_area_threshold: Input should be"):
        gg.load_settings({"measure.fat_area_threshold": 20})


def test_it_shows_itself_in_a_notebook(graded: gg.Graded) -> None:
    page = graded._repr_html_()
    assert page.count("<tr>") == 7
    assert "data:image" not in page  # report.pictures is none here
    assert repr(graded).startswith(f"<Graded study {graded.result.study}: graded, fat by dixon")


def test_the_picture_of_a_notebook_is_small(study: Path, none_left: Path) -> None:
    page = gg.grade(study, labels=study / "labels.nii.gz")._repr_html_()
    assert "data:image/webp;base64," in page
    assert len(page) < 500_000


def test_a_study_that_cannot_be_graded_is_a_result_and_a_warning(study: Path, tmp_path: Path) -> None:
    one = toy(0.3)
    elsewhere = nib.Nifti1Image(one.labels.array[1:], one.grid.affine)
    with pytest.warns(UserWarning, match="cannot be graded: labels_geometry") as told:
        refused = gg.grade(study, labels=elsewhere, settings=QUICK)
    assert told[0].filename == __file__
    assert refused.refusal is not None
    assert refused.refusal.reason is gg.Reason.LABELS_GEOMETRY
    assert refused.images is None
    assert "labels_geometry" in repr(refused)
    assert "resample" in refused._repr_html_()
    frame = refused.to_frame()
    assert frame.empty
    assert str(frame["quartile"].dtype) == "Int64"
    assert (refused.write(tmp_path) / "result.json").is_file()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pd.concat([frame, frame])


@pytest.mark.parametrize(
    ("call", "reason", "advice"),
    [
        (lambda f: gg.grade(f / "nothing"), "input_not_found", "Check the path."),
        (lambda f: gg.grade(f), "several_studies", "name one with `study=`"),
        (lambda f: gg.grade(f, study="0" * 12), "study_not_found", "study hash"),
        (lambda f: gg.grade(f / "a", exclude=f / "no.nii"), "mask_unreadable", "Give `exclude=` a 3-D NIfTI mask"),
        (lambda f: gg.inspect(f / "empty"), "no_images", "Give a folder"),
        (lambda f: gg.read_study(f), "several_studies", "`study=`"),
        (lambda f: gg.grade(f / "a", kind={"nobody.nii": "t1"}), "series_not_found", "series id"),
    ],
)
def test_input_that_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, call, reason: str, advice: str) -> None:
    for n, name in enumerate("ab"):
        write_pair(tmp_path, name, 0.3, n)
    (tmp_path / "empty").mkdir()
    with pytest.raises(gg.RefusedInput, match=reason) as caught:
        call(tmp_path)
    assert caught.value.reason == reason
    assert advice in caught.value.__notes__[0]
    assert "--" not in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"kind": "t7"}, ValueError, "'t7' is none of"),
        ({"sex": "female"}, ValueError, "sex: 'M' or 'F'"),
        ({"metal": "hip"}, ValueError, "metal: auto, none"),
        ({"labelmap": "muscle_map"}, ValueError, "labelmap: names the numbering"),
        ({"labels": "l.nii", "labelmap": "nobodys"}, ValueError, "nobodys"),
        ({"labels": "l.nii", "bundle": "b"}, ValueError, "exclude each other"),
        ({"labels": np.zeros((3, 3, 3))}, TypeError, "an array does not say where it lies"),
        ({"settings": {"fat.nothing": 1}}, ValueError, "fat.nothing: no such key"),
        ({"settings": "nowhere.yaml"}, ValueError, "nowhere.yaml"),
    ],
)
def test_mistakes_in_the_call_are_named(study: Path, given: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        gg.grade(study, **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((3, 3, 3)), "an array does not say where it lies"),
        (7, "not a int"),
        ({"dixon_water": np.zeros((3, 3, 3))}, "an array does not say"),
        (nib.AnalyzeImage(np.zeros((3, 3, 3), np.int16), np.eye(4)), "left from right"),
    ],
)
def test_what_has_no_place_in_the_patient_is_no_image(given: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        gg.grade(given)


@pytest.mark.parametrize("saved", [False, True])
def test_an_image_that_says_nothing_of_left_and_right_is_refused(study: Path, tmp_path: Path, saved: bool) -> None:
    image = nib.Nifti1Image(np.ones((8, 8, 8), np.float32), None)
    if saved:
        nib.save(image, tmp_path / "i.nii")
        image = nib.load(tmp_path / "i.nii")
    with pytest.raises(gg.RefusedInput, match="no_geometry"):
        gg.grade(image, kind="t1", labels=study / "labels.nii.gz")


def test_inspect_lists_series_with_reasons(study: Path) -> None:
    listed = gg.inspect(study)
    assert {one["kind"] for one in listed} >= {"dixon_water", "dixon_fat"}
    frame = listed.to_frame()
    assert list(frame["status"]) == ["ok"] * len(frame)
    assert frame["kind_reason"].str.len().min() > 0
    assert "<table" in listed._repr_html_()
